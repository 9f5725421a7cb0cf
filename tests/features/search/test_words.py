"""How text becomes words."""

import pytest

from zhixun.features.search import rules
from zhixun.features.search.rules import Wanted, normal, problems, shrunk_mean, stem, words


def test_everyday_words_say_nothing_and_are_left_out() -> None:
    assert words("请问一下，我想问的是：这个怎么办呢？") == words("How do I do this?") == ()


def test_a_long_word_comes_with_its_parts() -> None:
    rules.learn(["竞业限制", "竞业"])
    assert {"竞业限制", "竞业"} <= set(words("公司要我签竞业限制"))


@pytest.mark.parametrize("text", ["", "   ", "？！。……", "🙂🙂🙂", "\x00\x07", "----", "( ) [ ] *"])
def test_what_has_no_words_has_none(text: str) -> None:
    assert words(text) == ()


def test_full_width_and_half_width_are_the_same() -> None:
    assert words("Ｎ＋１ ＯＦＦＥＲ") == words("n+1 offer") == ("n+1", "offer")
    assert normal("ＡＢＣ") == "abc"


@pytest.mark.parametrize(
    ("one", "other"),
    [("divorce", "divorced"), ("agreements", "agreement"), ("studying", "studies"), ("applied", "applications"),
     ("dismissed", "dismissal"), ("children's", "childrens"), ("Landlords", "landlord")],
)  # fmt: skip
def test_forms_of_an_english_word_meet(one: str, other: str) -> None:
    assert words(one) == words(other)


def test_short_words_and_figures_stay_as_they_are() -> None:
    assert [stem(word) for word in ("hr", "996", "visa", "c++")] == ["hr", "996", "visa", "c++"]


def test_a_text_of_any_length_gives_a_limited_number_of_words() -> None:
    text = " ".join(f"word{number}" for number in range(5_000))
    assert len(words(text)) == rules.WORDS_MAX
    assert words("字" * 4_000 + " divorce") == words("字" * 4_000)


def test_few_answers_are_drawn_towards_the_middle() -> None:
    assert shrunk_mean(5.0, 0) == rules.PRIOR_MEAN
    assert rules.PRIOR_MEAN < shrunk_mean(5.0, 2) < shrunk_mean(5.0, 200) < 5.0


def test_nonsense_is_named_input_by_input() -> None:
    wrong = Wanted(language="fr", channel="fax", price_max_minor=-1, sort="best", gender="x", seniority="god")
    assert set(problems(wrong)) == {"language", "channel", "price_max_minor", "sort", "gender", "seniority"}
    assert problems(Wanted()) == {}
