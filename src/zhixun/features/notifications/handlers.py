"""Facts become notices and mails. A notice's id is made of the fact's id and the reader's, so twice is once."""

from __future__ import annotations

import hashlib
import logging

from zhixun.events.booking import (
    BookingCancelled,
    BookingConfirmed,
    BookingExpired,
    BookingFact,
    SessionCompleted,
    SessionMissed,
)
from zhixun.events.quality import FeedbackGiven
from zhixun.features.accounts import queries as accounts
from zhixun.features.booking import queries as bookings
from zhixun.features.booking.queries import BookingView
from zhixun.kernel.services import service
from zhixun.kernel.unit_of_work import unit_of_work

from . import actions, rules
from .ports import Mail, Mailer, Undeliverable
from .rules import Occasion

log = logging.getLogger(__name__)


def tell_both_confirmed(event: BookingConfirmed) -> None:
    _tell(event, "booking_confirmed", [event.client_id, event.consultant_id])


def tell_both_cancelled(event: BookingCancelled) -> None:
    _tell(event, "booking_cancelled", [event.client_id, event.consultant_id])


def tell_client_expired(event: BookingExpired) -> None:
    _tell(event, "booking_expired", [event.client_id])


def ask_client_for_feedback(event: SessionCompleted) -> None:
    _tell(event, "session_completed", [event.client_id])


def tell_both_missed(event: SessionMissed) -> None:
    _tell(event, f"missed_by_{event.absent}", [event.client_id, event.consultant_id])


def tell_consultant_of_feedback(event: FeedbackGiven) -> None:
    _tell(event, "feedback_given", [event.consultant_id])


def _tell(event: BookingFact | FeedbackGiven, kind: str, readers: list[str]) -> None:
    """Notices first, then the mails, outside any transaction. A mail that fails keeps no other back; the fact is then
    delivered again, and only what has not been sent is sent."""
    failures = []
    for mail in _write(event, kind, readers):
        try:
            service(Mailer).send(mail)
        except Undeliverable as refusal:
            log.warning("a mail is given up: its address is refused for good (%s)", refusal)
        except Exception as failure:  # whatever a mailer may raise
            failures.append(failure)
            continue
        with unit_of_work() as uow:
            actions.note_mailed(uow, notice_id=mail.message_id)
    if failures:
        raise failures[0]


def _write(event: BookingFact | FeedbackGiven, kind: str, readers: list[str]) -> list[Mail]:
    """Store the notices, each once, and return the mails that are still to be sent."""
    with unit_of_work() as uow:
        view = bookings.booking(uow.db, event.booking_id, uow.actor, uow.now)
        people = accounts.people(uow.db, [view.client_id, view.consultant_id])
        addresses = accounts.emails_of(uow.db, readers, uow.actor)
        found = []
        for reader in readers:
            person, other = people[reader], people[view.other_party(reader)]
            values = {"title": view.title.as_dict(), "other": other.name}
            notice_id = hashlib.sha256(f"{event.event_id}:{kind}:{reader}".encode()).hexdigest()[:32]
            if actions.tell(
                uow, notice_id=notice_id, user_id=reader, kind=kind, subject_id=event.booking_id, values=values
            ):
                subject, body = rules.letter(
                    kind, _occasion(view, other.name, reader), language=person.language, zone=person.zone
                )
                found.append(Mail(addresses[reader], subject, body, notice_id))
        return found


def _occasion(view: BookingView, other: str, reader: str) -> Occasion:
    free = [
        step.until for step in view.ladder if step.refund == view.price and step.until and step.until > view.seen_at
    ]
    return Occasion(
        title=view.title, other=other, starts_at=view.starts_at, minutes=view.minutes,
        to_client=reader == view.client_id, free_until=max(free, default=None) if view.price else None,
    )  # fmt: skip
