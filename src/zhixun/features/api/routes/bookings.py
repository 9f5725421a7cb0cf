"""A booking's life: held, paid, held as a session, told about."""

from __future__ import annotations

from collections.abc import Sequence

from flask import current_app
from sqlalchemy.orm import Session

from zhixun.features.accounts import queries as accounts
from zhixun.features.api.forms import answers
from zhixun.features.api.forms.asked import BookingWanted, FeedbackWanted, Page, RescheduleWanted
from zhixun.features.booking import actions, queries
from zhixun.features.booking.actions import (
    MovedMeanwhile,
    NotThere,
    NotYet,
    OwnService,
    TooLate,
    TooManyHolds,
    TooManyMoves,
)
from zhixun.features.booking.queries import BookingView
from zhixun.features.booking.rules import REQUESTS_MAX, REQUESTS_SECONDS
from zhixun.features.catalog import queries as catalog
from zhixun.features.loyalty.queries import CouponRefused
from zhixun.features.payments import queries as payments
from zhixun.features.plans.queries import Choice, CreditsUsedUp, PlanDoesNotFit
from zhixun.features.quality import actions as quality
from zhixun.features.quality.actions import NotCompleted, WindowClosed
from zhixun.features.scheduling.actions import HoldIdUsed, NotOffered, SlotTaken
from zhixun.kernel.errors import N_, Invalid, NotFound
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import Actor, new_id, utc_now
from zhixun.web import pagination, security
from zhixun.web.languages import language

from . import shown
from .endpoint import Tries, reads, writes

TAG = N_("Bookings")


@writes(
    "/bookings",
    N_("Hold a time for 15 minutes and ask for the payment. A refusal names the nearest free times."),
    tag=TAG,
    asked=BookingWanted,
    answer=answers.BookingMade,
    status=201,
    refusals=(
        NotFound,
        SlotTaken,
        NotOffered,
        TooManyHolds,
        OwnService,
        HoldIdUsed,
        PlanDoesNotFit,
        CreditsUsedUp,
        CouponRefused,
    ),
    tries=Tries("book", REQUESTS_MAX, REQUESTS_SECONDS),
)
def request_booking(uow: UnitOfWork, wanted: BookingWanted) -> answers.BookingMade:
    gateway = gateway_asked(wanted.gateway)
    made = actions.request_booking(
        uow,
        booking_id=wanted.id or new_id(),
        service_id=wanted.service_id,
        start=wanted.start,
        brief=wanted.brief,
        gateway=gateway,
        choice=Choice(wanted.use_plan or "", wanted.coupon or "", wanted.points),
    )
    payment = payments.payment(uow.db, made.payment_id, uow.actor)
    return answers.BookingMade.model_validate(
        {
            "id": made.booking_id, "state": made.state.value, "hold_expires_at": made.hold_expires_at,
            "total": shown.money(made.total), "payment": shown.payment_asked(payment.id, payment.gateway),
        }
    )  # fmt: skip


@reads(
    "/bookings",
    N_("Your bookings, as client and as consultant, the latest start first."),
    tag=TAG,
    asked=Page,
    answer=answers.Bookings,
)
def bookings(db: Session, page: Page) -> answers.Bookings:
    actor, (before, before_id) = security.current_actor(), pagination.place_of(page.cursor)
    found = queries.bookings_of(
        db, actor, utc_now(), limit=page.limit + 1, before=before, before_id=before_id
    )  # fmt: skip
    more, seen = len(found) > page.limit, found[: page.limit]
    return answers.Bookings(items=_shown(db, seen, actor), next=_cursor_after(seen[-1]) if more else None)


@reads(
    "/bookings/{booking_id}", N_("One of your bookings."), tag=TAG, answer=answers.BookingShown, refusals=(NotFound,)
)
def booking(db: Session, booking_id: str) -> answers.BookingShown:
    actor = security.current_actor()
    view = queries.booking(db, booking_id, actor, utc_now())
    is_party = actor.user_id in (view.client_id, view.consultant_id)
    brief = queries.brief_of(db, view, actor) if is_party else None
    return shown.booking(view, actor, _people(db, [view]), brief)


@reads(
    "/bookings/{booking_id}/timeline",
    N_("The states of a booking: which, when, and by whom."),
    tag=TAG,
    answer=answers.Timeline,
    refusals=(NotFound,),
)
def timeline(db: Session, booking_id: str) -> answers.Timeline:
    view = queries.booking(db, booking_id, security.current_actor(), utc_now())
    return answers.Timeline(
        items=[
            answers.StepShown.model_validate({"state": step.state.value, "at": step.at, "by": _by(step.by, view)})
            for step in queries.timeline(db, booking_id)
        ]
    )


