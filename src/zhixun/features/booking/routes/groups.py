"""Group sessions: a consultant sets times for them, clients take seats."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from zhixun.features.accounts import queries as accounts
from zhixun.features.booking import actions, forms, queries
from zhixun.features.booking.actions import (
    GroupClosed,
    GroupFull,
    NotBetweenThem,
    OwnService,
    SeatedAlready,
    TooLate,
    TooManyGroups,
    TooManyHolds,
)
from zhixun.features.booking.queries import GroupView
from zhixun.features.booking.rules import (
    DECIDE_HOURS_MAX,
    DECIDE_HOURS_USUAL,
    HOLD,
    REQUESTS_MAX,
    REQUESTS_SECONDS,
    ROOM_OPENS_BEFORE,
    SEATS_MAX,
    State,
)
from zhixun.features.catalog import queries as catalog
from zhixun.features.catalog.rules import MINUTES_MAX, MINUTES_MIN
from zhixun.features.scheduling import queries as scheduling
from zhixun.features.scheduling.actions import HoldIdUsed, SlotTaken
from zhixun.kernel.errors import DomainError, Invalid, NotFound
from zhixun.kernel.values import new_id, utc_now
from zhixun.web import errors, limits
from zhixun.web.security import current_actor, read, require, work

from . import bp


@bp.get("/groups/<group_id>")
def group(group_id: str) -> AnyResponse:
    """A group session for whoever looks: when, what a seat costs, how many are left. Its consultant sees who comes."""
    current_actor()
    return _group_page(_group(group_id), None)


@bp.post("/groups/<group_id>/seats")
def take_seat(group_id: str) -> AnyResponse:
    """Hold a seat and go on to its checkout. A visitor signs in first."""
    view, me = _group(group_id), current_actor().user_id
    if not me:
        return redirect(url_for("pages.sign_in", next=url_for("booking.group", group_id=view.id)), 303)
    limits.limit("book", me, tries=REQUESTS_MAX, seconds=REQUESTS_SECONDS)
    try:
        with work() as uow:
            made = actions.take_seat(uow, booking_id=request.form.get("booking_id", ""), group_id=view.id)
    except SeatedAlready as refusal:
        with read() as db:
            own = queries.own_seat(db, view.id, current_actor(), utc_now())
        if own is None:
            return _group_page(view, refusal)
        return redirect(url_for("booking.checkout", booking_id=own.id), 303)
    except (GroupFull, GroupClosed, TooManyHolds, OwnService, NotBetweenThem, HoldIdUsed, Invalid) as refusal:
        return _group_page(_group(group_id), refusal)
    return redirect(url_for("booking.checkout", booking_id=made.booking_id), 303)


@bp.route("/pro/groups", methods=["GET", "POST"])
@require("consultant")
def own_groups() -> AnyResponse:
    """The consultant's group sessions, and the form for one more."""
    if request.method == "GET":
        return _own_page({}, None)
    try:
        with read() as db:
            zone = scheduling.zone_of(db, current_actor().user_id)
        wish = forms.read_group(request.form, zone=zone)
        with work() as uow:
            actions.set_group(uow, group_id=request.form.get("group_id", ""), wish=wish)
    except (Invalid, SlotTaken, HoldIdUsed, TooManyGroups) as refusal:
        return _own_page(request.form, refusal)
    flash(gettext("Set. It is shown on your page, and the time is yours."))
    return redirect(url_for("booking.own_groups"), 303)


@bp.route("/groups/<group_id>/cancellation", methods=["GET", "POST"])
@require("consultant")
def cancel_group(group_id: str) -> AnyResponse:
    """Ask once more; then call it off, and everybody gets everything back."""
    view = _own(group_id)
    if request.method == "GET":
        with read() as db:
            seated = queries.seats_of(db, view.id, view.seen_at)
        return make_response(render_template("booking/group_cancel.html", group=view, seated=len(seated)))
    try:
        with work() as uow:
            actions.cancel_group(uow, group_id=view.id)
    except TooLate as refusal:
        return _group_page(view, refusal)
    flash(gettext("Called off. Everybody who had paid gets everything back."))
    return redirect(url_for("booking.group", group_id=view.id), 303)


@bp.post("/groups/<group_id>/completion")
@require("consultant")
def complete_group(group_id: str) -> AnyResponse:
    """The consultant ends the session for everybody."""
    view = _own(group_id)
    with work() as uow:
        actions.complete_group(uow, group_id=view.id)
    return redirect(url_for("booking.group", group_id=view.id), 303)


def _group(group_id: str) -> GroupView:
    with read() as db:
        return queries.group(db, forms.own_id(group_id), utc_now())


def _own(group_id: str) -> GroupView:
    view = _group(group_id)
    if view.consultant_id != current_actor().user_id:
        raise NotFound
    return view


def _group_page(view: GroupView, refusal: DomainError | None) -> AnyResponse:
    me, now = current_actor(), view.seen_at
    is_own, opens_at = me.user_id == view.consultant_id, view.starts_at - ROOM_OPENS_BEFORE
    with read() as db:
        card = catalog.cards_of(db, [view.consultant_id])[view.consultant_id]
        zone = scheduling.zone_of(db, view.consultant_id)
        seated = queries.seats_of(db, view.id, now) if is_own else []
        people = accounts.people(db, {one.client_id for one in seated}) if seated else {}
        own = queries.own_seat(db, view.id, me, now) if me.user_id and not is_own else None
        others = [one for one in queries.groups_of(db, view.consultant_id, now) if one.id != view.id]
    page = render_template(
        "booking/group.html", group=view, card=card, consultant_zone=zone, is_own=is_own, seated=seated,
        names={one: person.name for one, person in people.items()}, own=own, others=others, now=now,
        booking_id=new_id(), hold_minutes=int(HOLD.total_seconds() // 60),
        opens_at=opens_at, room_open=view.state != "cancelled" and now >= opens_at,
        running=any(one.state is State.IN_PROGRESS for one in seated),
        sentence=errors.sentence_of(refusal) if refusal else "", alternatives=_others(refusal),
    )  # fmt: skip
    return make_response(page, refusal.status if refusal else 200)


def _others(refusal: DomainError | None) -> list[tuple[str, datetime]]:
    """What a refusal offers instead: group and start."""
    offered = refusal.extra.get("groups", []) if refusal else []
    assert isinstance(offered, list)
    return [(one["id"], at) for one in offered if (at := forms.read_start(one["start"])) is not None]


def _own_page(typed: Mapping[str, str], refusal: DomainError | None) -> AnyResponse:
    me, now = current_actor().user_id, utc_now()
    with read() as db:
        zone = scheduling.zone_of(db, me)
        found = queries.latest_groups_of(db, me, now)
    page = render_template(
        "booking/own_groups.html", ahead=[one for one in reversed(found) if one.ends_at > now], zone=zone,
        over=[one for one in found if one.ends_at <= now], typed=typed, group_id=new_id(), now=now,
        errors=errors.field_sentences(refusal) if refusal else {},
        sentence=errors.sentence_of(refusal) if refusal and not refusal.fields else "",
        seats_max=SEATS_MAX, decide_hours=DECIDE_HOURS_USUAL, decide_hours_max=DECIDE_HOURS_MAX,
        minutes_min=MINUTES_MIN, minutes_max=MINUTES_MAX,
    )  # fmt: skip
    return make_response(page, refusal.status if refusal else 200)
