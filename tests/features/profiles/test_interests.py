"""Interests, habits and segments, from values."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests import make
from zhixun.features.behaviour.rules import Interaction
from zhixun.features.profiles import rules
from zhixun.features.profiles.rules import Correction, Segment
from zhixun.kernel.values import Words

NOW = make.NOW
LABELS = {"grace": ("field=legal", "topic=dismissal"), "bob": ("field=health", "topic=sleep")}


def did(kind: str, about: str = "house", *, days: float = 0, **changes: object) -> Interaction:
    made = Interaction(f"{kind}-{about}-{days}", kind, about, NOW - timedelta(days=days))
    return replace(made, **changes)


def interest(*done: Interaction, corrections: tuple[Correction, ...] = ()) -> dict[str, float]:
    return dict(rules.interest_of(done, LABELS, {}, NOW, corrections).vector)


def test_the_vector_has_length_one_and_the_strongest_first() -> None:
    vector = interest(did("payment", "consultant:grace"), did("view", "consultant:bob"))
    assert math.isclose(sum(weight**2 for weight in vector.values()), 1, abs_tol=1e-4)
    assert list(vector) == ["topic=dismissal", "field=legal", "topic=sleep", "field=health"]


def test_what_is_long_ago_counts_less() -> None:
    vector = interest(did("view", "consultant:grace", days=120), did("view", "consultant:bob"))
    assert vector["topic=sleep"] / vector["topic=dismissal"] == pytest.approx(2, abs=0.01)  # two half lives, a root


def test_what_is_cancelled_or_not_wanted_is_no_interest() -> None:
    assert interest(did("view", "consultant:grace"), did("dismiss", "consultant:grace")) == {}


def test_words_of_questions_are_in_it_and_count_less_than_their_topic() -> None:
    vector = interest(did("question", text="公司 裁员 赔偿", labels=("topic=dismissal",)))
    assert vector["topic=dismissal"] > vector["裁员"] > 0


def test_a_term_that_everyone_has_tells_less() -> None:
    idf = rules.idf_of([["topic=a", "topic=b"], ["topic=a"], ["topic=a"]])
    assert idf["topic=a"] == 1
    assert idf["topic=b"] == pytest.approx(math.log(2) + 1)


def test_a_word_of_too_few_people_does_not_leave_their_profile() -> None:
    assert "秘密" not in rules.idf_of([["秘密"], ["秘密"], ["topic=a"]])


def test_what_a_person_calls_wrong_is_gone_and_what_they_want_is_strongest() -> None:
    done = (did("payment", "consultant:grace"), did("view", "consultant:bob"))
    vector = interest(*done, corrections=(Correction("topic=dismissal", "wrong"), Correction("topic=visa", "wanted")))
    assert "topic=dismissal" not in vector
    assert vector["topic=visa"] == max(vector.values())


def test_each_label_says_where_it_comes_from() -> None:
    found = rules.interest_of([did("view", "consultant:grace"), did("payment", "consultant:grace")], LABELS, {}, NOW)
    assert found.sources["topic=dismissal"] == {"view": 1, "payment": 1}


def test_habits_are_what_was_paid_for() -> None:
    evening = datetime(2026, 11, 23, 11, 30, tzinfo=UTC)  # Monday 19:30 in Shanghai
    paid = [
        did("payment", days=n, value_minor=price, channel=channel, starts_at=evening)
        for n, (price, channel) in enumerate([(30_000, "text"), (48_000, "video"), (90_000, "video")])
    ]
    found = rules.habits_of([*paid, did("search", text="离婚 财产"), did("question", text="抚养权")], "Asia/Shanghai")
    assert (found.sessions_count, found.value_minor, found.price_minor) == (3, 168_000, 48_000)
    assert (found.channel, found.hours, found.language) == ("video", "evening", "zh")
    assert found.last_at == NOW


def test_of_who_did_nothing_nothing_is_known() -> None:
    assert rules.habits_of([], "Asia/Shanghai") == rules.Habits()


@pytest.mark.parametrize(
    ("at", "part"),
    [
        ("2026-11-23T01:00", "morning"),
        ("2026-11-23T05:00", "afternoon"),
        ("2026-11-23T10:00", "evening"),
        ("2026-11-28T01:00", "weekend"),
    ],
)
def test_the_part_of_the_day_is_the_persons_own(at: str, part: str) -> None:
    assert rules.part_of_day(datetime.fromisoformat(at).replace(tzinfo=UTC), "Asia/Shanghai") == part


def crowd(groups: dict[str, int]) -> dict[str, dict[str, float]]:
    """People who care about one topic much and a little about another."""
    chance, topics = random.Random(3), list(groups)
    return {
        f"{topic}-{n}": {f"topic={topic}": 1.0, f"topic={chance.choice(topics)}": 0.2 * chance.random(), "field=x": 0.1}
        for topic, count in groups.items()
        for n in range(count)
    }


def test_people_who_care_about_the_same_are_one_segment_named_by_it() -> None:
    found = rules.segment_people(crowd({"dismissal": 12, "sleep": 9, "visa": 7}))
    assert [(one.labels[0], one.size) for one in found.segments] == [
        ("topic=dismissal", 12), ("topic=sleep", 9), ("topic=visa", 7)
    ]  # fmt: skip
    assert found.silhouette > 0.6
    assert found.stability > 0.9
    assert found.members is not None
    assert len({found.members[f"sleep-{n}"] for n in range(9)}) == 1


def test_the_same_people_make_the_same_segments() -> None:
    people = crowd({"dismissal": 8, "sleep": 8})
    assert rules.segment_people(people) == rules.segment_people(dict(reversed(people.items())))


def test_too_few_people_are_no_segments() -> None:
    assert rules.segment_people(crowd({"dismissal": rules.PEOPLE_MIN - 1})).segments == ()


def test_a_segment_says_what_it_is_in_both_languages() -> None:
    segment = Segment("s0", {}, ("topic=a", "topic=b"), 3)
    names = {"topic=a": Words("裁员", "Dismissal"), "topic=b": Words("竞业", "Non-compete")}
    assert rules.name_of(segment, names) == Words("关心「裁员」「竞业」", "Cares about Dismissal and Non-compete")
    assert rules.name_of(replace(segment, labels=()), names).en == "Many interests"


def test_who_has_nothing_in_common_is_in_no_segment() -> None:
    segments = (Segment("s0", {"topic=a": 1.0}, (), 3), Segment("s1", {"topic=b": 1.0}, (), 3))
    assert rules.nearest({"topic=b": 1.0}, segments) == "s1"
    assert rules.nearest({"topic=c": 1.0}, segments) == ""


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/", "The home page"), ("/en", "The home page"), ("/en/consultants?field=legal", "Finding a consultant"),
        ("/sessions/0123", "My sessions"), ("/nowhere/at/all", "Another page here"),
    ],
)  # fmt: skip
def test_pages_that_were_looked_at_have_names(path: str, name: str) -> None:
    assert rules.page_name(path) == name
