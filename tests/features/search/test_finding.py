"""Whom one finds, and how much it costs to find them."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import event

from tests import make
from tests.make import NOW
from zhixun.features.scheduling.rules import WeeklyHours
from zhixun.features.search import queries
from zhixun.features.search.queries import Found
from zhixun.features.search.rules import Wanted
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Money, Words

EVENINGS = (WeeklyHours(make.EVERY_DAY, "18:00", "22:00"),)
VIDEO, TEXT = {"channel": "video", "price": Money(48_000)}, {"channel": "text", "price": Money(12_000), "minutes": 30}


def find(limit: int = 20, offset: int = 0, **wanted: object) -> Found:
    with Session() as db:
        return queries.find_consultants(db, Wanted(**wanted), now=NOW, limit=limit, offset=offset)  # type: ignore[arg-type]


def ids(**wanted: object) -> list[str]:
    return [one.card.id for one in find(**wanted).items]


@pytest.fixture
def people(indexed: Callable[..., None]) -> dict[str, str]:
    with unit_of_work(now=NOW) as uow:
        made = {
            "ada": make.listed(uow, "Ada", line=Words("裁员与协商解除", "Layoffs"), services=[VIDEO, TEXT]),
            "grace": make.listed(
                uow, "Grace", topic_ids=["divorce-custody"], line=Words("离婚与抚养", "Divorce"), gender="male",
                languages=["zh", "en"], services=[TEXT], seniority="principal",
            ),
            "bob": make.listed(
                uow, "Bob", field_id="health", topic_ids=["sleep"], line=Words("失眠", "Insomnia"), hours=EVENINGS,
                services=[VIDEO],
            ),
        }  # fmt: skip
    indexed(*made.values())
    return made


def test_words_in_either_language_find_the_same_person(people: dict[str, str]) -> None:
    assert ids(text="离婚")[0] == ids(text="divorced")[0] == people["grace"]
    assert ids(text="裁员")[0] == ids(text="ｌａｙｏｆｆ")[0] == people["ada"]


def test_synonyms_of_a_topic_find_who_has_the_topic(people: dict[str, str]) -> None:
    assert ids(text="被辞退")[0] == people["ada"]
    assert ids(text="insomnia")[0] == people["bob"]


def test_a_name_finds_its_bearer(people: dict[str, str]) -> None:
    assert ids(text="Bob")[0] == people["bob"]


def test_a_typing_mistake_is_forgiven_when_nothing_else_fits(people: dict[str, str]) -> None:
    assert ids(text="insomina") == [people["bob"]]


def test_words_nobody_has_find_nobody(people: dict[str, str]) -> None:
    found = find(text="zzzz qqqq")
    assert (found.items, found.total, found.next_offset) == ((), 0, None)


@pytest.mark.parametrize(
    ("wanted", "who"),
    [
        ({"field": "legal"}, {"ada", "grace"}),
        ({"topic": "sleep"}, {"bob"}),
        ({"language": "en"}, {"grace"}),
        ({"channel": "text"}, {"ada", "grace"}),
        ({"gender": "male"}, {"grace"}),
        ({"seniority": "principal"}, {"grace"}),
        ({"price_max_minor": 12_000}, {"ada", "grace"}),
        ({"price_max_minor": 12_000, "channel": "video"}, set()),
        ({"field": "legal", "language": "en", "channel": "text"}, {"grace"}),
        ({"field": "no-such-field"}, set()),
    ],
)
def test_facets_narrow(people: dict[str, str], wanted: dict[str, object], who: set[str]) -> None:
    assert set(ids(**wanted)) == {people[name] for name in who}


def test_a_facet_counts_what_choosing_another_value_would_give(people: dict[str, str]) -> None:
    facets = find(field="legal", channel="video").facets
    assert facets["channel"] == {"video": 1, "text": 2}
    assert facets["field"] == {"legal": 1, "health": 1}
    assert facets["gender"] == {"female": 1}
    assert find(channel="text").facets["price_max_minor"] == {"20000": 2, "30000": 2, "50000": 2}


def test_the_slots_shown_are_those_of_a_service_that_fits(people: dict[str, str]) -> None:
    (ada,) = (one for one in find(channel="text").items if one.card.id == people["ada"])
    assert {slot.end - slot.start for slot in ada.slots} == {timedelta(minutes=30)}
    assert len(ada.slots) == 3
    assert ada.card.first_service is not None
    assert ada.card.first_service.channel == "text"


def test_free_in_a_window_means_a_slot_that_starts_in_it(people: dict[str, str]) -> None:
    # NOW is Tuesday 17:00 in Shanghai: Ada and Grace have closed for today, Bob opens at 18:00.
    evening = {"free_from": NOW, "free_until": NOW + timedelta(hours=6)}
    assert ids(**evening) == [people["bob"]]
    (bob,) = find(**evening).items
    assert all(evening["free_from"] <= slot.start < evening["free_until"] for slot in bob.slots)
    assert find(**evening).facets["field"] == {"health": 1}


def test_a_taken_time_is_not_free(people: dict[str, str], indexed: Callable[..., None]) -> None:
    with unit_of_work(now=NOW) as uow:
        ada = make.client(uow)
        linus = make.consultant(uow, "Linus")
        first = make.slot(uow, linus)
    with unit_of_work(ada, now=NOW) as uow:
        make.held_booking(uow, client=ada, consultant=linus, start=first)
    indexed(linus.id)
    window = {"free_from": first, "free_until": first + timedelta(minutes=1)}
    assert linus.id not in ids(**window)
    assert linus.id in ids(free_from=first, free_until=first + timedelta(minutes=61))


def test_sorted_by_price_rating_or_the_soonest_time(people: dict[str, str]) -> None:
    assert ids(sort="price")[-1] == people["bob"]
    assert ids(sort="soonest")[0] == people["bob"]
    assert set(ids(sort="rating")) == set(people.values())


def test_who_has_no_free_time_comes_last_and_is_still_there(
    people: dict[str, str], indexed: Callable[..., None]
) -> None:
    with unit_of_work(now=NOW) as uow:
        closed = make.listed(uow, "Closed", hours=())
    indexed(closed)
    assert ids(sort="soonest")[-1] == closed
    assert closed not in ids(free_from=NOW, free_until=NOW + timedelta(days=14))


def test_pages_follow_each_other_without_gap_or_repeat(people: dict[str, str], indexed: Callable[..., None]) -> None:
    with unit_of_work(now=NOW) as uow:
        more = [make.listed(uow, f"P{number}") for number in range(7)]
    indexed(*more)
    for how in ({}, {"text": "裁员"}, {"sort": "price"}, {"sort": "soonest"}):
        seen, offset = list[str](), 0
        while offset is not None:
            page = find(limit=3, offset=offset, **how)
            seen += [one.card.id for one in page.items]
            offset = page.next_offset
        assert len(seen) == len(set(seen)) == page.total


def test_finding_costs_the_same_however_many_there_are(people: dict[str, str], indexed: Callable[..., None]) -> None:
    window = {"free_from": NOW, "free_until": NOW + timedelta(days=2)}
    hows = (
        {},
        {"text": "裁员"},
        {"field": "legal", "channel": "text"},
        window,
        window | {"text": "失眠"},
    )
    before = [statements(how) for how in hows]
    with unit_of_work(now=NOW) as uow:
        more = [make.listed(uow, f"P{number}") for number in range(20)]
    indexed(*more)
    assert [statements(how) for how in hows] == before
    assert max(before) <= 9
    assert statements({"sort": "soonest"}) <= 10  # one more where a page is not full of those who are free within a day


def statements(how: dict[str, object]) -> int:
    count = [0]

    def one_more(*_: object) -> None:
        count[0] += 1

    with Session() as db:
        event.listen(db.get_bind(), "after_cursor_execute", one_more)
        queries.find_consultants(db, Wanted(**how), now=NOW)  # type: ignore[arg-type]
        event.remove(db.get_bind(), "after_cursor_execute", one_more)
    return count[0]


def test_the_board_shows_who_is_free_before_an_hour_or_within_the_week(people: dict[str, str]) -> None:
    with Session() as db:
        today = queries.board(db, now=NOW, until=NOW + timedelta(hours=7))
        nobody = queries.board(db, now=NOW, until=NOW + timedelta(minutes=1))
    assert [one.card.id for one in today.items] == [people["bob"]]
    assert {one.card.id for one in nobody.items} == set(people.values())
    assert today.counts == {"education": 0, "health": 1, "legal": 2, "career": 0}
    assert set(today.free) == {"health", "legal"}
