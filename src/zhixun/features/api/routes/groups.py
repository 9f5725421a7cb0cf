"""Group sessions: which a consultant has set, setting one, a seat in it, and calling it off."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from zhixun.features.api.forms import answers
from zhixun.features.api.forms.groups import Groups, GroupShown, GroupWanted, SeatWanted
from zhixun.features.booking import actions, queries
from zhixun.features.booking.actions import (
    GroupClosed,
    GroupFull,
    GroupWish,
    NotBetweenThem,
    OwnService,
    SeatedAlready,
    TooLate,
    TooManyGroups,
    TooManyHolds,
)
from zhixun.features.booking.queries import GroupView
from zhixun.features.booking.rules import REQUESTS_MAX, REQUESTS_SECONDS
from zhixun.features.catalog import queries as catalog
from zhixun.features.payments import queries as payments
from zhixun.features.scheduling.actions import HoldIdUsed, SlotTaken
from zhixun.kernel.errors import N_, NotFound
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import Money, Words, new_id, utc_now
from zhixun.web.formats import say

from . import shown
from .bookings import TAG, gateway_asked
from .endpoint import Nothing, Tries, reads, writes


@reads(
    "/consultants/{consultant_id}/groups",
    N_("A consultant’s group sessions ahead, the next first, with the seats that are left."),
    tag=TAG,
    answer=Groups,
    signed_in=False,
    refusals=(NotFound,),
)
def groups(db: Session, consultant_id: str) -> Groups:
    if not catalog.is_listed(db, consultant_id):
        raise NotFound
    return Groups(items=[_shown(one) for one in queries.groups_of(db, consultant_id, utc_now())])


@writes(
    "/groups",
    N_("Set a time for a group session of yours. Nobody else can have that time from now on."),
    tag=TAG,
    asked=GroupWanted,
    answer=GroupShown,
    status=201,
    refusals=(NotFound, SlotTaken, HoldIdUsed, TooManyGroups),
)
def set_group(uow: UnitOfWork, wanted: GroupWanted) -> GroupShown:
    group_id = wanted.id or new_id()
    wish = GroupWish(
        Words(wanted.title, wanted.title_en), wanted.start, wanted.minutes, Money(wanted.price_minor), wanted.seats, wanted.seats_min,
        wanted.start - timedelta(hours=wanted.decide_hours),
    )  # fmt: skip
    actions.set_group(uow, group_id=group_id, wish=wish)
    return _shown(queries.group(uow.db, group_id, uow.now))


@writes(
    "/groups/{group_id}/seats",
    N_("Hold a seat for 15 minutes and ask for the payment. A refusal names other dates that still have some."),
    tag=TAG,
    asked=SeatWanted,
    answer=answers.BookingMade,
    status=201,
    refusals=(NotFound, GroupFull, GroupClosed, SeatedAlready, TooManyHolds, OwnService, NotBetweenThem, HoldIdUsed),
    tries=Tries("book", REQUESTS_MAX, REQUESTS_SECONDS),
)
def take_seat(uow: UnitOfWork, wanted: SeatWanted, group_id: str) -> answers.BookingMade:
    made = actions.take_seat(
        uow, booking_id=wanted.id or new_id(), group_id=group_id, brief=wanted.brief,
        gateway=gateway_asked(wanted.gateway),
    )  # fmt: skip
    payment = payments.payment(uow.db, made.payment_id, uow.actor)
    return answers.BookingMade.model_validate(
        {
            "id": made.booking_id, "state": made.state.value, "hold_expires_at": made.hold_expires_at,
            "total": shown.money(made.total), "payment": shown.payment_asked(payment.id, payment.gateway),
        }
    )  # fmt: skip


@writes(
    "/groups/{group_id}/cancellation",
    N_("Call off a group session of yours before it begins. Everybody gets everything back."),
    tag=TAG,
    asked=Nothing,
    answer=GroupShown,
    refusals=(NotFound, TooLate),
)
def cancel_group(uow: UnitOfWork, group_id: str) -> GroupShown:
    actions.cancel_group(uow, group_id=group_id)
    uow.db.flush()
    return _shown(queries.group(uow.db, group_id, uow.now))


def _shown(one: GroupView) -> GroupShown:
    return GroupShown.model_validate(
        {
            "id": one.id, "consultant_id": one.consultant_id, "title": say(one.title), "start": one.starts_at,
            "end": one.ends_at, "price": shown.money(one.price), "seats": one.seats, "seats_min": one.seats_min,
            "seats_left": one.seats_left, "decide_at": one.decide_at, "state": one.state,
        }
    )  # fmt: skip
