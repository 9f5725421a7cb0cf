"""Consultants write their own page and sell their own services; what was booked stays as it was agreed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests import make
from tests.visitor import Visitor, house, words
from zhixun.events.catalog import ConsultantListed
from zhixun.features.booking import queries as bookings
from zhixun.features.catalog import actions, forms, queries
from zhixun.features.catalog.actions import TooManyServices
from zhixun.features.catalog.rules.own import SERVICES_MAX, Offer, OwnWords
from zhixun.kernel.errors import Invalid, NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Money, Words, new_id

SAID = OwnWords(
    Words("职业顾问", "Career adviser"), Words("帮你选一份工作", "Choosing a job"), Words("我和你一起看清楚每一份录用通知的条件，再作决定。"),
    Words("杭州", "Hangzhou"), ("offers",), ("zh", "en"), (Words("两份录用", "Two offers"),), (Words("诉讼", "Lawsuits"),),
)  # fmt: skip
OFFER = Offer(Words("三十分钟", "Half an hour"), Words("一个问题"), (Words("书面小结", "A summary"),), Money(26_000))


@pytest.fixture
def grace(db_url):
    with unit_of_work(now=make.NOW) as uow:
        make.field(uow)
        return make.consultant(uow)


def page(grace):
    with Session() as db:
        return queries.consultant(db, grace.id)


def write(grace, said):
    with unit_of_work(grace.actor, now=make.NOW) as uow:
        actions.write_own_words(uow, said=said)
    return [type(fact) for fact in uow.facts]


def sell(grace, service_id, offer=OFFER, channel="text", minutes=30):
    with unit_of_work(grace.actor, now=make.NOW) as uow:
        return actions.sell_service(uow, service_id=service_id, channel=channel, minutes=minutes, offer=offer)


def test_a_page_says_what_its_owner_wrote_and_search_is_told(grace):
    before = page(grace)
    assert write(grace, SAID) == [ConsultantListed]
    after = page(grace)
    assert (after.card.title, after.card.line, after.about, after.card.city) == (
        SAID.title, SAID.line, SAID.about, SAID.city,
    )  # fmt: skip
    assert (after.card.topic_ids, after.card.languages) == (("offers",), ("zh", "en"))
    assert (after.good_for, after.not_for) == (SAID.good_for, SAID.not_for)
    assert (after.card.name, after.card.years, after.card.seniority) == (
        before.card.name, before.card.years, before.card.seniority,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"title": Words()}, "title"),
        ({"title": Words("很好", "x")}, "title"),
        ({"line": Words("长" * 161)}, "line"),
        ({"about": Words("太短")}, "about"),
        ({"city": Words()}, "city"),
        ({"topic_ids": ()}, "topics"),
        ({"topic_ids": ("offers", "divorce")}, "topics"),
        ({"languages": ()}, "languages"),
        ({"languages": ("zh", "tlh")}, "languages"),
        ({"good_for": (Words("行"),) * 9}, "good_for"),
        ({"not_for": (Words("长" * 201),)}, "not_for"),
    ],
)
def test_what_does_not_fit_changes_nothing(grace, changes, wrong):
    before = page(grace)
    with pytest.raises(Invalid) as refused:
        write(grace, replace(SAID, **changes))
    assert list(refused.value.fields) == [wrong]
    assert page(grace) == before


def test_who_has_no_page_writes_and_sells_nothing(grace):
    with unit_of_work(now=make.NOW) as uow:
        ada = make.client(uow)
    with pytest.raises(NotFound), unit_of_work(ada, now=make.NOW) as uow:
        actions.write_own_words(uow, said=SAID)
    with pytest.raises(NotFound), unit_of_work(ada, now=make.NOW) as uow:
        actions.sell_service(uow, service_id=new_id(), channel="text", minutes=30, offer=OFFER)


def test_a_new_service_is_sold_once_with_the_notice_and_breaks_of_the_others(grace):
    with unit_of_work(now=make.NOW) as uow:
        actions.change_timing(
            uow, consultant_id=grace.id, notice_minutes=240, buffer_before_minutes=5, buffer_after_minutes=10
        )
    one = new_id()
    assert sell(grace, one) == sell(grace, one) == one
    sold = page(grace).card.services[-1]
    assert (sold.id, sold.channel, sold.minutes, sold.price) == (one, "text", 30, Money(26_000))
    assert (sold.notice_minutes, sold.buffer_before_minutes, sold.buffer_after_minutes) == (240, 5, 10)
    assert len(page(grace).card.services) == 2


@pytest.mark.parametrize(
    "changes", [{"price": Money(999)}, {"price": Money(10_000_001)}, {"title": Words()}, {"note": Words("长" * 201)}]
)
def test_an_offer_that_cannot_be_is_refused(grace, changes):
    with pytest.raises(Invalid):
        sell(grace, new_id(), replace(OFFER, **changes))
    with pytest.raises(Invalid):
        sell(grace, new_id(), channel="smoke")
    assert len(page(grace).card.services) == 1


def test_twelve_services_are_enough(grace):
    for _ in range(SERVICES_MAX - 1):
        last = sell(grace, new_id())
    with pytest.raises(TooManyServices):
        sell(grace, new_id())
    sell(grace, last)


def test_a_new_price_holds_from_now_on_and_not_for_what_is_booked(grace):
    with unit_of_work(now=make.NOW) as uow:
        ada = make.client(uow)
        booked = make.paid_booking(uow, client=ada, consultant=grace, start=make.slot(uow, grace))
        agreed = bookings.booking(uow.db, booked, actor=ada, now=make.NOW).price
    with unit_of_work(grace.actor, now=make.NOW) as uow:
        actions.change_offer(uow, service_id=grace.service_id, offer=replace(OFFER, price=Money(99_900)))
    assert page(grace).card.services[0].price == Money(99_900)
    with Session() as db:
        assert bookings.booking(db, booked, actor=ada, now=make.NOW).price == agreed != Money(99_900)


def test_nobody_changes_the_offer_of_another(grace):
    with unit_of_work(now=make.NOW) as uow:
        hopper = make.consultant(uow, "Hopper")
    with pytest.raises(NotFound), unit_of_work(hopper.actor, now=make.NOW) as uow:
        actions.change_offer(uow, service_id=grace.service_id, offer=OFFER)
    with pytest.raises(NotFound):
        sell(hopper, grace.service_id)


def test_a_form_gives_back_what_it_was_given():
    typed = forms.Typed(
        {
            "title_zh": "三十分钟", "title_en": "Half an hour", "note_zh": "一个问题", "price": "260.50",
            "included_zh": "书面小结\n下一步", "included_en": "A summary",
        }
    )  # fmt: skip
    assert forms.offer_of(typed) == replace(
        OFFER, price=Money(26_050), included=(Words("书面小结", "A summary"), Words("下一步"))
    )
    for price in ("", "free", "9.99", "１００元"):
        with pytest.raises(Invalid) as refused:
            forms.offer_of(replace(typed, values={**typed.values, "price": price}))
        assert list(refused.value.fields) == ["price"]


def test_the_pages_keep_what_was_typed_and_say_what_is_wrong(grace, db_url, tmp_path):
    visitor = Visitor(house(db_url, tmp_path), grace.actor, english=True)
    refused = visitor.post("/pro/page", title_en="Adviser", about_en="Too short", line_en="Choosing a job", city_en="")
    assert refused.status_code == 400
    assert "Too short" in refused.text
    assert "Choose one topic at least" in words(refused)
    kept = visitor.post(
        "/pro/page", title_en="Adviser", about_en="We look at every offer together.", line_en="Choosing a job",
        city_en="Hangzhou", topic="offers", language="en",
    )  # fmt: skip
    assert "Your page shows it now" in words(visitor.follow(kept))
    assert page(grace).about == Words("", "We look at every offer together.")
    refused = visitor.post("/pro/services/new", title_en="Half an hour", price="2", channel="text", minutes="30")
    assert refused.status_code == 400
    assert "between 10 and 100,000 yuan" in words(refused)
    one = new_id()
    for _ in range(2):
        visitor.post("/pro/services/new", id=one, title_en="Half an hour", price="260", channel="text", minutes="30")
    assert visitor.get(f"/pro/services/{one}").text.count('value="260"') == 1
    visitor.post(f"/pro/services/{one}", title_en="Half an hour", price="280.50")
    assert "¥280.50" in words(visitor.get("/pro/services"))
    visitor.post(f"/pro/services/{one}/withdrawal")
    assert "¥280.50" not in words(visitor.get("/pro/services"))
    assert visitor.get(f"/pro/services/{one}").status_code == 404


def test_an_address_that_is_none_finds_no_service(grace, db_url, tmp_path):
    visitor = Visitor(house(db_url, tmp_path), grace.actor)
    for wrong in ("%00", "x" * 300, new_id(), "..."):
        assert visitor.get(f"/pro/services/{wrong}").status_code == 404, wrong
        for where in ("/withdrawal", "/asking"):
            assert visitor.post(f"/pro/services/{wrong}{where}").status_code == 404, wrong
