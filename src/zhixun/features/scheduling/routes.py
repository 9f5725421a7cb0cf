"""A consultant's hours: the week, the days that differ, notice and breaks; what comes of it; why a time is not offered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from flask import Blueprint, current_app, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from zhixun.features.catalog import actions as catalog_actions
from zhixun.features.catalog import queries as catalog
from zhixun.features.catalog.rules import ServiceView
from zhixun.kernel import clocks
from zhixun.kernel.errors import Conflict, DomainError, Invalid
from zhixun.kernel.values import is_id, new_id, utc_now
from zhixun.web import errors, limits
from zhixun.web.security import current_actor, read, require, work

from . import actions, forms, queries
from .rules import CALENDARS_MAX, WEEKDAYS, Calendar, Slot, clock_change, offer, stretches, terms_of

bp = Blueprint("scheduling", __name__, template_folder="templates")

PREVIEW_DAYS = 14
READS_MAX, READS_SECONDS = 10, 600


@dataclass(frozen=True)
class DayShown:
    noon: datetime
    stretches: tuple[Slot, ...]
    """From the first start to the last end, wherever a session can start again and again."""
    why: str
    """Without any slot: "closed" by the week, "day_off" by an exception, "full" otherwise."""
    clock_moves: int = 0
    """By how many minutes the consultant's clock goes forward on this day; back, where it is below zero."""
    client_clock_moves: int = 0
    """The same of the client whose clock is shown as well."""


@bp.get("/pro/hours")
@require("consultant")
def hours() -> Response:
    return _page()


@bp.post("/pro/hours")
@require("consultant")
def change_hours() -> Response:
    """Replace the week, and the zone it is meant in. What is booked already stays booked."""
    me = current_actor().user_id
    try:
        wanted = forms.read_hours(request.form)
        with work() as uow:
            actions.open_calendar(uow, consultant_id=me, zone=request.form.get("zone", ""))
            actions.set_weekly_hours(uow, consultant_id=me, hours=wanted)
    except DomainError as refusal:
        return _page(refusal, rows=forms.typed_rows(request.form))
    return _saved("week")


@bp.post("/pro/hours/days")
@require("consultant")
def change_days() -> Response:
    """Close days, give them hours of their own, or let them be as every week (`remove` names the day)."""
    me = current_actor().user_id
    try:
        with work() as uow:
            if removed := forms.read_day(request.form.get("remove", "")):
                actions.set_override(uow, consultant_id=me, day=removed, openings=None)
            else:
                today = uow.now.astimezone(ZoneInfo(queries.zone_of(uow.db, me))).date()
                off = forms.read_day_off(request.form, today=today)
                for day in off.days:
                    actions.set_override(uow, consultant_id=me, day=day, openings=off.openings)
    except DomainError as refusal:
        return _page(refusal, typed=request.form)
    return _saved("days")


@bp.post("/pro/hours/timing")
@require("consultant")
def change_timing() -> Response:
    """The notice and the breaks that all services ask for."""
    try:
        timing = forms.read_timing(request.form)
        with work() as uow:
            catalog_actions.change_timing(
                uow, consultant_id=uow.actor.user_id, notice_minutes=timing["notice"],
                buffer_before_minutes=timing["before"], buffer_after_minutes=timing["after"],
            )  # fmt: skip
    except DomainError as refusal:
        return _page(refusal, typed=request.form)
    return _saved("timing")


@bp.get("/pro/calendars")
@require("consultant")
def calendars() -> Response:
    """Calendars kept elsewhere: what each is called, how old what we know is, and what went wrong."""
    return _calendars_page()


@bp.post("/pro/calendars")
@require("consultant")
def add_calendar() -> Response:
    """An ICS file, or with `kind` "caldav" a collection with a login, in which sessions may be written."""
    form, given = request.form, request.form.get("calendar_id", "")
    try:
        with work() as uow:
            actions.add_busy_calendar(
                uow, calendar_id=given if is_id(given) else new_id(), name=form.get("name", ""),
                address=form.get("address", ""), login=forms.read_login(form) if form.get("kind") == "caldav" else None,
                writes=form.get("writes") == "yes", private_allowed=current_app.config["PRIVATE_WEBHOOKS"],
            )  # fmt: skip
    except (Invalid, Conflict) as refusal:
        return _calendars_page(refusal)
    flash(gettext("Added. We are reading it now; its busy times are not offered from then on."))
    return redirect(url_for("scheduling.calendars"), 303)


@bp.post("/pro/calendars/<calendar_id>/removal")
@require("consultant")
def remove_calendar(calendar_id: str) -> Response:
    with work() as uow:
        actions.remove_busy_calendar(uow, calendar_id=calendar_id)
    flash(gettext("Removed. Its times are offered again."))
    return redirect(url_for("scheduling.calendars"), 303)


@bp.post("/pro/calendars/<calendar_id>/reading")
@require("consultant")
def read_calendar(calendar_id: str) -> Response:
    limits.limit("busy_calendar", calendar_id[:64], tries=READS_MAX, seconds=READS_SECONDS)
    with work() as uow:
        actions.read_busy_calendar_now(uow, calendar_id=calendar_id)
    flash(gettext("We are reading it now."))
    return redirect(url_for("scheduling.calendars"), 303)


