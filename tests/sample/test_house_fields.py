from __future__ import annotations

import pytest

from zhixun.features.catalog import actions, queries
from zhixun.features.catalog.rules import INTAKE_KINDS
from zhixun.kernel.errors import NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work


def test_the_house_ships_four_fields_in_order() -> None:
    assert [field.id for field in queries.house_fields()] == ["education", "health", "legal", "career"]
    assert [field.glyph for field in queries.house_fields()] == ["学", "康", "法", "职"]


def test_every_text_of_a_field_is_in_both_languages() -> None:
    for field in queries.house_fields():
        words = [field.name, field.summary, field.disclaimer, field.crisis_help]
        words += [topic.name for topic in field.topics]
        words += [question.label for question in field.intake]
        words += [label for question in field.intake for _, label in question.choices]
        words += [line.label for line in field.rubric]
        words += [level.label for line in field.rubric for level in line.levels]
        words += [text for one in field.credentials_required for text in (one.name, one.how)]
        assert all(text.zh and text.en for text in words), field.id


def test_every_topic_is_found_by_everyday_words_of_both_languages() -> None:
    topics = [topic for field in queries.house_fields() for topic in field.topics]
    assert len({topic.id for topic in topics}) == len(topics)
    for topic in topics:
        assert sum(word.isascii() for word in topic.synonyms) >= 4, topic.id
        assert sum(not word.isascii() for word in topic.synonyms) >= 4, topic.id


def test_the_weights_of_a_rubric_make_a_whole() -> None:
    for field in queries.house_fields():
        assert sum(line.weight_bps for line in field.rubric) == 10_000, field.id


def test_every_line_of_a_rubric_says_what_low_middle_and_high_look_like() -> None:
    for field in queries.house_fields():
        for line in field.rubric:
            assert [level.score for level in line.levels] == [1, 3, 5], f"{field.id}: {line.name}"


def test_every_question_is_of_a_known_kind_and_each_field_protects_what_is_delicate() -> None:
    for field in queries.house_fields():
        assert {question.kind for question in field.intake} <= set(INTAKE_KINDS), field.id
        assert any(question.sensitive for question in field.intake), field.id
        assert all(bool(question.choices) == (question.kind == "choice") for question in field.intake), field.id


def test_putting_the_house_fields_twice_is_putting_them_once(db_url: str) -> None:
    for _ in range(2):
        with unit_of_work() as uow:
            actions.put_house_fields(uow)
    with Session() as db:
        assert tuple(queries.fields(db)) == queries.house_fields()


def test_a_reviewer_is_given_the_rubric_of_the_field(db_url: str) -> None:
    with unit_of_work() as uow:
        actions.put_house_fields(uow)
    house = {field.id: field for field in queries.house_fields()}
    with Session() as db:
        assert queries.rubric_of(db, "legal") == house["legal"].rubric
        assert queries.intake_of(db, "legal") == house["legal"].intake
        for ask in (queries.rubric_of, queries.intake_of):
            with pytest.raises(NotFound):
                ask(db, "astrology")