@writes(
    "/bookings/{booking_id}/cancellation",
    N_("End a booking before its session. Answers what comes back to the client."),
    tag=TAG,
    answer=answers.BookingCancelled,
    refusals=(NotFound, TooLate),
)
def cancel_booking(uow: UnitOfWork, booking_id: str) -> answers.BookingCancelled:
    back = actions.cancel_booking(uow, booking_id=booking_id)
    return answers.BookingCancelled(id=booking_id, state="cancelled", refund=shown.money(back))


@writes(
    "/bookings/{booking_id}/reschedule",
    N_(
        "Move a session to another time that is offered. What a cancellation gives back goes on counting from the first."
    ),
    tag=TAG,
    asked=RescheduleWanted,
    answer=answers.BookingShown,
    refusals=(NotFound, SlotTaken, NotOffered, TooLate, TooManyMoves, MovedMeanwhile),
)
def reschedule_booking(uow: UnitOfWork, wanted: RescheduleWanted, booking_id: str) -> answers.BookingShown:
    actions.reschedule_booking(uow, booking_id=booking_id, start=wanted.start, seen_start=wanted.seen_start)
    uow.db.flush()
    return _shown(uow.db, [queries.booking(uow.db, booking_id, uow.actor, uow.now)], uow.actor)[0]


@writes(
    "/bookings/{booking_id}/absence",
    N_("Stop waiting for the other, from ten minutes after the start on: the session counts as missed by them."),
    tag=TAG,
    answer=answers.BookingMoved,
    refusals=(NotFound, NotYet, NotThere, TooLate),
)
def stop_waiting(uow: UnitOfWork, booking_id: str) -> answers.BookingMoved:
    return _moved(booking_id, actions.stop_waiting(uow, booking_id=booking_id))


@writes(
    "/bookings/{booking_id}/start",
    N_("Come to the session. The consultant’s call begins it once the client is there or the time has come."),
    tag=TAG,
    answer=answers.BookingMoved,
    refusals=(NotFound, NotYet, TooLate),
)
def start_session(uow: UnitOfWork, booking_id: str) -> answers.BookingMoved:
    view = queries.booking(uow.db, booking_id, uow.actor, uow.now)
    is_consultant = uow.actor.user_id == view.consultant_id
    come = actions.begin_session if is_consultant else actions.join_session
    return _moved(booking_id, come(uow, booking_id=booking_id))


@writes(
    "/bookings/{booking_id}/completion",
    N_("End a session that has begun."),
    tag=TAG,
    answer=answers.BookingMoved,
    refusals=(NotFound, NotYet),
)
def complete_session(uow: UnitOfWork, booking_id: str) -> answers.BookingMoved:
    return _moved(booking_id, actions.complete_session(uow, booking_id=booking_id))


@writes(
    "/feedback",
    N_("Say how a completed session was. Sent again within seven days, it changes what you said."),
    tag=TAG,
    asked=FeedbackWanted,
    answer=answers.FeedbackKept,
    status=201,
    refusals=(NotFound, NotCompleted, WindowClosed),
)
def give_feedback(uow: UnitOfWork, wanted: FeedbackWanted) -> answers.FeedbackKept:
    feedback_id = quality.give_feedback(
        uow,
        feedback_id=new_id(),
        booking_id=wanted.booking_id,
        scores=wanted.scores.model_dump(),
        nps=wanted.nps,
        solved=wanted.solved,
        words=wanted.words,
        public=wanted.public,
    )
    return answers.FeedbackKept(id=feedback_id, booking_id=wanted.booking_id)


def _moved(booking_id: str, state: str) -> answers.BookingMoved:
    return answers.BookingMoved.model_validate({"id": booking_id, "state": str(state)})


def _shown(db: Session, views: Sequence[BookingView], actor: Actor) -> list[answers.BookingShown]:
    people = _people(db, views)
    return [shown.booking(view, actor, people) for view in views]


def _people(db: Session, views: Sequence[BookingView]) -> dict[str, accounts.Person]:
    people = accounts.people(db, {who for view in views for who in (view.client_id, view.consultant_id)})
    return catalog.called(db, people, language())


def _cursor_after(last: BookingView) -> str:
    return pagination.place_cursor(last.starts_at, last.id)


def gateway_asked(asked: str | None) -> str:
    """One of the gateways this house uses; the first where none is asked for. Raises Invalid."""
    known = current_app.config["PAYMENT_GATEWAYS"]
    if asked is not None and asked not in known:
        raise Invalid(fields={"gateway": N_("We do not take payments through this gateway.")})
    return asked or known[0]


def _by(who: str, view: BookingView) -> str:
    return "system" if who == "system" else shown.role(who, view)
