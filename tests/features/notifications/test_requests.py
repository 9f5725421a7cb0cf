"""What is told about requests: who is asked, who is reminded, and what stands instead of a session that will not be."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests import make
from tests.features.notifications.test_telling import NOW, Post, notices
from zhixun.events.booking import BookingCancelled, BookingRequested
from zhixun.events.notifications import ReminderDue
from zhixun.features.booking import actions as bookings
from zhixun.features.catalog import actions as catalog
from zhixun.features.notifications import actions, handlers
from zhixun.features.notifications.handlers import answering
from zhixun.features.notifications.ports import House, Mailer
from zhixun.kernel import services
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import SYSTEM

HOUR = timedelta(hours=1)


@pytest.fixture
def post(monkeypatch):
    monkeypatch.setattr(services, "_adapters", dict(services._adapters))
    monkeypatch.setattr("zhixun.kernel.unit_of_work.utc_now", lambda: NOW)
    made = Post()
    services.provide(Mailer, made)
    services.provide(House, House("https://consult.example.com", "a key"))
    return made


@pytest.fixture
def asked(db_url):
    """The ids of a request's parties, as a fact names them."""
    with unit_of_work(now=NOW) as uow:
        ada = make.client(uow, language="en")
        grace = make.consultant(uow)
        for name in ("Ida", "Mary", "Hopper"):
            make.consultant(uow, name)
        catalog.ask_first(make.acting(uow, grace.actor), service_id=grace.service_id, on_request=True)
        uow.db.flush()
        start = make.slot(uow, grace, number=8)
        booking_id = make.paid_booking(uow, client=ada, consultant=grace, start=start)
    return {"booking_id": booking_id, "client_id": ada.user_id, "consultant_id": grace.id}


def due(at):
    with unit_of_work(SYSTEM, now=at) as uow:
        actions.remind(uow)
        return [fact for fact in uow.facts if isinstance(fact, ReminderDue) and fact.kind == "request_due"]


def test_the_consultant_is_asked_and_the_client_told_until_when(asked, post):
    for _ in range(2):
        answering.tell_both_requested(BookingRequested(**asked, answer_by="2026-11-25T09:00:00Z", event_id="a" * 32))
    [to_grace], [to_ada] = post.to("grace@example.com"), post.to("ada@example.com")
    assert "请在此之前答复：2026 年 11 月 25 日 周三 17:00" in to_grace.text
    assert f"/sessions/{asked['booking_id']}" in to_grace.text
    assert "Answer at the latest: Wednesday 25 November 2026, 17:00" in to_ada.text
    for mail in (to_grace, to_ada):
        [invitation] = mail.attachments
        assert b"STATUS:TENTATIVE" in invitation.data
        assert b"PARTSTAT=TENTATIVE" in invitation.data


def test_who_has_not_answered_is_reminded_once_four_hours_before_the_end(asked, post):
    assert due(NOW + 19 * HOUR) == []
    [fact] = due(NOW + 20 * HOUR)
    assert due(NOW + 21 * HOUR) == []
    handlers.remind_both(fact)
    assert [one.kind for one in notices(asked["consultant_id"])] == ["request_due"]
    assert notices(asked["client_id"]) == []


def test_who_has_answered_meanwhile_is_not_reminded(asked, post):
    [fact] = due(NOW + 20 * HOUR)
    with unit_of_work(now=NOW) as uow:
        grace = make.Actor(asked["consultant_id"], frozenset({"consultant"}))
        bookings.accept_request(make.acting(uow, grace), booking_id=asked["booking_id"])
    handlers.remind_both(fact)
    assert post.sent == []


@pytest.mark.parametrize(
    ("reason", "subject", "first"),
    [("declined", "Declined: One hour", "Grace"), ("unanswered", "Not answered: One hour", "Hopper")],
)
def test_who_is_left_without_a_session_is_mailed_three_others(asked, post, reason, subject, first):
    with unit_of_work(now=NOW) as uow:
        if reason == "declined":
            grace = make.Actor(asked["consultant_id"], frozenset({"consultant"}))
            bookings.decline_request(make.acting(uow, grace), booking_id=asked["booking_id"], reason="Not my field.")
        else:
            bookings.pass_time(make.acting(uow, SYSTEM, now=NOW + 24 * HOUR), booking_id=asked["booking_id"])
    fact = BookingCancelled(**asked, reason=reason)
    for _ in range(2):
        answering.tell_cancelled(fact)
    [mail] = post.to("ada@example.com")
    assert mail.subject == subject
    assert mail.text.count("#book") == 3
    assert f"Book {first}: https://consult.example.com/en/c/{first.lower()}" in mail.text
    assert "Not my field" not in mail.text, "why stands on the page, not in a mailbox"
    assert b"METHOD:CANCEL" in mail.attachments[0].data
    assert len(post.to("grace@example.com")) == 1
