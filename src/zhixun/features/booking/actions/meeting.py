"""The session: who comes, how it begins and ends, and what follows where someone does not come."""

from __future__ import annotations

from datetime import datetime

from zhixun.events.booking import SessionBegan, SessionCompleted, SessionMissed
from zhixun.features.booking import rules
from zhixun.features.booking.models import Booking
from zhixun.features.booking.rules import State
from zhixun.features.loyalty import actions as loyalty
from zhixun.kernel.errors import N_, Conflict, Forbidden
from zhixun.kernel.unit_of_work import UnitOfWork

from .record import NotYet, TooLate, become, both_came, give_back, own, parties, price_of


class NotThere(Conflict):
    code, message = "not_there", N_("Please come into the room first, so that it is known that you were there.")


class ConsultantsTurn(Forbidden):
    code, message = "consultants_turn", N_("Only the consultant can start the session.")


def join_session(uow: UnitOfWork, *, booking_id: str) -> State:
    """Someone opens the room. Once both have come and the time has come, the session is in progress.

    Raises NotFound. Joining a booking that is not confirmed or in progress changes nothing.
    """
    booking = own(uow, booking_id)
    if State(booking.state) not in (State.CONFIRMED, State.IN_PROGRESS):
        return State(booking.state)
    if uow.actor.user_id == booking.client_id:
        booking.client_joined_at = _joined(uow, booking, booking.client_joined_at)
    elif uow.actor.user_id == booking.consultant_id:
        booking.consultant_joined_at = _joined(uow, booking, booking.consultant_joined_at)
    if booking.state == State.CONFIRMED and both_came(booking) and uow.now >= booking.starts_at:
        begin(uow, booking)
    return State(booking.state)


def begin_session(uow: UnitOfWork, *, booking_id: str) -> State:
    """The consultant starts: at the time, or up to EARLY_START before it when the client has just come into the room.

    Starting twice is done once. Raises NotFound, ConsultantsTurn, NotYet, TooLate.
    """
    booking = own(uow, booking_id)
    if booking.state == State.IN_PROGRESS:
        return State.IN_PROGRESS
    if uow.actor.user_id != booking.consultant_id:
        raise ConsultantsTurn
    if booking.state != State.CONFIRMED or booking.ends_at <= uow.now:
        raise TooLate
    if uow.now < booking.starts_at - rules.EARLY_START:
        raise NotYet(N_("A session can start at most 15 minutes before its time."))
    client_here = booking.client_joined_at is not None and uow.now - booking.client_joined_at <= rules.EARLY_PRESENCE
    if uow.now < booking.starts_at and not client_here:
        raise NotYet(N_("Your client is not here yet. You can start early once both of you are in the room."))
    booking.consultant_joined_at = _joined(uow, booking, booking.consultant_joined_at)
    begin(uow, booking)
    return State.IN_PROGRESS


def stop_waiting(uow: UnitOfWork, *, booking_id: str) -> State:
    """Who is there alone leaves: from ten minutes after the start on the other counts as absent, with what follows
    from it. Without it the clock decides the same five minutes later. Twice is once.

    Raises NotFound, TooLate (over, or the other has come), NotYet (before the ten minutes), NotThere (the asker has
    not come either).
    """
    booking = own(uow, booking_id)
    if booking.state == State.NO_SHOW:
        return State.NO_SHOW
    came = {booking.client_id: booking.client_joined_at, booking.consultant_id: booking.consultant_joined_at}
    if booking.state != State.CONFIRMED or both_came(booking):
        raise TooLate(N_("You have both come to this session, or it is over."))
    if not rules.has_come(came.get(uow.actor.user_id), starts_at=booking.starts_at):
        raise NotThere
    if uow.now < booking.starts_at + rules.LEAVE_AFTER:
        raise NotYet(N_("Please wait until ten minutes after the start."))
    miss(uow, booking)
    return State.NO_SHOW


def complete_session(uow: UnitOfWork, *, booking_id: str) -> State:
    """Either of the two ends a session that has begun. Twice is once. Raises NotFound, NotYet, TooLate (ended already).

    A consultant alone in the room waits for the client as long as anyone has to: until then it is not a session held.
    """
    booking = own(uow, booking_id)
    if booking.state == State.COMPLETED:
        return State.COMPLETED
    if booking.state != State.IN_PROGRESS:
        raise NotYet if State(booking.state) in rules.UPCOMING else TooLate
    if uow.actor.user_id == booking.consultant_id and uow.now < _waited_until(booking) and not _client_came(booking):
        raise NotYet(N_("Your client is not here yet. You can end the session 15 minutes after its start."))
    complete(uow, booking)
    return State.COMPLETED


def _joined(uow: UnitOfWork, booking: Booking, before: datetime | None) -> datetime:
    """When someone came: the first time since the room is open; before that, their latest look into it."""
    return before if before and rules.has_come(before, starts_at=booking.starts_at) else uow.now


def _waited_until(booking: Booking) -> datetime:
    return min(booking.starts_at + rules.NO_SHOW_AFTER, booking.ends_at)


def _client_came(booking: Booking) -> bool:
    """Whether the client was there when it began, early or not, or came since."""
    joined, began = booking.client_joined_at, booking.began_at or booking.starts_at
    return joined is not None and joined >= min(
        began - rules.EARLY_PRESENCE, booking.starts_at - rules.ROOM_OPENS_BEFORE
    )


def begin(uow: UnitOfWork, booking: Booking) -> None:
    become(uow, booking, State.IN_PROGRESS)
    booking.began_at = uow.now
    uow.emit(SessionBegan(**parties(booking)))


def complete(uow: UnitOfWork, booking: Booking) -> None:
    become(uow, booking, State.COMPLETED)
    booking.completed_at = uow.now
    booking.release_at = uow.now + rules.RELEASE_AFTER
    loyalty.earn_points(uow, booking_id=booking.id, person_id=booking.client_id, paid=price_of(booking))
    uow.emit(SessionCompleted(**parties(booking)))


def miss(uow: UnitOfWork, booking: Booking) -> None:
    """Who did not come pays: a consultant's absence gives everything back; a client's is like cancelling at the last
    minute, and what the ladder leaves goes to the consultant. Where nobody came the client is not the one to pay."""
    become(uow, booking, State.NO_SHOW)
    if rules.has_come(booking.consultant_joined_at, starts_at=booking.starts_at):
        booking.ended_reason = "client"
        booking.release_at = uow.now + rules.RELEASE_AFTER
    else:
        booking.ended_reason = "consultant"
        give_back(uow, booking, 10_000, reason="consultant_no_show")
    uow.emit(SessionMissed(**parties(booking), absent=booking.ended_reason))
