"""Requests: whether a service asks first, and the consultant's answer."""

from __future__ import annotations

from zhixun.features.api.forms import answers
from zhixun.features.api.forms.requests import AskingKept, AskingWanted, DaysOffKept, DaysOffWanted, RefusalWanted
from zhixun.features.booking import actions, queries
from zhixun.features.booking.actions import ConsultantAnswers, RequestAccepted, RequestOver
from zhixun.features.catalog import actions as catalog
from zhixun.kernel.errors import N_, NotFound
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import new_id

from . import shown
from .endpoint import writes

TAG = N_("Bookings")


@writes(
    "/services/{service_id}/asking",
    N_("Whether each booking of your own service waits for your yes. It is then booked three hours ahead at least."),
    tag=TAG,
    asked=AskingWanted,
    answer=AskingKept,
    refusals=(NotFound,),
)
def ask_first(uow: UnitOfWork, wanted: AskingWanted, service_id: str) -> AskingKept:
    catalog.ask_first(uow, service_id=service_id, on_request=wanted.on_request)
    return AskingKept(id=service_id, on_request=wanted.on_request)


@writes(
    "/me/days-off",
    N_("Close today and the days up to `until`, and cancel all that stands there, as a consultant."),
    tag=TAG,
    asked=DaysOffWanted,
    answer=DaysOffKept,
    status=201,
    refusals=(NotFound,),
)
def call_off_days(uow: UnitOfWork, wanted: DaysOffWanted) -> DaysOffKept:
    kept = actions.call_off_days(uow, days_off_id=wanted.id or new_id(), until=wanted.until)
    found = queries.standing(uow.db, uow.actor.user_id, until=kept.until, now=uow.now)
    return DaysOffKept(
        id=kept.id, until=kept.until, sessions=len(found.paid), refunds=[shown.money(one) for one in found.back]
    )


@writes(
    "/bookings/{booking_id}/acceptance",
    N_("Accept a request, as its consultant. Twice is once."),
    tag=TAG,
    answer=answers.BookingMoved,
    refusals=(NotFound, ConsultantAnswers, RequestOver),
)
def accept_request(uow: UnitOfWork, booking_id: str) -> answers.BookingMoved:
    state = actions.accept_request(uow, booking_id=booking_id)
    return answers.BookingMoved.model_validate({"id": booking_id, "state": state.value})


@writes(
    "/bookings/{booking_id}/refusal",
    N_("Decline a request with a reason, as its consultant. The client gets everything back."),
    tag=TAG,
    asked=RefusalWanted,
    answer=answers.BookingCancelled,
    refusals=(NotFound, ConsultantAnswers, RequestOver, RequestAccepted),
)
def decline_request(uow: UnitOfWork, wanted: RefusalWanted, booking_id: str) -> answers.BookingCancelled:
    back = actions.decline_request(uow, booking_id=booking_id, reason=wanted.reason)
    return answers.BookingCancelled(id=booking_id, state="cancelled", refund=shown.money(back))
