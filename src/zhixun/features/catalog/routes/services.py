"""A consultant's own services: what is sold, for how much, and what each asks of a booking."""

from __future__ import annotations

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from zhixun.features.catalog import actions, forms, queries
from zhixun.features.catalog.forms import Typed
from zhixun.features.catalog.rules import CHANNELS, ON_REQUEST_NOTICE_MINUTES
from zhixun.features.catalog.rules.own import OFFER_MINUTES, SERVICES_MAX
from zhixun.kernel.errors import Conflict, DomainError, Invalid, NotFound
from zhixun.kernel.values import is_id, new_id
from zhixun.web.errors import field_sentences, sentence_of
from zhixun.web.security import current_actor, read, require, work

from . import bp

NEW = "new"


@bp.get("/pro/services")
@require("consultant")
def services() -> str:
    """What the asker sells, and whether each booking waits for their yes."""
    me = current_actor().user_id
    with read() as db:
        card = queries.cards_of(db, [me]).get(me)
    return render_template(
        "catalog/services.html", services=card.services if card else (), slug=card.slug if card else "",
        notice_hours=ON_REQUEST_NOTICE_MINUTES // 60, new=NEW, is_full=card and len(card.services) >= SERVICES_MAX,
    )  # fmt: skip


@bp.get("/pro/services/<service_id>")
@require("consultant")
def service(service_id: str) -> Response:
    """The form of one service, or of a new one."""
    if service_id == NEW:
        return _form(service_id, Typed({"id": new_id(), "channel": CHANNELS[0], "minutes": "60"}), None)
    with read() as db:
        found = queries.service(db, _id(service_id))
    if found.consultant_id != current_actor().user_id or not found.active:
        raise NotFound
    return _form(service_id, forms.offer_typed_of(found), None)


@bp.post("/pro/services/<service_id>")
@require("consultant")
def write_service(service_id: str) -> Response:
    """Put a new service on sale, or give one new words or another price."""
    given = forms.typed(request.form)
    try:
        if service_id == NEW:
            _sell(given)
        else:
            with work() as uow:
                actions.change_offer(uow, service_id=_id(service_id), offer=forms.offer_of(given))
    except (Invalid, Conflict) as error:
        return _form(service_id, given, error)
    flash(gettext("Kept. Clients see it from now on; what is booked stays as it was agreed."))
    return redirect(url_for("catalog.services"), 303)


@bp.post("/pro/services/<service_id>/withdrawal")
@require("consultant")
def withdraw_service(service_id: str) -> Response:
    """Sell it no longer; sessions booked already take place."""
    with work() as uow:
        actions.withdraw_service(uow, service_id=_id(service_id))
    flash(gettext("Off sale. Sessions booked already take place."))
    return redirect(url_for("catalog.services"), 303)


@bp.post("/pro/services/<service_id>/asking")
@require("consultant")
def ask_first(service_id: str) -> Response:
    """From now on bookings of this service wait for a yes, or no longer. What is booked stays as it was agreed."""
    with work() as uow:
        actions.ask_first(uow, service_id=_id(service_id), on_request=request.form.get("on_request") == "yes")
    flash(gettext("Kept. It holds for bookings from now on."))
    return redirect(url_for("catalog.services"), 303)


def _sell(given: Typed) -> None:
    minutes = given["minutes"]
    with work() as uow:
        actions.sell_service(
            uow, service_id=given["id"] if is_id(given["id"]) else new_id(), channel=given["channel"],
            minutes=int(minutes) if minutes in map(str, OFFER_MINUTES) else 0, offer=forms.offer_of(given),
        )  # fmt: skip


def _form(service_id: str, given: Typed, error: DomainError | None) -> Response:
    with read() as db:
        share = queries.consultant(db, current_actor().user_id).commission_bps
    page = render_template(
        "catalog/service.html", service_id=service_id, is_new=service_id == NEW, given=given, channels=CHANNELS,
        lengths=OFFER_MINUTES, commission_bps=share,
        errors=(field_sentences(error) or {"form": sentence_of(error)}) if error else {},
    )  # fmt: skip
    return make_response(page, error.status if error else 200)


def _id(service_id: str) -> str:
    if not is_id(service_id):
        raise NotFound
    return service_id
