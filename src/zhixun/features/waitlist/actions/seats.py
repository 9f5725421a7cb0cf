"""Waiting for a seat in a group session that is full: who comes first is offered what becomes free, once each.

The id of a place is that of the booking it may become, so the seat that is kept is that booking's already.
"""

from __future__ import annotations

from sqlalchemy import select

from zhixun.events.waitlist import TimeOffered
from zhixun.features.booking import actions as bookings
from zhixun.features.booking import queries as booking_queries
from zhixun.features.booking.actions import BookingMade, GroupClosed, OwnService, SeatedAlready
from zhixun.features.waitlist import queries, rules
from zhixun.features.waitlist.models import SeatPlace
from zhixun.features.waitlist.rules import State
from zhixun.kernel.errors import N_, Conflict, Invalid, NotFound
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import is_id

from .line import WaitsTooOften, alone_with, stamp


class SeatsFree(Conflict):
    code, message = "seats_free", N_("A seat is free right now: you can take it at once.")


class WaitsForSeat(Conflict):
    code, message = "waits_for_seat", N_("You are waiting for a seat in this session already.")


class SeatOver(Conflict):
    code, message = "seat_over", N_("This seat is not kept for you any more.")


def join_for_seat(uow: UnitOfWork, *, place_id: str, group_id: str, zone: str) -> None:
    """Wait for a seat. The same `place_id` twice is once.

    Raises NotFound, Invalid, OwnService, GroupClosed, SeatsFree, SeatedAlready, WaitsForSeat, WaitsTooOften.
    """
    if not is_id(place_id):
        raise Invalid
    bookings.after_own_other_requests(uow)
    me = uow.actor.user_id
    if (known := uow.db.get(SeatPlace, place_id)) is not None:
        if known.client_id != me:
            raise NotFound
        return
    group = booking_queries.group(uow.db, group_id, uow.now)
    if group.consultant_id == me:
        raise OwnService
    if group.state == "cancelled" or group.starts_at - rules.OFFER <= uow.now:
        raise GroupClosed
    if booking_queries.own_seat(uow.db, group_id, uow.actor, uow.now) is not None:
        raise SeatedAlready
    waits = (SeatPlace.group_id == group_id, SeatPlace.state.in_(queries.OPEN))
    if uow.db.scalar(select(SeatPlace.id).where(*waits, SeatPlace.client_id == me)) is not None:
        raise WaitsForSeat
    if group.may_take and uow.db.scalar(select(SeatPlace.id).where(*waits).limit(1)) is None:
        raise SeatsFree
    if queries.open_count(uow.db, me) >= rules.WAITING_MAX:
        raise WaitsTooOften
    uow.db.add(
        SeatPlace(
            id=place_id, client_id=me, consultant_id=group.consultant_id, group_id=group_id, state=State.WAITING,
            zone=zone, joined_at=uow.now, ends_at=group.starts_at - rules.OFFER, expires_at=None,
        )
    )  # fmt: skip
    uow.db.flush()


def leave_seat(uow: UnitOfWork, *, place_id: str) -> None:
    """Wait no longer; a seat kept for the asker passes on. Twice is once. Raises NotFound."""
    place = _own(uow, place_id)
    if State(place.state) not in queries.OPEN:
        return
    _end(uow, place, State.LEFT)
    _offer_all(uow, place.consultant_id)


def accept_seat(uow: UnitOfWork, *, place_id: str) -> BookingMade:
    """Take the seat that is kept; from there it is a booking like any other. Twice is once.

    Raises NotFound, SeatOver, and what taking a seat raises.
    """
    bookings.after_own_other_requests(uow)
    place = _own(uow, place_id)
    if place.state == State.OFFERED and place.expires_at is not None and place.expires_at > uow.now:
        _become(place, State.TAKEN)
    elif place.state != State.TAKEN:
        raise SeatOver
    return bookings.take_seat(uow, booking_id=place.id, group_id=place.group_id)


def pass_on_seats(uow: UnitOfWork, *, consultant_id: str) -> int:
    """Take what is over out of the lists of a consultant's group sessions, then offer each free seat to who comes next."""
    mine = select(SeatPlace).where(SeatPlace.consultant_id == consultant_id, SeatPlace.state.in_(queries.OPEN))
    places = list(uow.db.scalars(mine))
    gone = {
        one.id
        for one in booking_queries.groups_by_ids(uow.db, {place.group_id for place in places}, uow.now)
        if one.state == "cancelled"
    }
    for place in places:
        kept = place.expires_at is not None and place.expires_at > uow.now
        if place.group_id in gone or (place.ends_at <= uow.now and not kept) or (place.expires_at and not kept):
            _end(uow, place, State.ENDED)
    return _offer_all(uow, consultant_id)


def _offer_all(uow: UnitOfWork, consultant_id: str) -> int:
    """In the order of the list, to whoever is awake and has no seat meanwhile."""
    waiting = select(SeatPlace).where(
        SeatPlace.consultant_id == consultant_id, SeatPlace.state == State.WAITING, SeatPlace.ends_at > uow.now
    )
    return sum(
        _offer(uow, place) for place in uow.db.scalars(waiting.order_by(SeatPlace.joined_at, SeatPlace.id)).all()
    )


def _offer(uow: UnitOfWork, place: SeatPlace) -> bool:
    if rules.is_night(uow.now, place.zone):
        return False
    if booking_queries.has_seat(uow.db, place.group_id, place.client_id, uow.now):
        _end(uow, place, State.ENDED)
        return False
    if not bookings.keep_seat(uow, booking_id=place.id, group_id=place.group_id):
        return False
    place.expires_at = uow.now + rules.OFFER
    _become(place, State.OFFERED)
    uow.db.flush()
    starts_at = place.ends_at + rules.OFFER
    uow.emit(
        TimeOffered(
            offer_id=place.id, place_id=place.id, client_id=place.client_id, consultant_id=place.consultant_id,
            start=stamp(starts_at), expires_at=stamp(place.expires_at),
        )
    )  # fmt: skip
    return True


def _end(uow: UnitOfWork, place: SeatPlace, state: State) -> None:
    if place.state == State.OFFERED:
        bookings.let_seat_go(uow, booking_id=place.id)
    _become(place, state)
    uow.db.flush()


def _become(place: SeatPlace, state: State) -> None:
    assert rules.may_become(State(place.state), state), f"{place.state} may not become {state}"
    place.state = state


def _own(uow: UnitOfWork, place_id: str) -> SeatPlace:
    place = uow.db.get(SeatPlace, place_id)
    if place is None or place.client_id != uow.actor.user_id:
        raise NotFound
    alone_with(uow, place.consultant_id)
    uow.db.refresh(place)
    return place