@bp.post("/pro/calendars/<calendar_id>/login")
@require("consultant")
def change_calendar_login(calendar_id: str) -> Response:
    try:
        with work() as uow:
            actions.change_login(uow, calendar_id=calendar_id, login=forms.read_login(request.form))
    except Invalid as refusal:
        return _calendars_page(refusal, wrong_login=calendar_id)
    flash(gettext("Saved. We are reading it now."))
    return redirect(url_for("scheduling.calendars"), 303)


@bp.post("/pro/calendars/<calendar_id>/writing")
@require("consultant")
def choose_calendar_writing(calendar_id: str) -> Response:
    wanted = request.form.get("wanted") == "yes"
    with work() as uow:
        actions.choose_writing(uow, calendar_id=calendar_id, wanted=wanted)
    flash(
        gettext("Your sessions are being put into it now.")
        if wanted
        else gettext("No more sessions are put into it. What stands there stays.")
    )
    return redirect(url_for("scheduling.calendars"), 303)


def _calendars_page(refusal: DomainError | None = None, *, wrong_login: str = "") -> Response:
    now = utc_now()
    with read() as db:
        found = queries.busy_calendars_of(db, current_actor().user_id, now)
    page = render_template(
        "scheduling/calendars.html", found=found, now=now, full=len(found) >= CALENDARS_MAX, typed=request.form,
        wrong_login=wrong_login, fresh_id=new_id(), errors=errors.field_sentences(refusal) if refusal else {},
        sentence=errors.sentence_of(refusal) if refusal and not refusal.fields else "",
    )  # fmt: skip
    return make_response(page, refusal.status if refusal else 200)


def _saved(place: str) -> Response:
    flash(gettext("Saved. Clients see times by this from now on; what is booked stays booked."))
    return redirect(url_for("scheduling.hours", _anchor=place), 303)


def _page(
    refusal: DomainError | None = None,
    *,
    rows: Mapping[str, list[tuple[str, str]]] | None = None,
    typed: Mapping[str, str] | None = None,
) -> Response:
    me, now = current_actor().user_id, utc_now()
    with read() as db:
        calendar = queries.calendars_of(db, [me]).get(me) or Calendar(zone=current_actor().zone)
        card = catalog.cards_of(db, [me]).get(me)
        services = card.services if card else ()
        chosen = forms.own_service(request.args.get("service", ""), [one.id for one in services])
        service = next((one for one in services if one.id == chosen), None)
        today = now.astimezone(ZoneInfo(calendar.zone)).date()
        overrides = queries.overrides_of(db, me, from_=today)
        client_zone = forms.read_client_zone(request.args.get("in", ""), mine=calendar.zone)
        preview = _preview(db, calendar, service, client_zone, now)
        asked, why = _why(db, calendar, service, now)
    page = render_template(
        "scheduling/hours.html",
        rows=rows or forms.rows_of(calendar.hours), days=WEEKDAYS, zone=calendar.zone,
        overrides=overrides, noon=lambda day: _noon(day, calendar.zone), services=services, service=service,
        preview=preview, client_zone=client_zone, asked=asked, why=why.code if why else "", in_the_way=why.calendars if why else (), today=today, now=now, typed=typed or {}, has_hours=bool(calendar.hours),
        errors=errors.field_sentences(refusal) if refusal else {},
        sentence=errors.sentence_of(refusal) if refusal and not refusal.fields else "",
    )  # fmt: skip
    return make_response(page, refusal.status if refusal else 200)


def _preview(
    db: Session, calendar: Calendar, service: ServiceView | None, client_zone: str, now: datetime
) -> list[DayShown]:
    """Two weeks as clients see them, by the days of the consultant's own clock."""
    if service is None:
        return []
    info, me = ZoneInfo(calendar.zone), current_actor().user_id
    today = now.astimezone(info).date()
    until = now + timedelta(days=PREVIEW_DAYS)
    busy = queries.busy_of(db, [me], now, until, now).get(me, [])
    found = offer(calendar, terms_of(service), busy, from_=now, until=until, now=now)
    by_day = {
        day: tuple(stretches(list(slots), service.interval_minutes))
        for day, slots in groupby(found, key=lambda slot: slot.start.astimezone(info).date())
    }
    shown = []
    for day in (today + timedelta(days=n) for n in range(PREVIEW_DAYS)):
        special = calendar.overrides.get(day)
        weekly = any(WEEKDAYS[day.weekday()] in one.days for one in calendar.hours)
        why = "day_off" if special == () else "full" if special or weekly else "closed"
        moves = clock_change(calendar.zone, day), clock_change(client_zone, day) if client_zone else 0
        shown.append(DayShown(_noon(day, calendar.zone), by_day.get(day, ()), why, *moves))
    return shown


def _why(
    db: Session, calendar: Calendar, service: ServiceView | None, now: datetime
) -> tuple[datetime | None, queries.Reason | None]:
    """The time asked about, and why it is not offered; nothing where nothing was asked."""
    at = clocks.moment_of(request.args.get("at", ""), calendar.zone)
    if at is None or service is None:
        return None, None
    me = current_actor().user_id
    return at, queries.reason(db, consultant_id=me, terms=terms_of(service), at=at, now=now, calendar=calendar)


def _noon(day: date, zone: str) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(zone))
