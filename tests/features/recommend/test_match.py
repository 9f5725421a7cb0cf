"""From a question to people."""

from collections.abc import Callable

import pytest
from sqlalchemy import event

from tests import make
from tests.features.recommend.golden import GOLDEN
from tests.make import NOW
from zhixun.features.catalog import queries as catalog
from zhixun.features.recommend import queries
from zhixun.features.recommend.queries import Match
from zhixun.features.search.ports import SearchIndex
from zhixun.features.search.rules import Wanted
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Money

RIGHT_SHARE_MIN = 0.9


def match(question: str, **how: object) -> Match:
    with Session() as db:
        return queries.match(db, question=question, zone="Asia/Shanghai", language="zh", now=NOW, **how)  # type: ignore[arg-type]


@pytest.fixture
def ada(indexed: Callable[..., None]) -> str:
    with unit_of_work(now=NOW) as uow:
        made = make.listed(uow, "Ada", topic_ids=["labour-dismissal", "labour-pay"])
    indexed(made)
    return made


@pytest.fixture
def one_for_each_topic(index: SearchIndex, indexed: Callable[..., None]) -> dict[str, str]:
    with unit_of_work(now=NOW) as uow:
        topics = [(field.id, topic) for field in catalog.fields(uow.db) for topic in field.topics]
        made = {
            topic.id: make.listed(uow, topic.id, field_id=field_id, topic_ids=[topic.id], line=topic.name)
            for field_id, topic in topics
        }
    indexed(*made.values())
    return made


def test_who_does_the_topic_is_among_the_first_three(one_for_each_topic: dict[str, str]) -> None:
    wrong = []
    for question, field, topic in GOLDEN:
        found = match(question)
        if found.field is None or found.field.id != field:
            wrong.append((question, found.field and found.field.id))
        elif one_for_each_topic[topic] not in [one.card.id for one in found.items]:
            wrong.append((question, [one.card.slug for one in found.items]))
    assert len(wrong) <= len(GOLDEN) * (1 - RIGHT_SHARE_MIN), wrong


def test_each_suggestion_has_two_reasons_one_doubt_a_score_and_times(ada: str) -> None:
    (one,) = match("公司裁员只给 N").items
    assert one.card.id == ada
    assert len(one.reasons) == 2
    assert one.doubt.zh
    assert 1 <= one.score <= 5
    assert len(one.slots) == 3
    assert [found.kind for found in match("公司裁员只给 N").understood] == ["field", "topic"]


def test_danger_is_answered_and_nobody_is_sold(ada: str) -> None:
    found = match("被裁员了，我不想活了")
    assert found.crisis is not None
    assert found.items == found.others == ()


@pytest.mark.parametrize("question", ["", "   \n ", "？？！！", "🙂🙂🙂", "怎么办呢", "\x00"])
def test_a_question_without_words_is_told_apart_and_matches_nobody(ada: str, question: str) -> None:
    found = match(question)
    assert found.wordless
    assert (found.items, found.crisis, found.total) == ((), None, 0)


def test_words_nobody_has_match_nobody(ada: str) -> None:
    found = match("zzzz qqqq xxxx")
    assert not found.wordless
    assert found.items == ()


def test_a_very_long_question_is_answered_like_its_beginning(ada: str) -> None:
    assert [one.card.id for one in match("公司裁员只给 N。" + "很长的话" * 5_000).items] == [ada]


def test_an_english_question_says_who_speaks_only_chinese(ada: str) -> None:
    (one,) = match("my company laid me off").items
    assert one.doubt.en == "Sessions are in Chinese only"


def test_filters_narrow_and_an_unknown_field_is_none(ada: str) -> None:
    assert match("裁员", only=Wanted(channel="text")).items == ()
    assert match("裁员", only=Wanted(price_max_minor=100)).total == 0
    assert match("裁员", field="health").items == ()


def test_three_are_suggested_and_the_others_follow(indexed: Callable[..., None], index: SearchIndex) -> None:
    with unit_of_work(now=NOW) as uow:
        made = [
            make.listed(uow, f"P{number}", services=[{"price": Money(9_000 * (number + 1))}]) for number in range(5)
        ]
    indexed(*made)
    found = match("被裁员")
    assert len(found.items) == 3
    assert len(found.others) == 2
    assert found.total == 5


def test_a_match_costs_at_most_ten_statements(one_for_each_topic: dict[str, str]) -> None:
    count = [0]

    def one_more(*_: object) -> None:
        count[0] += 1

    with Session() as db:
        event.listen(db.get_bind(), "after_cursor_execute", one_more)
        queries.match(db, question="裁员补偿", zone="Asia/Shanghai", language="zh", now=NOW)
        event.remove(db.get_bind(), "after_cursor_execute", one_more)
    assert count[0] <= 10
