"""People hear of what they wish, when they wish; reminders come once; and a mail can be ended from the mail itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from tests import make
from tests.visitor import Visitor, house, statements, words
from zhixun.events.booking import BookingCancelled, BookingConfirmed, SessionCompleted
from zhixun.events.notifications import HeldMailsReleased, ReminderDue
from zhixun.features.booking import actions as bookings
from zhixun.features.notifications import actions, handlers, queries, rules
from zhixun.features.notifications.models import Notice
from zhixun.features.notifications.ports import House, Mail, Mailer
from zhixun.features.notifications.rules import Preferences
from zhixun.kernel import services
from zhixun.kernel.errors import Invalid, NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor

NOW = make.NOW
HOUR = timedelta(hours=1)
QUIET = Preferences(quiet_from="22:00", quiet_until="07:30")
STARTS = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)
"""10:00 on Thursday in Shanghai."""


class Post:
    def __init__(self) -> None:
        self.sent: list[Mail] = []

    def send(self, mail: Mail) -> None:
        self.sent.append(mail)


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Post:
    monkeypatch.setattr(services, "_adapters", dict(services._adapters))
    made = Post()
    services.provide(Mailer, made)
    services.provide(House, House("https://consult.example.com", "a key"))
    return made


@pytest.fixture
def booked(db_url: str) -> dict[str, str]:
    with unit_of_work(now=NOW) as uow:
        ada, grace = make.client(uow, language="en"), make.consultant(uow)
        booking_id = make.paid_booking(uow, client=ada, consultant=grace, start=STARTS)
    return {"booking_id": booking_id, "client_id": ada.user_id, "consultant_id": grace.id}


def at(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    monkeypatch.setattr("zhixun.kernel.unit_of_work.utc_now", lambda: now)


def wish(user_id: str, wanted: Preferences) -> None:
    with unit_of_work(Actor(user_id), now=NOW) as uow:
        actions.prefer(uow, wanted=wanted)


def reminders_due(now: datetime) -> list[ReminderDue]:
    with unit_of_work(now=now) as uow:
        actions.remind(uow)
        return [fact for fact in uow.facts if isinstance(fact, ReminderDue)]


def released(now: datetime) -> list[HeldMailsReleased]:
    with unit_of_work(now=now) as uow:
        actions.release_held_mails(uow)
        return [fact for fact in uow.facts if isinstance(fact, HeldMailsReleased)]


@pytest.mark.parametrize(
    ("kind", "wanted", "now", "expected"),
    [
        ("booking_confirmed", Preferences(), "2026-11-24T15:00+00:00", "2026-11-24T15:00+00:00"),
        ("booking_confirmed", QUIET, "2026-11-24T13:59+00:00", "2026-11-24T13:59+00:00"),  # 21:59 in Shanghai
        ("booking_confirmed", QUIET, "2026-11-24T14:00+00:00", "2026-11-24T23:30+00:00"),
        ("booking_confirmed", QUIET, "2026-11-24T23:29+00:00", "2026-11-24T23:30+00:00"),
        ("booking_confirmed", QUIET, "2026-11-24T23:30+00:00", "2026-11-24T23:30+00:00"),
        ("reminder_soon", QUIET, "2026-11-24T14:00+00:00", "2026-11-24T14:00+00:00"),
        ("booking_cancelled", replace(QUIET, digest=True), "2026-11-24T14:00+00:00", "2026-11-24T14:00+00:00"),
        ("feedback_given", Preferences(digest=True), "2026-11-24T00:00+00:00", "2026-11-25T00:00+00:00"),  # 08:00 there
        ("feedback_given", Preferences(frozenset({"feedback:mail"})), "2026-11-24T15:00+00:00", None),
        ("booking_confirmed", Preferences(frozenset({"bookings:mail"})), "2026-11-24T15:00+00:00", "2026-11-24T15:00+00:00"),
        ("a_kind_of_tomorrow", Preferences(), "2026-11-24T15:00+00:00", "2026-11-24T15:00+00:00"),
    ],
)  # fmt: skip
def test_a_mail_is_due_when_its_reader_wants_it(kind, wanted, now, expected):
    way = rules.way_of(kind, wanted, now=datetime.fromisoformat(now), zone="Asia/Shanghai")
    assert way.mail_at == (datetime.fromisoformat(expected) if expected else None)


def test_quiet_hours_end_when_the_clock_jumps_over_their_end():
    wanted = Preferences(quiet_from="00:30", quiet_until="02:30")  # New York skips 02:30 on 14 March 2027
    way = rules.way_of("feedback_given", wanted, now=datetime(2027, 3, 14, 6, 0, tzinfo=UTC), zone="America/New_York")
    assert way.mail_at == datetime(2027, 3, 14, 7, 30, tzinfo=UTC)


def test_both_are_reminded_a_day_and_a_quarter_of_an_hour_before_and_once(booked, post, monkeypatch):
    assert reminders_due(STARTS - 25 * HOUR) == []
    [day] = reminders_due(STARTS - 24 * HOUR)
    assert reminders_due(STARTS - 23 * HOUR) == []
    at(monkeypatch, STARTS - 24 * HOUR)
    for _ in range(2):
        handlers.remind_both(day)
    assert sorted((mail.to, mail.subject) for mail in post.sent) == [
        ("ada@example.com", "Reminder: One hour"), ("grace@example.com", "提醒：一小时咨询"),
    ]  # fmt: skip
    [soon] = reminders_due(STARTS - timedelta(minutes=15))
    assert reminders_due(STARTS - timedelta(minutes=14)) == []
    at(monkeypatch, STARTS - timedelta(minutes=15))
    handlers.remind_both(soon)
    assert f"https://consult.example.com/en/sessions/{booked['booking_id']}/room" in post.sent[-2].text


def test_a_clock_that_stood_still_for_hours_still_reminds(booked):
    assert [fact.kind for fact in reminders_due(STARTS - 21 * HOUR)] == ["reminder_day"]
    assert [fact.kind for fact in reminders_due(STARTS - timedelta(minutes=1))] == ["reminder_soon"]
    assert reminders_due(STARTS) == []


def test_who_has_only_just_booked_is_not_reminded_of_a_day(db_url):
    with unit_of_work(now=STARTS - 25 * HOUR) as uow:
        make.paid_booking(uow, client=make.client(uow), consultant=make.consultant(uow), start=STARTS)
    assert reminders_due(STARTS - 24 * HOUR) == []
    assert len(reminders_due(STARTS - timedelta(minutes=10))) == 1


def test_nobody_is_reminded_of_what_was_cancelled_meanwhile(booked, post, monkeypatch):
    [day] = reminders_due(STARTS - 24 * HOUR)
    at(monkeypatch, STARTS - 24 * HOUR)
    with unit_of_work(Actor(booked["client_id"])) as uow:
        bookings.cancel_booking(uow, booking_id=booked["booking_id"])
    handlers.remind_both(day)
    assert post.sent == []


def test_what_comes_in_quiet_hours_waits_and_comes_as_one_mail(booked, post, monkeypatch):
    wish(booked["client_id"], QUIET)
    at(monkeypatch, NOW + 6 * HOUR)  # 23:00 in Shanghai
    handlers.tell_both_confirmed(BookingConfirmed(**booked))
    handlers.ask_client_for_feedback(SessionCompleted(**booked))
    assert [mail.to for mail in post.sent] == ["grace@example.com"]
    assert released(NOW + 7 * HOUR) == []
    [bundle] = released(NOW + 15 * HOUR)
    assert released(NOW + 15 * HOUR) == []
    for _ in range(2):
        handlers.send_held_mails(bundle)
    [to_ada] = [mail for mail in post.sent if mail.to == "ada@example.com"]
    assert to_ada.subject == "2 notices"
    assert to_ada.message_id == bundle.bundle_id
    assert "Confirmed: One hour" in to_ada.text
    assert "How was your session?" in to_ada.text
    assert f"https://consult.example.com/en/sessions/{booked['booking_id']}/feedback" in to_ada.text
    with Session() as db:
        assert all(one.mailed_at for one in db.scalars(select(Notice)))


def test_one_held_mail_alone_looks_as_it_would_have(booked, post, monkeypatch):
    wish(booked["client_id"], QUIET)
    at(monkeypatch, NOW + 6 * HOUR)
    handlers.tell_both_confirmed(BookingConfirmed(**booked))
    [bundle] = released(NOW + 15 * HOUR)
    handlers.send_held_mails(bundle)
    assert post.sent[-1].subject == "Confirmed: One hour"


def test_a_reminder_held_until_it_is_too_late_is_dropped(booked, post, monkeypatch):
    wish(booked["client_id"], Preferences(digest=True))
    [day] = reminders_due(STARTS - 24 * HOUR)
    at(monkeypatch, STARTS - 24 * HOUR)
    handlers.remind_both(day)
    [bundle] = released(STARTS - 2 * HOUR)
    at(monkeypatch, STARTS + HOUR)
    handlers.send_held_mails(bundle)
    assert [mail.to for mail in post.sent] == ["grace@example.com"]
    with Session() as db:
        assert all(one.mailed_at for one in db.scalars(select(Notice)))


def test_a_cancellation_comes_through_quiet_hours(booked, post, monkeypatch):
    wish(booked["client_id"], QUIET)
    at(monkeypatch, NOW + 6 * HOUR)
    handlers.tell_both_cancelled(BookingCancelled(**booked, reason="consultant"))
    assert "ada@example.com" in [mail.to for mail in post.sent]


def test_what_is_switched_off_is_neither_shown_nor_counted_nor_sent(booked, post, monkeypatch):
    wish(booked["client_id"], Preferences(frozenset({"feedback:in_app", "feedback:mail"})))
    at(monkeypatch, NOW)
    for _ in range(2):
        handlers.ask_client_for_feedback(SessionCompleted(**booked))
    assert post.sent == []
    with Session() as db:
        assert queries.notices_of(db, booked["client_id"]) == []
        assert queries.unread_count(db, booked["client_id"]) == 0


@pytest.mark.parametrize(
    "wanted",
    [
        Preferences(quiet_from="22:00"),
        Preferences(quiet_until="07:00"),
        Preferences(quiet_from="22:00", quiet_until="22:00"),
        Preferences(quiet_from="22:10", quiet_until="07:00"),
        Preferences(quiet_from="25:00", quiet_until="07:00"),
    ],
)
def test_quiet_hours_that_make_no_sense_are_refused(db_url, wanted):
    with pytest.raises(Invalid, match="check"), unit_of_work(Actor("ada")) as uow:
        actions.prefer(uow, wanted=wanted)


@pytest.mark.parametrize("token", ["", "a.b.c", "..", "x.reminders.", "x.reminders.é", "x.bookings." + "0" * 32])
def test_a_link_we_did_not_write_ends_nothing(token):
    with pytest.raises(NotFound):
        rules.read_stop_token("a key", token)
    good = rules.stop_token("a key", "ada", "reminders")
    assert rules.read_stop_token("a key", good) == ("ada", "reminders")
    with pytest.raises(NotFound):
        rules.read_stop_token("another key", good)
    with pytest.raises(NotFound):
        rules.read_stop_token("a key", good.replace("ada", "bob"))


def test_mails_say_how_to_end_them_where_one_may(booked, post, monkeypatch):
    at(monkeypatch, NOW)
    handlers.tell_both_confirmed(BookingConfirmed(**booked))
    handlers.ask_client_for_feedback(SessionCompleted(**booked))
    confirmed, feedback = (
        next(m for m in post.sent if m.to == "ada@example.com" and k in m.subject) for k in ("Conf", "How")
    )
    assert confirmed.unsubscribe_url == ""
    assert feedback.unsubscribe_url.startswith("https://consult.example.com/en/notices/stop/")
    assert feedback.unsubscribe_url in feedback.text


def test_a_mail_is_a_page_too_that_needs_nothing_from_elsewhere(booked, post, monkeypatch):
    at(monkeypatch, NOW)
    handlers.tell_both_confirmed(BookingConfirmed(**booked))
    for mail in post.sent:
        assert "<img" not in mail.html
        assert "<link" not in mail.html
        assert "<script" not in mail.html
        assert mail.text.split("\n")[0] in mail.html.replace("&#34;", '"')
    to_ada = next(mail for mail in post.sent if mail.to == "ada@example.com")
    assert '<html lang="en">' in to_ada.html
    assert ">When</td>" in to_ada.html


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    return house(db_url, tmp_path)


def test_the_page_keeps_what_one_chooses(app):
    with unit_of_work() as uow:
        ada = make.client(uow)
    visitor = Visitor(app, ada, english=True)
    page = visitor.get("/me/notices")
    assert statements(page) <= 12
    assert page.text.count('name="told"') == page.text.count(" checked>") == 6
    sent = visitor.post(
        "/me/notices", told=["reminders:in_app", "feedback:mail"], quiet_from="22:00", quiet_until="07:30", digest="1"
    )
    after = visitor.follow(sent)
    assert "Saved." in words(after)
    with Session() as db:
        assert queries.preferences_of(db, ada.user_id) == Preferences(
            frozenset({"reminders:mail", "feedback:in_app", "after:in_app", "after:mail"}), "22:00", "07:30", True
        )


def test_hours_that_make_no_sense_are_said_and_what_was_chosen_is_kept(app):
    with unit_of_work() as uow:
        ada = make.client(uow)
    refused = Visitor(app, ada, english=True).post("/me/notices", told=["feedback:mail"], quiet_from="22:00")
    assert refused.status_code == 400
    assert "Quiet hours have a beginning and an end." in words(refused)
    assert refused.text.count(" checked>") == 1
    assert "<option selected>22:00" in refused.text


def test_a_mail_program_ends_mails_by_one_post_without_signing_in(app):
    with unit_of_work() as uow:
        ada = make.client(uow)
    path = rules.stop_path("reminder_day", str(app.secret_key), ada.user_id)
    assert "Stop these mails" in words(Visitor(app, english=True).get(path))
    program = app.test_client()
    for _ in range(2):
        assert program.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    with Session() as db:
        assert queries.preferences_of(db, ada.user_id).off == {"reminders:mail"}
    assert program.post(path[:-1] + "x").status_code == 404
    assert program.get("/notices/stop/nothing").status_code == 404
    assert program.post("/me/notices").status_code in (400, 401, 403, 302, 303)
