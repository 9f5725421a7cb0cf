"""My sessions, one session before and after it, and what the two people in it may do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask

from tests import make
from tests.make import NOW
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.features.booking import actions, queries
from zhixun.features.booking.rules import BRIEF_LENGTH_MAX, State
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import SYSTEM

START = datetime(2026, 11, 26, 1, 0, tzinfo=UTC)
"""Two days on, a Thursday, 09:00 in Shanghai: cancelling is free for another 16 hours."""


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    return house(db_url, tmp_path)


@pytest.fixture
def agreed(app: Flask) -> tuple[make.Actor, make.ConsultantMade, str]:
    """Ada, Grace and their confirmed booking."""
    with unit_of_work(now=NOW) as uow:
        ada, grace = make.client(uow), make.consultant(uow)
        return ada, grace, make.paid_booking(uow, client=ada, consultant=grace, start=START, brief="Should I sign?")


def view(booking_id: str) -> queries.BookingView:
    with Session() as db:
        return queries.booking(db, booking_id, SYSTEM, NOW)


def run(ada: make.Actor, grace: make.ConsultantMade, booking_id: str) -> None:
    """Both are there on time."""
    with unit_of_work(now=START) as uow:
        actions.join_session(make.acting(uow, ada), booking_id=booking_id)
        actions.begin_session(make.acting(uow, grace.actor), booking_id=booking_id)


def test_who_has_no_sessions_is_led_to_the_question_box(app: Flask) -> None:
    with unit_of_work(now=NOW) as uow:
        ada = make.client(uow)
    answer = Visitor(app, ada).get("/sessions")
    assert (answer.status_code, "还没有咨询" in words(answer)) == (200, True)
    assert 'href="/#ask"' in answer.text


def test_the_next_session_is_large_and_the_others_below(app: Flask) -> None:
    with unit_of_work(now=NOW) as uow:
        ada, grace = make.client(uow), make.consultant(uow)
        for start in (START, START + timedelta(hours=2)):
            make.paid_booking(uow, client=ada, consultant=grace, start=start)
        held = make.held_booking(uow, client=ada, consultant=grace, start=START + timedelta(hours=4))
    with unit_of_work(now=NOW - timedelta(days=4)) as uow:
        done = make.completed_booking(uow, client=ada, consultant=grace)
    answer = Visitor(app, ada, english=True).get("/sessions")
    said = words(answer)
    assert said.index("Held, not yet paid") < said.index("Next session") < said.index("After that") < said.index("Past")
    assert f'href="/en/checkout/{held}"' in answer.text
    assert 'data-count="900"' in answer.text
    assert f'href="/en/sessions/{done}/feedback"' in answer.text
    assert "Room opens Thu 08:50" in said
    assert statements(answer) <= STATEMENTS_MAX


def test_the_join_button_is_a_link_once_the_room_is_open(
    app: Flask, agreed: tuple[make.Actor, make.ConsultantMade, str], clock: time_machine.Traveller
) -> None:
    ada, _, booking_id = agreed
    browser = Visitor(app, ada)
    assert f"/sessions/{booking_id}/room" not in browser.get("/sessions").text
    clock.move_to(START - timedelta(minutes=10), tick=False)
    for path in ("/sessions", f"/sessions/{booking_id}"):
        assert f'href="/sessions/{booking_id}/room"' in browser.get(path).text


def test_until_the_room_opens_one_may_write_to_each_other(
    app: Flask, agreed: tuple[make.Actor, make.ConsultantMade, str], clock: time_machine.Traveller
) -> None:
    ada, _, booking_id = agreed
    clock.move_to(START - timedelta(hours=2), tick=False)
    page = Visitor(app, ada, english=True).get(f"/sessions/{booking_id}")
    assert f'href="/en/sessions/{booking_id}/room"' in page.text
    assert "Room opens today 08:50" in words(page)


def test_past_sessions_come_page_by_page(app: Flask) -> None:
    with unit_of_work(now=NOW) as uow:
        ada, grace = make.client(uow), make.consultant(uow, hours=make.AROUND_THE_CLOCK)
        for number in range(22):
            booking_id = make.paid_booking(
                uow, client=ada, consultant=grace, start=START + timedelta(hours=number // 4)
            )
            actions.cancel_booking(make.acting(uow, ada), booking_id=booking_id)
    browser = Visitor(app, ada, english=True)
    first = browser.get("/sessions")
    older = first.text.split('href="/en/sessions?before=')[1].split('"')[0]
    second = browser.get(f"/sessions?before={older}")
    assert (first.text.count("sess__i"), second.text.count("sess__i")) == (20, 2)
    assert browser.get("/sessions?before=nonsense!").status_code == 400


def test_what_was_held_and_never_paid_is_folded_away_and_may_be_held_again(
    app: Flask, clock: time_machine.Traveller
) -> None:
    with unit_of_work(now=NOW) as uow:
        ada, grace = make.client(uow), make.consultant(uow, hours=make.AROUND_THE_CLOCK)
        lapsed = make.held_booking(uow, client=ada, consultant=grace, start=START)
        make.completed_booking(uow, client=ada, consultant=grace, start=START - timedelta(hours=3))
    clock.move_to(NOW + timedelta(hours=1), tick=False)
    browser = Visitor(app, ada, english=True)
    page = browser.get("/sessions")
    assert (page.text.count("sess__i"), "1 time was held and not paid for" in words(page)) == (1, True)
    folded = page.text.split('<details class="unpaid"', 1)[1].split("</details>")[0]
    assert f'href="/en/checkout/{lapsed}"' in folded
    assert " open" not in folded.split(">")[0]
    clock.move_to(START + timedelta(hours=1), tick=False)
    assert "Hold again" not in words(browser.get("/sessions"))


def test_a_session_shows_both_clocks_and_the_brief_to_its_client(app: Flask) -> None:
    with unit_of_work(now=NOW) as uow:
        ada, grace = make.client(uow, zone="America/New_York"), make.consultant(uow)
        booking_id = make.paid_booking(uow, client=ada, consultant=grace, start=START, brief="Should I sign?")
    answer = Visitor(app, ada, english=True).get(f"/sessions/{booking_id}")
    said = words(answer)
    for one in (
        "Confirmed: the time is yours", "Wed 25 Nov, 20:00–21:00", "New York time", "Thu 26 Nov, 09:00–10:00",
        "Should I sign?", "Add to my calendar", "Time held", "Cancel the booking",
    ):  # fmt: skip
        assert one in said, one
    assert statements(answer) <= STATEMENTS_MAX


def test_the_consultant_reads_the_brief_only_once_it_is_paid_for(app: Flask) -> None:
    with unit_of_work(now=NOW) as uow:
        ada, grace = make.client(uow), make.consultant(uow)
        held = make.held_booking(uow, client=ada, consultant=grace, start=START, brief="Should I sign?")
    browser = Visitor(app, grace.actor, english=True)
    assert "Should I sign?" not in browser.get(f"/sessions/{held}").text
    with unit_of_work(now=NOW) as uow:
        make.pay(uow, held)
        actions.confirm_if_paid(uow, booking_id=held)
    said = words(browser.get(f"/sessions/{held}"))
    assert "Should I sign?" in said
    assert "The client has not agreed to share sensitive facts." in said
    assert "Ada" in said


def test_who_has_just_paid_is_confirmed_without_the_worker(app: Flask) -> None:
    with unit_of_work(now=NOW) as uow:
        ada, grace = make.client(uow), make.consultant(uow)
        booking_id = make.held_booking(uow, client=ada, consultant=grace, start=START)
        make.pay(uow, booking_id)
    answer = Visitor(app, ada).get(f"/sessions/{booking_id}")
    assert "预约成功" in words(answer)
    assert view(booking_id).state is State.CONFIRMED


def test_other_peoples_sessions_are_not_found(app: Flask, agreed: tuple[make.Actor, make.ConsultantMade, str]) -> None:
    _, _, booking_id = agreed
    with unit_of_work(now=NOW) as uow:
        others = [make.client(uow, "Bob"), make.operator(uow)]
    for other in others:
        browser = Visitor(app, other)
        for path in ("", "/cancellation", "/calendar.ics"):
            assert browser.get(f"/sessions/{booking_id}{path}").status_code == 404
        for path in ("/brief", "/cancellation", "/start", "/completion"):
            assert browser.post(f"/sessions/{booking_id}{path}", brief="x").status_code == 404
    assert view(booking_id).state is State.CONFIRMED
    assert Visitor(app).get(f"/sessions/{booking_id}").status_code in (302, 303)
    assert Visitor(app).post(f"/sessions/{booking_id}/cancellation").status_code in (302, 303)


def test_the_calendar_file_is_plain_and_in_utc(app: Flask, agreed: tuple[make.Actor, make.ConsultantMade, str]) -> None:
    ada, _, booking_id = agreed
    answer = Visitor(app, ada).get(f"/sessions/{booking_id}/calendar.ics")
    assert answer.mimetype == "text/calendar"
    lines = answer.text.split("\r\n")
    assert "DTSTART:20261126T010000Z" in lines
    assert "DTEND:20261126T020000Z" in lines
    assert f"UID:{booking_id}@zhixun" in lines
    assert "SUMMARY:一小时咨询 · Grace" in lines
    assert all(len(line.encode()) <= 75 for line in lines)
    assert answer.text.endswith("END:VCALENDAR\r\n")
    assert "\n" not in answer.text.replace("\r\n", "")


def test_the_brief_can_be_changed_until_the_session_begins(
    app: Flask, agreed: tuple[make.Actor, make.ConsultantMade, str]
) -> None:
    ada, grace, booking_id = agreed
    browser = Visitor(app, ada, english=True)
    saved = browser.post(f"/sessions/{booking_id}/brief", brief="Better words")
    assert "Saved." in words(browser.follow(saved))
    long = browser.post(f"/sessions/{booking_id}/brief", brief="x" * (BRIEF_LENGTH_MAX + 1))
    assert (long.status_code, "x" * (BRIEF_LENGTH_MAX + 1) in long.text) == (400, True)
    assert Visitor(app, grace.actor).post(f"/sessions/{booking_id}/brief", brief="Mine").status_code == 404
    run(ada, grace, booking_id)
    late = browser.post(f"/sessions/{booking_id}/brief", brief="Too late")
    assert (late.status_code, "This booking can no longer be changed." in words(late)) == (409, True)
    assert make.brief_of(booking_id) == "Better words"


@pytest.mark.parametrize(
    ("before", "back"),
    [(timedelta(hours=24), "¥480.00"), (timedelta(hours=23), "¥240.00"), (timedelta(hours=1), "¥0.00")],
)
def test_cancelling_asks_first_and_names_the_exact_refund(
    app: Flask, agreed: tuple[make.Actor, make.ConsultantMade, str], clock: time_machine.Traveller,
    before: timedelta, back: str,
) -> None:  # fmt: skip
    ada, _, booking_id = agreed
    clock.move_to(START - before, tick=False)
    browser = Visitor(app, ada, english=True)
    asked = browser.get(f"/sessions/{booking_id}/cancellation")
    assert f"You get back now {back}" in words(asked)
    assert statements(asked) <= STATEMENTS_MAX
    assert view(booking_id).state is State.CONFIRMED
    shown = asked.text.split('name="refund_minor" value="')[1].split('"')[0]
    for _ in range(2):
        done = browser.post(f"/sessions/{booking_id}/cancellation", refund_minor=shown)
        assert done.headers["Location"] == f"/en/sessions/{booking_id}"
    page = browser.follow(done)
    said = words(page)
    assert "You cancelled." in said
    assert "The client has not written anything yet." not in said, "that is for the consultant to read"
    assert statements(page) <= STATEMENTS_MAX
    assert (f"{back} is on its way back to you." in said) == (back != "¥0.00")
    assert ("Nothing goes back for this booking." in said) == (back == "¥0.00")


def test_a_refund_that_shrank_while_the_page_was_open_is_asked_again(
    app: Flask, agreed: tuple[make.Actor, make.ConsultantMade, str], clock: time_machine.Traveller
) -> None:
    ada, _, booking_id = agreed
    clock.move_to(START - timedelta(hours=23), tick=False)
    answer = Visitor(app, ada, english=True).post(f"/sessions/{booking_id}/cancellation", refund_minor="48000")
    assert answer.status_code == 409
    assert "has changed while this page was open" in words(answer)
    assert "You get back now ¥240.00" in words(answer)
    assert view(booking_id).state is State.CONFIRMED


def test_a_consultant_who_cancels_gives_everything_back(
    app: Flask, agreed: tuple[make.Actor, make.ConsultantMade, str], clock: time_machine.Traveller
) -> None:
    _, grace, booking_id = agreed
    clock.move_to(START - timedelta(hours=1), tick=False)
    browser = Visitor(app, grace.actor, english=True)
    assert "Your client gets back ¥480.00" in words(browser.get(f"/sessions/{booking_id}/cancellation"))
    done = browser.post(f"/sessions/{booking_id}/cancellation", refund_minor="48000")
    assert "Your client gets ¥480.00 back." in words(browser.follow(done))


def test_a_held_time_can_be_let_go(app: Flask) -> None:
    with unit_of_work(now=NOW) as uow:
        ada, grace = make.client(uow), make.consultant(uow)
        booking_id = make.held_booking(uow, client=ada, consultant=grace, start=START)
    assert Visitor(app, ada).post(f"/sessions/{booking_id}/cancellation").status_code == 303
    assert view(booking_id).state is State.CANCELLED


def test_beginning_and_ending_lead_on_and_can_be_pressed_twice(
    app: Flask, agreed: tuple[make.Actor, make.ConsultantMade, str], clock: time_machine.Traveller
) -> None:
    ada, grace, booking_id = agreed
    clock.move_to(START, tick=False)
    consultant, client = Visitor(app, grace.actor), Visitor(app, ada)
    for _ in range(2):
        begun = consultant.post(f"/sessions/{booking_id}/start")
        assert begun.headers["Location"] == f"/sessions/{booking_id}/room"
    for _ in range(2):
        ended = client.post(f"/sessions/{booking_id}/completion")
        assert ended.headers["Location"] == f"/sessions/{booking_id}/feedback"
    assert consultant.post(f"/sessions/{booking_id}/completion").headers["Location"] == f"/sessions/{booking_id}"
    assert view(booking_id).state is State.COMPLETED


@pytest.mark.parametrize(
    ("english", "sentence"),
    [(True, "A session can start at most 15 minutes before its time."), (False, "最早可在约定时间前 15 分钟开始。")],
)
def test_too_early_is_refused_in_words_and_with_a_way_back(
    app: Flask, agreed: tuple[make.Actor, make.ConsultantMade, str], english: bool, sentence: str
) -> None:
    ada, grace, booking_id = agreed
    early = Visitor(app, grace.actor, english=english).post(f"/sessions/{booking_id}/start")
    assert (early.status_code, sentence in words(early)) == (409, True)
    assert f"/sessions/{booking_id}" in early.text
    not_begun = Visitor(app, ada, english=english).post(f"/sessions/{booking_id}/completion")
    assert not_begun.status_code == 409
    not_theirs = Visitor(app, ada, english=True).post(f"/sessions/{booking_id}/start")
    assert (not_theirs.status_code, "Only the consultant can start the session." in words(not_theirs)) == (403, True)
    assert view(booking_id).state is State.CONFIRMED


def test_what_is_over_cannot_be_cancelled_or_begun(
    app: Flask, agreed: tuple[make.Actor, make.ConsultantMade, str]
) -> None:
    ada, grace, booking_id = agreed
    run(ada, grace, booking_id)
    assert Visitor(app, ada).post(f"/sessions/{booking_id}/cancellation").status_code == 409
    assert Visitor(app, ada).get(f"/sessions/{booking_id}/cancellation").status_code == 303
    with unit_of_work(now=START + timedelta(hours=1)) as uow:
        actions.complete_session(make.acting(uow, grace.actor), booking_id=booking_id)
    assert Visitor(app, grace.actor).post(f"/sessions/{booking_id}/start").status_code == 409


def test_a_consultant_reads_what_of_it_is_theirs_and_when_and_a_client_does_not(
    app: Flask, agreed: tuple[make.Actor, make.ConsultantMade, str], clock: time_machine.Traveller
) -> None:
    ada, grace, booking_id = agreed
    hers, theirs = Visitor(app, ada, english=True), Visitor(app, grace.actor, english=True)
    before = theirs.get(f"/sessions/{booking_id}")
    assert "Yours 48 hours after the session: ¥422.40" in words(before)
    assert statements(before) <= STATEMENTS_MAX
    assert "Yours" not in words(hers.get(f"/sessions/{booking_id}"))
    run(ada, grace, booking_id)
    with unit_of_work(now=START + timedelta(hours=1)) as uow:
        actions.complete_session(make.acting(uow, grace.actor), booking_id=booking_id)
    clock.move_to(START + timedelta(hours=2))
    assert "Yours from Sat 28 Nov, 10:00: ¥422.40" in words(theirs.get(f"/sessions/{booking_id}"))
    with unit_of_work(now=START + timedelta(days=3)) as uow:
        actions.release_money(uow, booking_id=booking_id)
    clock.move_to(START + timedelta(days=3))
    assert "Your share became yours on Sun 29 Nov" in words(theirs.get(f"/sessions/{booking_id}"))
