"""Group sessions: one time of a consultant, several clients, a seat each. A seat is a booking like any other."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select

from zhixun.features.booking import queries, rules
from zhixun.features.booking.models import Booking, Group, Seat
from zhixun.features.booking.rules import State
from zhixun.features.catalog import actions as catalog_actions
from zhixun.features.catalog import queries as catalog
from zhixun.features.payments import actions as payments
from zhixun.features.payments.rules import purpose_of_booking
from zhixun.features.plans import actions as plans
from zhixun.features.plans.queries import NOTHING_CHOSEN
from zhixun.features.scheduling import actions as scheduling
from zhixun.features.scheduling.actions import HoldIdUsed
from zhixun.features.scheduling.rules import Slot
from zhixun.kernel.errors import N_, Conflict, Invalid, NotFound
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import Money, Words, is_id, new_id, plain_text

from . import seats
from .asking import BookingMade, after_own_other_requests, asked_of, check_may_book, held
from .cancelling import cancel_and_refund, end_unpaid
from .clock import pass_time
from .meeting import complete_session, join_session
from .record import TooLate, price_of

TITLE_LENGTH_MIN, TITLE_LENGTH_MAX = 4, 60
SEATED = (State.PAID, State.CONFIRMED, State.IN_PROGRESS, State.COMPLETED)
"""Somebody has the seat."""


class GroupFull(Conflict):
    code, message = "group_full", N_("Every seat is taken. These dates still have some:")


class GroupClosed(Conflict):
    code, message = "group_closed", N_("Seats for this session can no longer be taken. These dates still have some:")


class SeatedAlready(Conflict):
    code, message = "seated_already", N_("You have a seat in this session already.")


class TooManyGroups(Conflict):
    code, message = "too_many_groups", N_("At most 40 group sessions can be ahead of you.")


@dataclass(frozen=True)
class GroupWish:
    """What a consultant sets: `price` is that of a seat, `decide_at` when it is settled whether it takes place."""

    title: Words
    start: datetime
    minutes: int
    price: Money
    seats: int
    seats_min: int
    decide_at: datetime


def set_group(uow: UnitOfWork, *, group_id: str, wish: GroupWish) -> None:
    """Set a time for a group session of the asker's; nobody else can have it from now on. The same id twice is done once.

    Raises Invalid, SlotTaken, HoldIdUsed, TooManyGroups, NotFound for whoever is no listed consultant.
    """
    me = uow.actor.user_id
    if not is_id(group_id) or not catalog.is_listed(uow.db, me):
        raise NotFound
    title = _checked(wish, uow.now)
    if (known := uow.db.get(Group, group_id)) is not None:
        if known.consultant_id != me:
            raise HoldIdUsed
        return
    ahead = select(func.count()).where(Group.consultant_id == me, Group.starts_at > uow.now, Group.state != "cancelled")
    if (uow.db.scalar(ahead) or 0) >= rules.GROUPS_AHEAD_MAX:
        raise TooManyGroups
    service_id = _service_id(me, title, wish)
    catalog_actions.add_group_service(
        uow, service_id=service_id, consultant_id=me, minutes=wish.minutes, price=wish.price, title=title
    )
    slot = scheduling.set_time(uow, hold_id=group_id, consultant_id=me, start=wish.start, minutes=wish.minutes)
    uow.db.add(
        Group(
            id=group_id, consultant_id=me, service_id=service_id, title=title, minutes=wish.minutes,
            starts_at=slot.start, ends_at=slot.end, seats=wish.seats, seats_min=wish.seats_min, decide_at=wish.decide_at,
            state="open", ended_reason=None, price_minor=wish.price.amount_minor, currency=wish.price.currency,
            created_at=uow.now,
        )
    )  # fmt: skip
    uow.db.flush()
    uow.db.add_all(Seat(group_id=group_id, number=number, booking_id=None) for number in range(1, wish.seats + 1))
    uow.db.flush()


def take_seat(
    uow: UnitOfWork, *, booking_id: str, group_id: str, brief: str = "", gateway: str = "sandbox"
) -> BookingMade:
    """Hold a seat for the asker and ask for the money. The same `booking_id` twice is done once.

    Raises NotFound, HoldIdUsed, GroupFull or GroupClosed (both with other dates), SeatedAlready, TooManyHolds,
    OwnService, NotBetweenThem, Invalid.
    """
    if not is_id(booking_id):
        raise Invalid
    after_own_other_requests(uow)
    group = uow.db.get(Group, group_id)
    if group is None:
        raise NotFound
    if (known := _known(uow, booking_id, group_id)) is not None:
        return known
    sold, text = catalog.sold(uow.db, group.service_id), rules.clean_brief(brief)
    check_may_book(uow, sold, asked_of(uow, sold))
    _check_open(uow, group)
    if _take(uow, group_id, booking_id) is None:
        raise GroupFull(extra=_elsewhen(uow, group))
    expires_at = uow.now + rules.HOLD
    quote = plans.take(
        uow, booking_id=booking_id, person_id=uow.actor.user_id, service=sold.service, starts_at=group.starts_at,
        asked_at=uow.now, brief=text, choice=NOTHING_CHOSEN,
    )  # fmt: skip
    payment_id = payments.request_payment(
        uow, payment_id=new_id(), payer_id=uow.actor.user_id, purpose=purpose_of_booking(booking_id),
        amount=quote.total, gateway=gateway, expires_at=expires_at,
    )  # fmt: skip
    return held(
        uow, booking_id=booking_id, sold=sold, slot=Slot(group.starts_at, group.ends_at), quote=quote,
        payment_id=payment_id, expires_at=expires_at, brief=text, group_id=group_id,
    )  # fmt: skip


def keep_seat(uow: UnitOfWork, *, booking_id: str, group_id: str) -> bool:
    """Keep a free seat for a booking that may come; False where there is none, or none can be taken any more."""
    group = uow.db.get(Group, group_id, populate_existing=True)
    if group is None or group.state == "cancelled" or group.starts_at <= uow.now:
        return False
    return _take(uow, group_id, booking_id) is not None


def let_seat_go(uow: UnitOfWork, *, booking_id: str) -> None:
    """The seat kept for a booking that did not come is free again. Twice is once."""
    if uow.db.get(Booking, booking_id) is None:
        seats.let_go(uow, booking_id)


def decide_group(uow: UnitOfWork, *, group_id: str) -> str:
    """At its time: it takes place, or with too few seats paid it is called off and all money goes back. Twice is once;
    returns the state."""
    group = _locked(uow, group_id)
    if group.state != "open" or group.decide_at > uow.now:
        return group.state
    paid = select(func.count()).where(Booking.group_id == group_id, Booking.state.in_((State.PAID, State.CONFIRMED)))
    if (uow.db.scalar(paid) or 0) >= group.seats_min:
        group.state = "on"
        return "on"
    _call_off(uow, group, reason="too_few")
    return "cancelled"


def cancel_group(uow: UnitOfWork, *, group_id: str) -> None:
    """The consultant calls it off before it begins: every seat is paid back in full. Twice is once. Raises NotFound,
    TooLate."""
    group = _locked(uow, group_id)
    if group.consultant_id != uow.actor.user_id:
        raise NotFound
    if group.state == "cancelled":
        return
    if group.starts_at <= uow.now:
        raise TooLate
    _call_off(uow, group, reason="consultant")


def close_if_emptied(uow: UnitOfWork, *, group_id: str) -> str:
    """A group whose last seat was given back does not stand: the consultant would come for nobody, and their time is free
    again. As long as it is open (not decided yet) only where it was the consultant who gave the last seats back; clients
    who leave make room for others until it is decided. Twice is once; returns the state."""
    group = _locked(uow, group_id)
    if group.state == "cancelled" or group.starts_at <= uow.now:
        return group.state
    seats_ended = uow.db.execute(
        select(Booking.state, Booking.hold_expires_at, Booking.ended_reason).where(Booking.group_id == group_id)
    ).all()
    held = any(row.state == State.HELD and row.hold_expires_at > uow.now for row in seats_ended)
    if held or seats.kept(uow, group_id) or any(row.state in SEATED for row in seats_ended):
        return group.state
    if group.state == "on" or any(row.ended_reason == "consultant" for row in seats_ended):
        _call_off(uow, group, reason="emptied")
    return group.state


def join_group(uow: UnitOfWork, *, group_id: str) -> None:
    """Someone with a seat comes into the room, or the consultant does, for everybody who has one. Raises NotFound."""
    for row in _mine(uow, group_id):
        join_session(uow, booking_id=row.id)


def complete_group(uow: UnitOfWork, *, group_id: str) -> None:
    """The consultant ends it, for everybody with whom it has begun. Raises NotFound."""
    rows = _mine(uow, group_id)
    if rows[0].consultant_id != uow.actor.user_id:
        raise NotFound
    for row in rows:
        if row.state == State.IN_PROGRESS:
            complete_session(uow, booking_id=row.id)


def _checked(wish: GroupWish, now: datetime) -> Words:
    """The title as it is kept; where it is given in one language only, it stands for both."""
    zh, en = plain_text(wish.title.zh), plain_text(wish.title.en)
    title, wrong = Words(zh or en, en or zh), {}
    for name, said in (("title", title.zh), ("title_en", title.en)):
        if not TITLE_LENGTH_MIN <= len(said) <= TITLE_LENGTH_MAX and (name == "title" or (zh and en)):
            wrong[name] = N_("Please write 4 to 60 characters.")
    if not rules.SEATS_MIN <= wish.seats <= rules.SEATS_MAX:
        wrong["seats"] = N_("A group session has 2 to 30 seats.")
    if not 1 <= wish.seats_min <= max(wish.seats, 1):
        wrong["seats_min"] = N_("Please write a number between 1 and the number of seats.")
    hours = timedelta(hours=rules.DECIDE_HOURS_MIN), timedelta(hours=rules.DECIDE_HOURS_MAX)
    if not hours[0] <= wish.start - wish.decide_at <= hours[1]:
        wrong["decide_hours"] = N_("Please write 1 to 168 hours.")
    elif wish.decide_at <= now:
        wrong["start"] = N_("Please choose a later time: whether it takes place has to be decided before.")
    elif wish.start > now + timedelta(days=365):
        wrong["start"] = N_("Please choose a time within a year.")
    if wrong:
        raise Invalid(fields=wrong)
    return title


def _service_id(consultant_id: str, title: Words, wish: GroupWish) -> str:
    """Dates of one title, length and price are one service, so that each can name the others."""
    named = ":".join(dict.fromkeys((title.zh, title.en)))
    said = f"group:{consultant_id}:{named}:{wish.minutes}:{wish.price.amount_minor}:{wish.price.currency}"
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def _check_open(uow: UnitOfWork, group: Group) -> None:
    if group.state == "cancelled" or group.starts_at <= uow.now:
        raise GroupClosed(extra=_elsewhen(uow, group))
    seated = select(Booking.id).where(
        Booking.group_id == group.id, Booking.client_id == uow.actor.user_id,
        Booking.state.in_(rules.UPCOMING),
    )  # fmt: skip
    rows = [uow.db.get_one(Booking, one) for one in uow.db.scalars(seated)]
    if any(row.state != State.HELD or row.hold_expires_at > uow.now for row in rows):
        raise SeatedAlready


def _take(uow: UnitOfWork, group_id: str, booking_id: str) -> int | None:
    """The seat kept for it, else a free one; where there is none, holds whose time is over are let go first."""
    number = uow.db.scalar(select(Seat.number).where(Seat.group_id == group_id, Seat.booking_id == booking_id))
    if number is not None:
        return number
    if not _lapsed(uow, group_id, own=True):
        number = seats.take(uow, group_id=group_id, booking_id=booking_id)
    if number is None:
        for lapsed in _lapsed(uow, group_id):
            pass_time(uow, booking_id=lapsed)
        number = seats.take(uow, group_id=group_id, booking_id=booking_id)
    return number


def _lapsed(uow: UnitOfWork, group_id: str, *, own: bool = False) -> Sequence[str]:
    over = select(Booking.id).where(
        Booking.group_id == group_id, Booking.state == State.HELD, Booking.hold_expires_at <= uow.now
    )
    if own:
        return uow.db.scalars(over.where(Booking.client_id == uow.actor.user_id)).all()
    return uow.db.scalars(over.order_by(Booking.id).with_for_update(skip_locked=True)).all()


def _elsewhen(uow: UnitOfWork, group: Group) -> dict[str, object]:
    """Other dates of the same session that still have seats, as starts and as groups."""
    others = [
        one for one in queries.groups_of(uow.db, group.consultant_id, uow.now) if one.service_id == group.service_id
    ]
    free = [one for one in others if one.id != group.id and one.seats_left][:3]
    written = [one.starts_at.strftime("%Y-%m-%dT%H:%M:%SZ") for one in free]
    shown = [{"id": one.id, "start": at, "seats_left": one.seats_left} for one, at in zip(free, written, strict=True)]
    return {"alternatives": written, "groups": shown}


def _known(uow: UnitOfWork, booking_id: str, group_id: str) -> BookingMade | None:
    row = uow.db.get(Booking, booking_id)
    if row is None:
        return None
    if row.client_id != uow.actor.user_id:
        raise NotFound
    if row.group_id != group_id:
        raise HoldIdUsed
    return _made(row)


def _made(row: Booking) -> BookingMade:
    return BookingMade(row.id, State(row.state), row.hold_expires_at, price_of(row), row.payment_id)


def _call_off(uow: UnitOfWork, group: Group, *, reason: str) -> None:
    """No seat can be taken any more, then each that was is paid back."""
    group.state, group.ended_reason = "cancelled", reason
    uow.db.execute(delete(Seat).where(Seat.group_id == group.id))
    scheduling.release_time(uow, hold_id=group.id)
    standing = select(Booking).where(Booking.group_id == group.id, Booking.state.in_((State.HELD, State.CONFIRMED)))
    rows = standing.order_by(Booking.id).with_for_update().execution_options(populate_existing=True)
    for row in uow.db.scalars(rows).all():
        if row.state == State.HELD:
            end_unpaid(uow, row, reason=reason)
            plans.return_benefits(uow, booking_id=row.id, share_bps=10_000)
        else:
            cancel_and_refund(uow, row, 10_000, reason=reason)


def _locked(uow: UnitOfWork, group_id: str) -> Group:
    group = uow.db.get(Group, group_id, with_for_update=True, populate_existing=True)
    if group is None:
        raise NotFound
    return group


def _mine(uow: UnitOfWork, group_id: str) -> Sequence[Booking]:
    """The asker's seats in a group that stand, all of them for its consultant, locked in one order. Raises NotFound."""
    who = uow.actor.user_id
    standing = select(Booking).where(
        Booking.group_id == group_id, (Booking.client_id == who) | (Booking.consultant_id == who),
        Booking.state.in_((State.CONFIRMED, State.IN_PROGRESS, State.COMPLETED)),
    )  # fmt: skip
    rows = uow.db.scalars(
        standing.order_by(Booking.id).with_for_update().execution_options(populate_existing=True)
    ).all()
    if not rows:
        raise NotFound
    return rows
