"""Who comes first, and what is said for and against them."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest

from tests.make import NOW
from zhixun.features.catalog.queries import house_fields
from zhixun.features.catalog.rules import ConsultantCard, ServiceView
from zhixun.features.quality.queries import NOTHING_YET, Satisfaction
from zhixun.features.recommend import rules
from zhixun.features.recommend.rules import Facts, Standing
from zhixun.kernel.values import Money, Words

FIELDS = house_fields()
SERVICE = ServiceView("s", "ada", "video", 60, Money(48_000), Words(), Words(), (), 0, 0, 30, 60, 30, True)
ADA = ConsultantCard(
    "ada", "ada", Words("陈书宁", "Ada"), Words("律师", "Lawyer"), Words("裁员", "Layoffs"), Words("上海", "Shanghai"), "legal",
    ("labour-dismissal",), ("zh",), 12, "senior", "female", "f-1", 4, (SERVICE,),
)  # fmt: skip
LOVED = Satisfaction(4.9, 40, 0.95)
FACTS = Facts(
    card=ADA, satisfaction=LOVED, first_free=NOW + timedelta(hours=3), matched=("裁员",), price_ratio=1.0, text=1.0,
    reading=rules.read("上海公司裁员", FIELDS), language="zh", zone="Asia/Shanghai", now=NOW,
)  # fmt: skip


def total(**changes: object) -> float:
    usual: dict[str, object] = {
        "relevance": 0.5, "satisfaction": LOVED, "first_free": NOW + timedelta(days=2), "price_ratio": 1.0, "now": NOW,
    }  # fmt: skip
    return rules.total(**(usual | changes))  # type: ignore[arg-type]


def test_the_published_weights_are_a_whole() -> None:
    assert sum(rules.WEIGHTS_PERCENT.values()) == 100


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        ({"relevance": 0.2}, {"relevance": 0.9}),
        ({"satisfaction": Satisfaction(3.9, 40, 0.5)}, {"satisfaction": LOVED}),
        ({"satisfaction": Satisfaction(5.0, 1, 1.0)}, {"satisfaction": LOVED}),
        ({"first_free": None}, {"first_free": NOW + timedelta(days=20)}),
        ({"first_free": NOW + timedelta(days=6)}, {"first_free": NOW + timedelta(hours=2)}),
        ({"price_ratio": 1.4}, {"price_ratio": 0.7}),
    ],
)
def test_each_part_moves_the_order_its_own_way(worse: dict[str, object], better: dict[str, object]) -> None:
    assert total(**worse) < total(**better)


def test_the_fit_is_between_one_and_five_and_grows_with_the_total() -> None:
    fits = [rules.fit(step / 20) for step in range(21)]
    assert (fits[0], fits[-1]) == (1, 5)
    assert all(one <= other for one, other in pairwise(fits))


def test_the_topic_asked_for_counts_and_so_does_the_place_where_law_differs() -> None:
    topics = {"labour-dismissal": 2.0}
    here = rules.relevance(ADA, text=0.5, topics=topics, field_id="legal", city=Words("上海", "Shanghai"))
    there = rules.relevance(ADA, text=0.5, topics=topics, field_id="legal", city=Words("北京", "Beijing"))
    other = rules.relevance(replace(ADA, topic_ids=()), text=0.5, topics=topics, field_id="legal")
    assert here > there > other


def standing(name: str, total: float, count: int = 40, relevance: float = 0.9, free: bool = True) -> Standing:
    card = replace(ADA, id=name)
    return Standing(card, Satisfaction(4.5, count, 0.9), NOW if free else None, relevance, total)


RANKED = [
    standing("a", 0.9),
    standing("b", 0.8),
    standing("c", 0.7),
    standing("d", 0.6),
    standing("new1", 0.5, 0),
    standing("new2", 0.4, 2),
]


def shown(ranked: list[Standing], question: str = "q", day: int = 1) -> list[str]:
    return [one.card.id for one in rules.with_newcomer(ranked, limit=3, question=question, day=date(2026, 11, day))]


def test_a_newcomer_who_fits_gets_the_third_place() -> None:
    first = shown(RANKED)
    assert first[:2] == ["a", "b"]
    assert first[2] in {"new1", "new2"}


def test_the_place_is_drawn_by_question_and_day_and_every_newcomer_has_a_share() -> None:
    assert shown(RANKED) == shown(RANKED)
    drawn = [shown(RANKED, question=str(number), day=1 + number % 28)[2] for number in range(200)]
    assert 60 <= drawn.count("new1") <= 140


@pytest.mark.parametrize(
    "newcomer", [standing("new", 0.1, 0, relevance=0.2), standing("new", 0.5, 0, free=False), standing("new", 0.5, 30)]
)
def test_the_place_is_not_given_to_who_does_not_fit_or_is_not_free_or_not_new(newcomer: Standing) -> None:
    assert shown([*RANKED[:4], newcomer]) == ["a", "b", "c"]


def test_a_newcomer_there_by_rank_is_enough() -> None:
    assert shown([standing("new0", 0.95, 0), *RANKED]) == ["new0", "a", "b"]


def reasons(**changes: object) -> list[str]:
    return [said.kind for said in rules.reasons_of(replace(FACTS, **changes))]  # type: ignore[arg-type]


def doubt(**changes: object) -> str:
    return rules.doubt_of(replace(FACTS, **changes)).kind  # type: ignore[arg-type]


def test_the_most_telling_reasons_come_first_and_there_are_two_of_two_kinds() -> None:
    assert reasons() == ["topic", "place"]
    bare = replace(ADA, topic_ids=(), city=Words("北京", "Beijing"), years=1, credentials_count=0)
    assert len(reasons(card=bare, satisfaction=NOTHING_YET, first_free=None, matched=())) == 2


def test_a_share_is_said_only_with_its_number_and_only_when_it_is_shown() -> None:
    elsewhere = replace(ADA, city=Words("北京", "Beijing"))
    assert reasons(card=elsewhere)[1] == "reviews"
    said = rules.reasons_of(replace(FACTS, card=elsewhere))[1].words
    assert "95%" in said.zh
    assert "40" in said.zh
    assert "reviews" not in reasons(card=elsewhere, satisfaction=Satisfaction(5.0, 3, 1.0))


def test_who_does_not_speak_the_language_of_the_question_is_doubted_for_that() -> None:
    english = rules.read("my company laid me off", FIELDS)
    assert doubt(reading=english) == "language"
    assert rules.doubt_of(replace(FACTS, reading=english)).words.en == "Sessions are in Chinese only"


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"card": replace(ADA, topic_ids=("renting",))}, "topic"),
        ({"card": replace(ADA, city=Words("北京", "Beijing"))}, "place"),
        ({"first_free": None}, "time"),
        ({"first_free": NOW + timedelta(days=9)}, "time"),
        ({"satisfaction": NOTHING_YET}, "reviews"),
        ({"price_ratio": 1.5}, "price"),
        ({}, "reviews"),
        ({"satisfaction": Satisfaction(5.0, 40, 1.0)}, "limits"),
    ],
)
def test_there_always_is_an_honest_doubt(changes: dict[str, object], kind: str) -> None:
    assert doubt(**changes) == kind


def test_every_sentence_is_there_in_both_languages() -> None:
    for satisfaction in (NOTHING_YET, LOVED, Satisfaction(4.0, 2, 0.5)):
        for hours in (3, 20, 60, 300):
            facts = replace(FACTS, satisfaction=satisfaction, first_free=NOW + timedelta(hours=hours))
            for said in (*rules.reasons_of(facts), rules.doubt_of(facts)):
                assert said.words.zh
                assert said.words.en
