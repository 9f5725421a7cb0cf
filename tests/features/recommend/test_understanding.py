"""What is read out of a question."""

import pytest

from tests.features.recommend.golden import GOLDEN
from zhixun.features.catalog.queries import house_fields
from zhixun.features.recommend import rules
from zhixun.features.recommend.rules import Reading
from zhixun.features.search.queries import learn

FIELDS = house_fields()
learn(FIELDS)
RIGHT_SHARE_MIN = 0.9


def read(question: str, **how: object) -> Reading:
    return rules.read(question, FIELDS, **how)  # type: ignore[arg-type]


def test_nine_of_ten_questions_are_understood_by_words_alone() -> None:
    assert len(GOLDEN) >= 40
    assert {field for _, field, _ in GOLDEN} == {field.id for field in FIELDS}
    wrong = [
        question
        for question, field, topic in GOLDEN
        if (reading := read(question)).field is None or reading.field.id != field or topic not in reading.weights
    ]
    assert len(wrong) <= len(GOLDEN) * (1 - RIGHT_SHARE_MIN), wrong


@pytest.mark.parametrize("question", ["", "   ", "？？？！！", "🙂🙂", "asdf qwer zxcv", "1234567890"])
def test_where_nothing_is_said_nothing_is_made_up(question: str) -> None:
    reading = read(question)
    assert (reading.field, reading.topics, reading.city) == (None, (), None)


def test_a_field_chosen_by_hand_stays_and_its_topics_only() -> None:
    reading = read("裁员以后焦虑失眠", field="health")
    assert reading.field is not None
    assert reading.field.id == "health"
    assert {topic.id for topic in reading.topics} <= {topic.id for topic in reading.field.topics}


def test_what_was_taken_away_by_hand_is_not_understood_again() -> None:
    reading = read("我在上海想离婚", without=("divorce-custody", "city"))
    assert "divorce-custody" not in reading.weights
    assert reading.city is None


@pytest.mark.parametrize(
    ("question", "city"), [("我在上海租房", "上海"), ("a flat in Hong Kong", "香港"), ("租房", None)]
)
def test_the_city_is_read(question: str, city: str | None) -> None:
    found = read(question).city
    assert (found.zh if found else None) == city


@pytest.mark.parametrize(
    ("question", "language"), [("离婚", "zh"), ("a divorce", "en"), ("我的 offer", "zh"), ("!!", None)]
)
def test_the_language_of_a_question_is_that_of_its_letters(question: str, language: str | None) -> None:
    assert read(question).language == language


def test_a_question_of_any_length_is_read_as_far_as_the_limit() -> None:
    long = "想离婚，孩子的抚养权怎么办。" * 2_000
    assert read(long).field == read("想离婚，孩子的抚养权怎么办。").field


@pytest.mark.parametrize(
    "question",
    [
        "我不想活了",
        "我真的不想活了，离婚官司输了",
        "他家暴，我被打了",
        "I want to kill myself",
        "He hits me every week",
        "想自杀",
    ],
)
def test_danger_is_answered_first(question: str) -> None:
    help_ = rules.crisis_of(question, FIELDS)
    assert help_ is not None
    assert "1" in help_.zh
    assert "1" in help_.en


@pytest.mark.parametrize(
    "question",
    ["开会总是被打断怎么办", "我不想活动，太胖了", "想离婚", "How do I hit my targets", "", "killing time at work"],
)
def test_words_that_only_look_like_danger_are_not(question: str) -> None:
    assert rules.crisis_of(question, FIELDS) is None


def test_the_field_chosen_by_hand_decides_which_help_is_given() -> None:
    by_field = {field.id: field.crisis_help for field in FIELDS}
    assert rules.crisis_of("我想自杀", FIELDS, field="legal") == by_field["legal"]
    assert rules.crisis_of("我想自杀", FIELDS, field="health") == by_field["health"]
