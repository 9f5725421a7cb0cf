"""Facts become interactions in the log. Whether the person agrees is asked again at this moment, not when it happened."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from zhixun.events.behaviour import InteractionsStated
from zhixun.events.booking import BookingCancelled, BookingConfirmed, BookingFact, BookingHeld, SessionCompleted
from zhixun.events.privacy import ConsentWithdrawn
from zhixun.events.quality import FeedbackGiven
from zhixun.kernel.services import service
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work

from . import actions, queries, rules
from .ports import InteractionLog
from .rules import Interaction


def record_stated(event: InteractionsStated) -> None:
    _record(event.user_id, rules.unpacked(event.interactions))


def record_booking(event: BookingHeld) -> None:
    _record(event.client_id, [_done("booking", event)])


def record_payment(event: BookingConfirmed) -> None:
    _record(event.client_id, [_done("payment", event)])


def record_session(event: SessionCompleted) -> None:
    _record(event.client_id, [_done("session", event)])


def record_cancellation(event: BookingCancelled) -> None:
    _record(event.client_id, [_done("cancellation", event)])


def record_feedback(event: FeedbackGiven) -> None:
    _record(event.client_id, [_about("feedback", event.event_id, event.consultant_id)])


def forget_withdrawn(event: ConsentWithdrawn) -> None:
    """Who takes the consent back takes what was collected with it. A later yes begins anew, under another name."""
    if event.purpose != rules.PURPOSE:
        return
    with Session() as db:
        person = queries.pseudonym_before(db, event.user_id, datetime.fromisoformat(event.at))
    if person is not None:
        _forget(event.user_id, person)


def forget_erased(person_id: str) -> None:
    """Whoever is erased leaves nothing in the log, whether they had agreed to the end or not."""
    with Session() as db:
        person = queries.pseudonym_of(db, person_id)
    if person is not None:
        _forget(person_id, person)


def _forget(user_id: str, person: str) -> None:
    """The log first, for without the pseudonym nobody finds it; then again what was written down meanwhile."""
    log = service(InteractionLog)
    log.forget_person(person)
    with unit_of_work() as uow:
        actions.forget_pseudonym(uow, user_id=user_id)
    log.forget_person(person)


def _record(user_id: str, interactions: list[Interaction]) -> None:
    with unit_of_work() as uow:
        person = actions.pseudonym(uow, user_id=user_id)
    if person is None:
        return
    new = service(InteractionLog).add(person, interactions)
    with Session() as db:
        still = queries.pseudonym_of(db, user_id) == person
    if not still:  # taken back while we wrote
        service(InteractionLog).forget_person(person)
        return
    if new:
        with unit_of_work() as uow:
            actions.announce(uow, user_id=user_id, count=new)


def _done(kind: str, event: BookingFact) -> Interaction:
    made = _about(kind, event.event_id, event.consultant_id)
    if not isinstance(event, BookingConfirmed):
        return made
    starts_at = datetime.fromisoformat(event.starts_at).astimezone(UTC) if event.starts_at else None
    return replace(made, value_minor=event.price_minor, channel=event.channel, starts_at=starts_at)


def _about(kind: str, event_id: str, consultant_id: str) -> Interaction:
    return Interaction(event_id, kind, f"consultant:{consultant_id}", rules.moment_of(event_id), source="server")
