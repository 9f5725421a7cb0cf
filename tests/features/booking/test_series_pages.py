"""The pages of a series: its dates, its checkout, itself, and cancelling the rest of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask

from tests import make
from tests.make import NOW
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.features.booking import queries
from zhixun.features.booking.rules import State
from zhixun.features.loyalty import actions as loyalty
from zhixun.features.payments import queries as payments
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import SYSTEM, new_id

START, WEEK = datetime(2026, 11, 25, 2, 0, tzinfo=UTC), timedelta(weeks=1)


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Iterator[Flask]:
    with time_machine.travel(NOW, tick=False):
        yield house(db_url, tmp_path)


def two(app: Flask, *, zone: str = "Asia/Shanghai", english: bool = True):
    with unit_of_work(now=NOW) as uow:
        ada, grace = make.client(uow, zone=zone), make.consultant(uow)
    return Visitor(app, ada, english=english), grace, ada


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def planning(grace, **more) -> str:
    asked = {"service": grace.service_id, "start": stamp(START), "weeks": 1, "sessions": 3} | more
    return "/series/new?" + "&".join(f"{name}={value}" for name, value in asked.items())


def form(grace, **more) -> dict[str, object]:
    dates = {f"at-{n}": stamp(START + (n - 1) * WEEK) for n in (1, 2, 3)}
    return {
        "series_id": new_id(), "service": grace.service_id, "start": stamp(START), "weeks": 1, "sessions": 3,
        "listed": 3, "clock": "theirs",
    } | dates | more  # fmt: skip


def test_the_way_from_the_consultants_page_to_a_paid_series(app):
    browser, grace, ada = two(app)
    assert "Book it every week or two" in words(browser.get(f"/c/{grace.slug}"))
    begun = browser.post("/series/new", service_id=grace.service_id, start=stamp(START))
    planned = browser.follow(begun)
    assert "Wed 25 Nov, 10:00" in words(planned)
    checkout = browser.follow(browser.post("/series", **form(grace)))
    said = words(checkout)
    assert "3 sessions" in said
    assert "¥1,440.00" in said
    assert statements(checkout) <= STATEMENTS_MAX
    assert statements(planned) <= STATEMENTS_MAX
    series_id = re.search(r"/series/([0-9a-f]{32})/cancellation", checkout.text)[1]
    to_pay = browser.post(f"/series/{series_id}/checkout", brief="Three offers", use_plan="none", shown_minor=144_000)
    with Session() as db:
        payment_id = queries.series_by_id(db, series_id, ada, NOW).payment_id
    assert to_pay.headers["Location"].endswith(f"/pay/{payment_id}")
    sandbox = browser.follow(to_pay)
    assert "One hour with Grace, 3 times from" in words(browser.follow(sandbox))
    back = browser.follow(browser.post(f"/sandbox/pay/{payment_id}", outcome="pay"))
    page = browser.follow(back)
    assert words(page).count("Confirmed") == 3
    assert statements(browser.get(f"/series/{series_id}")) <= STATEMENTS_MAX
    with Session() as db:
        view = queries.series_by_id(db, series_id, ada, NOW)
        assert {queries.brief_of(db, one, SYSTEM) for one in view.bookings} == {"Three offers"}
        assert payments.payment(db, payment_id, ada).captured
    one = view.bookings[1]
    assert "Part of a series" in words(browser.get(f"/sessions/{one.id}"))


def test_a_coupon_and_points_are_chosen_at_the_checkout_and_stand_in_the_lines(app):
    browser, grace, ada = two(app)
    with unit_of_work(now=NOW) as uow:
        desk = make.acting(uow, make.operator(uow))
        uow.db.flush()
        make.coupon(desk)
        loyalty.give_courtesy(uow, booking_id=new_id(), person_id=ada.user_id, points=2_000)
    browser.post("/series", **form(grace, series_id=(name := new_id())))
    at = f"/series/{name}/checkout"
    assert "Use 2,000 of your 2,000 points, ¥20 less to pay" in words(browser.get(at))
    refused = browser.post(at, brief="Offers", coupon="nonsense", act="apply", shown_minor=144_000)
    assert (refused.status_code, "We do not know this code." in words(refused)) == (409, True)
    assert 'value="NONSENSE"' in refused.text
    browser.post(at, brief="Offers", coupon="welcome50", points="yes", act="apply", shown_minor=144_000)
    page = browser.get(at)
    assert "¥1,370.00" in words(page)
    assert "2,000 points used; you have 0 more" in words(page)
    assert "Welcome" in words(page)
    assert statements(page) <= STATEMENTS_MAX
    same = browser.post(at, brief="Offers", coupon="WELCOME50", points="yes", shown_minor=137_000)
    assert "/pay/" in same.headers["Location"]


def test_a_date_that_is_not_free_is_marked_with_what_is_near_it(app):
    browser, grace, _ = two(app)
    with unit_of_work(now=NOW) as uow:
        make.paid_booking(uow, client=make.client(uow, "Bob"), consultant=grace, start=START + WEEK)
    page = browser.get(planning(grace))
    assert "1 of these dates is not free" in words(page)
    assert words(page).count("Leave this one out") == 1
    refused = browser.post("/series", **form(grace))
    assert refused.status_code == 409
    assert "Nothing is held yet" in words(refused)
    held = browser.post("/series", **form(grace, **{"at-2": ""}))
    assert held.status_code == 303
    assert "2 sessions" in words(browser.follow(held))


def test_both_clocks_are_shown_and_the_change_is_marked(app):
    browser, grace, _ = two(app, zone="Europe/London")
    page = words(browser.get(planning(grace, start="2027-03-16T02:00:00Z", clock="theirs")))
    assert "For Grace: Tue 16 Mar, 10:00–11:00" in page
    assert "Your clock changes before this date: from here on it is 03:00 for you." in page
    assert "On whose clock is it always the same time?" in page
    own = words(browser.get(planning(grace, start="2027-03-16T02:00:00Z", clock="mine")))
    assert "from here on it is 09:00 for Grace" in own


def test_who_cancels_the_rest_sees_first_what_comes_back(app):
    browser, grace, ada = two(app)
    browser.post("/series", **form(grace, series_id=(name := new_id())))
    with Session() as db:
        view = queries.series_by_id(db, name, ada, NOW)
    browser.post(f"/sandbox/pay/{view.payment_id}", outcome="pay")
    browser.get(f"/series/{name}")
    asked = browser.get(f"/series/{name}/cancellation")
    assert "¥480.00 of ¥480.00 comes back" in words(asked)
    assert "¥240.00 of ¥480.00 comes back" in words(asked)
    changed = browser.post(f"/series/{name}/cancellation", refund_minor=999_999)
    assert changed.status_code == 409
    done = browser.follow(browser.post(f"/series/{name}/cancellation", refund_minor=120_000))
    assert "¥1,200.00 goes back the way you paid" in words(done)
    with Session() as db:
        assert {one.state for one in queries.series_by_id(db, name, ada, NOW).bookings} == {State.CANCELLED}


def test_an_unpaid_session_of_a_series_leads_to_the_checkout_of_all(app):
    browser, grace, ada = two(app)
    browser.post("/series", **form(grace, series_id=(name := new_id())))
    with Session() as db:
        one = queries.series_by_id(db, name, ada, NOW).bookings[0]
    assert browser.get(f"/checkout/{one.id}").headers["Location"].endswith(f"/series/{name}/checkout")
    again = browser.post("/series", **form(grace, start=stamp(START + timedelta(hours=1))))
    assert again.status_code == 409
    assert "You are holding a series already" in words(again)
    with time_machine.travel(NOW + timedelta(minutes=16), tick=False):
        assert "The hold has ended without a payment" in words(browser.get(f"/series/{name}"))


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"sessions": 40}, 400),
        ({"weeks": 3}, 400),
        ({"sessions": "many"}, 400),
        ({"start": "yesterday"}, 400),
        ({"series_id": "1"}, 400),
        ({"at-2": "", "at-3": ""}, 400),
        ({"service": new_id()}, 404),
        ({"service": "x"}, 404),
    ],
)
def test_what_makes_no_series_is_refused_with_a_sentence(app, more, status):
    browser, grace, _ = two(app)
    assert browser.post("/series", **form(grace, **more)).status_code == status


def test_a_series_is_found_by_its_two_people_only(app):
    browser, grace, _ = two(app)
    browser.post("/series", **form(grace, series_id=(name := new_id())))
    with unit_of_work(now=NOW) as uow:
        bob, olga = make.client(uow, "Bob"), make.operator(uow)
    for other in (bob, olga):
        for path in (f"/series/{name}", f"/series/{name}/checkout", f"/series/{name}/cancellation"):
            assert Visitor(app, other).get(path).status_code == 404
    theirs = Visitor(app, grace.actor, english=True)
    assert theirs.get(f"/series/{name}").status_code == 200
    assert theirs.get(f"/series/{name}/checkout").status_code == 404
    assert Visitor(app).get(planning(grace)).status_code == 303
