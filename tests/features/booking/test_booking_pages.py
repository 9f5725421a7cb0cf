"""Booking a time and its checkout, as a browser without a script meets them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from flask import Flask

from tests import make
from tests.make import NOW
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.features.booking import actions, queries
from zhixun.features.booking.rules import BRIEF_LENGTH_MAX, State
from zhixun.features.privacy import queries as privacy
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import SYSTEM, Money, new_id

FIRST = "2026-11-25T01:00:00Z"
SECOND = "2026-11-25T02:00:00Z"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    return house(db_url, tmp_path)


def state_of(booking_id: str) -> State:
    with Session() as db:
        return queries.booking(db, booking_id, SYSTEM, NOW).state


def book(visitor: Visitor, service_id: str, start: str = FIRST, booking_id: str = ""):  # type: ignore[no-untyped-def]
    return visitor.post("/bookings", booking_id=booking_id or new_id(), service_id=service_id, start=start)


def test_a_chosen_time_is_held_and_leads_to_its_checkout(app: Flask) -> None:
    ada, grace = make.pair()
    booking_id = new_id()
    answer = book(Visitor(app, ada), grace.service_id, booking_id=booking_id)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/checkout/{booking_id}")
    assert state_of(booking_id) is State.HELD


def test_pressing_twice_books_once(app: Flask) -> None:
    ada, grace = make.pair()
    browser, booking_id = Visitor(app, ada), new_id()
    answers = [book(browser, grace.service_id, booking_id=booking_id) for _ in range(2)]
    assert {answer.headers["Location"] for answer in answers} == {f"/checkout/{booking_id}"}
    with Session() as db:
        assert len(queries.bookings_of(db, ada, NOW)) == 1


def test_choosing_the_time_one_holds_already_goes_on_to_its_checkout(app: Flask) -> None:
    ada, grace = make.pair()
    browser = Visitor(app, ada, english=True)
    first = book(browser, grace.service_id)
    again = book(browser, grace.service_id)
    assert again.headers["Location"] == first.headers["Location"]


def test_going_back_and_choosing_another_time_books_the_other_time(app: Flask) -> None:
    """The page in the browser's memory still has the first booking's id in it."""
    ada, grace = make.pair()
    browser, booking_id = Visitor(app, ada), new_id()
    book(browser, grace.service_id, FIRST, booking_id)
    answer = book(browser, grace.service_id, SECOND, booking_id)
    other = answer.headers["Location"].rsplit("/", 1)[1]
    with Session() as db:
        assert queries.booking(db, other, ada, NOW).starts_at.hour == 2


def test_changing_to_a_time_that_overlaps_ones_own_hold_gives_the_old_one_up(app: Flask) -> None:
    with unit_of_work(now=NOW) as uow:
        ada, grace = make.client(uow), make.consultant(uow, service={"interval_minutes": 30})
    browser, old = Visitor(app, ada), new_id()
    book(browser, grace.service_id, FIRST, old)
    answer = book(browser, grace.service_id, "2026-11-25T01:30:00Z")
    assert answer.status_code == 303
    assert state_of(old) is State.CANCELLED


def test_a_visitor_signs_in_and_comes_back_to_the_same_choice(app: Flask) -> None:
    _, grace = make.pair()
    for english, prefix in ((False, ""), (True, "/en")):
        answer = book(Visitor(app, english=english), grace.service_id)
        to = urlsplit(answer.headers["Location"])
        back = urlsplit(parse_qs(to.query)["next"][0])
        assert (answer.status_code, to.path) == (303, f"{prefix}/sign-in")
        assert (back.path, back.fragment) == (f"{prefix}/c/{grace.slug}", "book")
        assert parse_qs(back.query) == {"service": [grace.service_id], "at": [FIRST]}


@pytest.mark.parametrize(
    ("english", "sentence"), [(False, "刚刚被"), (True, "Someone else has just taken this time. These are free:")]
)
def test_a_taken_time_offers_the_nearest_three_and_keeps_the_choice(app: Flask, english: bool, sentence: str) -> None:
    ada, grace = make.pair()
    with unit_of_work(now=NOW) as uow:
        make.held_booking(uow, client=make.client(uow, "Bob"), consultant=grace)
    browser = Visitor(app, ada, english=english)
    answer = browser.post(
        "/bookings", booking_id=new_id(), service_id=grace.service_id, start=FIRST, brief="My question"
    )
    assert answer.status_code == 409
    if english:
        assert sentence in words(answer)
    assert answer.text.count('name="booking_id"') == 3
    assert f'value="{grace.service_id}"' in answer.text
    assert "My question" in answer.text
    offered = answer.text.split('name="start" value="')[1].split('"')[0]
    assert book(browser, grace.service_id, offered).status_code == 303


@pytest.mark.parametrize("start", ["2026-11-20T01:00:00Z", "2026-11-25T01:07:00Z", "2026-11-28T01:00:00Z"])
def test_a_time_that_is_not_offered_is_refused_with_times_that_are(app: Flask, start: str) -> None:
    ada, grace = make.pair()
    answer = book(Visitor(app, ada, english=True), grace.service_id, start)
    assert answer.status_code == 409
    assert "This time is not offered." in words(answer)
    assert answer.text.count('name="booking_id"') == 3


def test_a_time_far_from_any_free_one_says_so(app: Flask) -> None:
    ada, grace = make.pair()
    answer = book(Visitor(app, ada, english=True), grace.service_id, "2031-01-01T01:00:00Z")
    assert answer.status_code == 409
    assert "there is no free time near it" in words(answer)


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"start": "tomorrow"}, "Please choose a time from the list."),
        ({"start": "2026-11-25T01:00:00"}, "Please choose a time from the list."),
        ({"start": "0001-01-01T00:00:00+14:00"}, "Please choose a time from the list."),
        ({"start": "9" * 5_000}, "Please choose a time from the list."),
        ({"service_id": "x' OR 1=1"}, "Please choose a service."),
        ({"booking_id": "1"}, "This form is damaged."),
        ({"booking_id": "\x00" * 32}, "This form is damaged."),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused_in_words(app: Flask, form: dict[str, str], sentence: str) -> None:
    ada, grace = make.pair()
    usual = {"booking_id": new_id(), "service_id": grace.service_id, "start": FIRST}
    answer = Visitor(app, ada, english=True).post("/bookings", **(usual | form))
    assert answer.status_code == 400
    assert sentence in words(answer)
    with Session() as db:
        assert queries.bookings_of(db, ada, NOW) == []


@pytest.mark.parametrize("english", [False, True])
def test_a_choice_without_a_time_comes_back_to_the_times_of_its_service(app: Flask, english: bool) -> None:
    ada, grace = make.pair()
    browser = Visitor(app, ada, english=english)
    for form in ({}, {"start": ""}):
        answer = browser.post("/bookings", booking_id=new_id(), service_id=grace.service_id, **form)
        back = urlsplit(answer.headers["Location"])
        assert (answer.status_code, back.fragment) == (303, "book")
        assert parse_qs(back.query) == {"service": [grace.service_id], "missing": ["time"]}
    said = "Please choose a time first, then go on." if english else "请先选一个时间，再继续。"
    assert said in words(browser.follow(answer))
    assert browser.post("/bookings", booking_id=new_id(), service_id=new_id(), start="").status_code == 404


def test_an_unknown_service_and_someone_elses_booking_id_are_not_found(app: Flask) -> None:
    ada, grace = make.pair()
    with unit_of_work(now=NOW) as uow:
        bobs = make.held_booking(uow, client=make.client(uow, "Bob"), consultant=grace)
    browser = Visitor(app, ada)
    assert book(browser, new_id()).status_code == 404
    assert book(Visitor(app), new_id()).status_code == 404
    assert book(browser, grace.service_id, SECOND, bobs).status_code == 404


def test_nobody_books_themselves(app: Flask) -> None:
    _, grace = make.pair()
    answer = book(Visitor(app, grace.actor, english=True), grace.service_id)
    assert answer.status_code == 409
    assert "You cannot book yourself." in words(answer)


def test_a_sixth_hold_is_refused_and_shows_the_way_to_the_others(app: Flask) -> None:
    ada, grace = make.pair()
    with unit_of_work(now=NOW) as uow:
        for _ in range(5):
            make.held_booking(uow, client=ada, consultant=make.consultant(uow))
    answer = book(Visitor(app, ada, english=True), grace.service_id)
    assert answer.status_code == 409
    assert "You are holding five times already." in words(answer)
    assert "/en/sessions" in answer.text


def test_a_form_without_its_token_changes_nothing(app: Flask) -> None:
    ada, grace = make.pair()
    browser = Visitor(app, ada)
    answer = browser.post("/bookings", csrf_token="", booking_id=new_id(), service_id=grace.service_id, start=FIRST)
    assert answer.status_code == 400


def held(*, zone: str = "Asia/Shanghai", price: Money = make.PRICE) -> tuple[make.Actor, make.ConsultantMade, str]:
    with unit_of_work(now=NOW) as uow:
        ada, grace = make.client(uow, zone=zone), make.consultant(uow, service={"price": price})
        return ada, grace, make.held_booking(uow, client=ada, consultant=grace, brief="Should I sign?")


def test_the_checkout_says_who_when_how_much_and_what_comes_back(app: Flask) -> None:
    ada, _, booking_id = held(zone="Europe/London")
    answer = Visitor(app, ada, english=True).get(f"/checkout/{booking_id}")
    said = words(answer)
    assert answer.status_code == 200
    for one in (
        "Grace", "Wed 25 Nov, 01:00–02:00", "London time", "09:00–10:00, Beijing time", "¥480.00",
        "paid by the consultant", "Should I sign?", "No money moves", "Help Grace prepare",
        "50% back", "15:00", "terms of service",
    ):  # fmt: skip
        assert one in said, one
    assert 'name="sensitive" value="yes">' in answer.text, "the separate consent starts unticked"
    assert statements(answer) <= STATEMENTS_MAX


def test_the_checkout_speaks_chinese(app: Flask) -> None:
    ada, _, booking_id = held()
    said = words(Visitor(app, ada).get(f"/checkout/{booking_id}"))
    for one in ("确认并支付", "让Grace提前准备", "由咨询师承担", "11月25日 周三 09:00–10:00", "不涉及真实资金"):
        assert one in said, one


def test_paying_keeps_the_brief_and_the_consent_and_goes_to_the_gateway(app: Flask) -> None:
    ada, _, booking_id = held()
    browser = Visitor(app, ada, english=True)
    answers = [browser.post(f"/checkout/{booking_id}", brief="New words", sensitive="yes") for _ in range(2)]
    assert len({answer.headers["Location"] for answer in answers}) == 1, "pressed twice is the same payment"
    at_gateway = browser.follow(answers[0])
    assert at_gateway.headers["Location"].startswith("/en/sandbox/pay/")
    with Session() as db:
        view = queries.booking(db, booking_id, ada, NOW)
        assert (make.brief_of(booking_id), view.sensitive) == ("New words", True)
        assert privacy.has_consent(db, ada.user_id, "sensitive")


def test_without_the_tick_no_consent_is_recorded(app: Flask) -> None:
    ada, _, booking_id = held()
    Visitor(app, ada).post(f"/checkout/{booking_id}", brief="New words")
    with Session() as db:
        assert not privacy.has_consent(db, ada.user_id, "sensitive")


def test_a_brief_that_is_too_long_is_kept_and_named(app: Flask) -> None:
    ada, _, booking_id = held()
    long = "字" * (BRIEF_LENGTH_MAX + 1)
    answer = Visitor(app, ada).post(f"/checkout/{booking_id}", brief=long, sensitive="yes")
    assert answer.status_code == 400
    assert "请控制在 4,000 字以内。" in words(answer)
    assert long in answer.text
    assert 'value="yes" checked' in answer.text
    assert 'href="#brief"' in answer.text
    assert make.brief_of(booking_id) == "Should I sign?"


def test_an_expired_hold_says_so_keeps_the_brief_and_holds_again(app: Flask, clock: time_machine.Traveller) -> None:
    ada, grace, booking_id = held()
    browser = Visitor(app, ada, english=True)
    clock.shift(timedelta(minutes=16))
    seen = browser.get(f"/checkout/{booking_id}")
    assert (seen.status_code, "The hold has ended" in words(seen)) == (200, True)
    assert statements(browser.get(f"/checkout/{booking_id}")) <= STATEMENTS_MAX, "with the client's key at hand"
    sent = browser.post(f"/checkout/{booking_id}", brief="Typed meanwhile")
    assert sent.status_code == 409
    assert "Typed meanwhile" in sent.text
    assert f'name="start" value="{FIRST}"' in sent.text
    again = browser.post(
        "/bookings", booking_id=new_id(), service_id=grace.service_id, start=FIRST, brief="Typed meanwhile"
    )
    assert "Typed meanwhile" in browser.follow(again).text


def test_an_expired_hold_whose_time_is_gone_offers_the_nearest(app: Flask, clock: time_machine.Traveller) -> None:
    ada, grace, booking_id = held()
    clock.shift(timedelta(minutes=16))
    with unit_of_work() as uow:
        make.held_booking(uow, client=make.client(uow, "Bob"), consultant=grace)
    answer = Visitor(app, ada, english=True).get(f"/checkout/{booking_id}")
    assert "The 15 minutes are over and the time is no longer free." in words(answer)
    assert f'value="{FIRST}"' not in answer.text
    assert answer.text.count('name="start"') == 3


def test_only_the_client_has_a_checkout(app: Flask) -> None:
    ada, grace, booking_id = held()
    with unit_of_work(now=NOW) as uow:
        others = [make.client(uow, "Bob"), make.operator(uow), grace.actor]
    for other in others:
        assert Visitor(app, other).get(f"/checkout/{booking_id}").status_code == 404
        assert Visitor(app, other).post(f"/checkout/{booking_id}", brief="Mine now").status_code == 404
    assert Visitor(app, ada).get("/checkout/nonsense").status_code == 404
    assert Visitor(app).get(f"/checkout/{booking_id}").headers["Location"].startswith("/sign-in?next=")
    assert make.brief_of(booking_id) == "Should I sign?"


def test_a_paid_booking_has_no_checkout_any_more(app: Flask) -> None:
    ada, _, booking_id = held()
    with unit_of_work(now=NOW) as uow:
        make.pay(uow, booking_id)
    browser = Visitor(app, ada)
    for answer in (browser.get(f"/checkout/{booking_id}"), browser.post(f"/checkout/{booking_id}", brief="x")):
        assert answer.headers["Location"] == f"/sessions/{booking_id}"
    assert state_of(booking_id) is State.CONFIRMED, "the browser's return settles without waiting for the worker"


def test_what_costs_nothing_is_confirmed_with_one_press(app: Flask) -> None:
    ada, _, booking_id = held(price=Money(0))
    browser = Visitor(app, ada, english=True)
    page = browser.get(f"/checkout/{booking_id}")
    assert "Confirm booking" in words(page)
    assert "Sandbox payment" not in words(page)
    assert browser.post(f"/checkout/{booking_id}", brief="Hello").headers["Location"] == f"/en/sessions/{booking_id}"
    assert state_of(booking_id) is State.CONFIRMED


def test_a_cancelled_hold_leads_to_its_session(app: Flask) -> None:
    ada, _, booking_id = held()
    with unit_of_work(ada, now=NOW) as uow:
        actions.cancel_booking(uow, booking_id=booking_id)
    assert Visitor(app, ada).get(f"/checkout/{booking_id}").headers["Location"] == f"/sessions/{booking_id}"
