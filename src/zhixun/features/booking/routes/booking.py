"""POST /bookings: a time is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Response, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from zhixun.features.booking import actions, forms, queries
from zhixun.features.booking.actions import OwnService, TooManyHolds
from zhixun.features.booking.queries import BookingView
from zhixun.features.booking.rules import REQUESTS_MAX, REQUESTS_SECONDS, State
from zhixun.features.catalog import queries as catalog
from zhixun.features.scheduling import queries as scheduling_queries
from zhixun.features.scheduling.actions import NotOffered, SlotTaken
from zhixun.kernel.errors import Conflict, Invalid, NotFound
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import new_id, utc_now
from zhixun.web import errors, limits
from zhixun.web.formats import machine_time
from zhixun.web.security import current_actor, read, work
from zhixun.web.ways import leads_to

from . import bp


@bp.post("/bookings")
@leads_to("booking.sessions")
def book() -> AnyResponse:
    """Hold the chosen time and go on to its checkout. A visitor signs in first and comes back to the same choice;
    whoever chose no time yet comes back to the times."""
    try:
        choice = forms.read_choice(request.form)
    except Invalid as wrong:
        if set(wrong.fields) != {"start"} or request.form.get("start"):
            raise
        return redirect(_consultant_page(request.form["service_id"], missing="time"), 303)
    if not current_actor().user_id:
        return redirect(url_for("pages.sign_in", next=_choice_page(choice)), 303)
    limits.limit("book", current_actor().user_id, tries=REQUESTS_MAX, seconds=REQUESTS_SECONDS)
    with read() as db:
        booking_id = _unused_id(db, choice)
    try:
        with work() as uow:
            _request(uow, choice, booking_id)
    except (SlotTaken, NotOffered, TooManyHolds, OwnService) as refusal:
        booking_id = _own_or_instead(choice, booking_id, refusal)
        if not booking_id:
            return _refused(choice, refusal)
    return redirect(url_for("booking.checkout", booking_id=booking_id), 303)


def _own_or_instead(choice: forms.Choice, booking_id: str, refusal: Conflict) -> str:
    """What is refused to others may be the asker's already, or be kept from them by their own unpaid hold.

    Returns the booking to go on to, or "". Whoever changes the time gives up their own hold with this consultant; if
    the new time cannot be had, the same transaction keeps the old one.
    """
    with read() as db:
        own = _own_holds(db, choice)
    for one in own:
        if one.service_id == choice.service_id and one.starts_at == choice.start:
            return one.id
    if not own or not isinstance(refusal, SlotTaken):
        return ""
    try:
        with work() as uow:
            for one in own:
                actions.cancel_booking(uow, booking_id=one.id)
            _request(uow, choice, booking_id)
    except (SlotTaken, NotOffered):
        return ""
    return booking_id


def _request(uow: UnitOfWork, choice: forms.Choice, booking_id: str) -> None:
    actions.request_booking(
        uow, booking_id=booking_id, service_id=choice.service_id, start=choice.start, brief=choice.brief
    )


def _unused_id(db: Session, choice: forms.Choice) -> str:
    """The id the form brought, unless it already names another time, or one that was let go: then someone went back in
    the browser and chose again, and the page still had the old id in it."""
    try:
        known = queries.booking(db, choice.booking_id, current_actor(), utc_now())
    except NotFound:
        return choice.booking_id
    same = known.service_id == choice.service_id and known.starts_at == choice.start
    return choice.booking_id if same and known.state not in (State.EXPIRED, State.CANCELLED) else new_id()


def _own_holds(db: Session, choice: forms.Choice) -> list[BookingView]:
    """The asker's unpaid single holds with the consultant of the wanted service; a series is let go as a whole only."""
    actor = current_actor()
    consultant_id = catalog.service(db, choice.service_id).consultant_id
    return [
        one
        for one in queries.bookings_of(db, actor, utc_now(), upcoming=True)
        if one.state is State.HELD
        and one.client_id == actor.user_id
        and one.consultant_id == consultant_id
        and not one.series_id
    ]


def _choice_page(choice: forms.Choice) -> str:
    """The consultant's page with the service and the time still chosen."""
    return _consultant_page(choice.service_id, at=machine_time(choice.start))


def _consultant_page(service_id: str, **asked: Any) -> str:
    """The times of one service. Raises NotFound where there is no such service."""
    with read() as db:
        service = catalog.service(db, service_id)
        card = catalog.cards_of(db, [service.consultant_id])[service.consultant_id]
    return url_for("pages.consultant", slug=card.slug, service=service.id, **asked, _anchor="book")


def _refused(choice: forms.Choice, refusal: Conflict) -> Response:
    """The page that keeps the choice: the nearest free times, each one press away."""
    with read() as db:
        service = catalog.service(db, choice.service_id)
        card = catalog.cards_of(db, [service.consultant_id])[service.consultant_id]
        zone = scheduling_queries.zone_of(db, service.consultant_id)
    page = render_template(
        "booking/refused.html",
        sentence=errors.sentence_of(refusal),
        code=refusal.code,
        service=service,
        card=card,
        zone=zone,
        choice=choice,
        nearest=[(new_id(), start) for start in _starts(refusal)],
    )
    return make_response(page, refusal.status)


def _starts(refusal: Conflict) -> Sequence[datetime]:
    offered = refusal.extra.get("alternatives", [])
    assert isinstance(offered, list)
    return [start for text in offered if (start := forms.read_start(text)) is not None]
