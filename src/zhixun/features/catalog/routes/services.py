"""A consultant's own services: what each asks of a booking."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from zhixun.features.catalog import actions, queries
from zhixun.features.catalog.rules import ON_REQUEST_NOTICE_MINUTES
from zhixun.kernel.errors import NotFound
from zhixun.kernel.values import is_id
from zhixun.web.security import current_actor, read, require, work

from . import bp


@bp.get("/pro/services")
@require("consultant")
def services() -> str:
    """What the asker sells, and whether each booking waits for their yes."""
    me = current_actor().user_id
    with read() as db:
        card = queries.cards_of(db, [me]).get(me)
    return render_template(
        "catalog/services.html", services=card.services if card else (), slug=card.slug if card else "",
        notice_hours=ON_REQUEST_NOTICE_MINUTES // 60,
    )  # fmt: skip


@bp.post("/pro/services/<service_id>/asking")
@require("consultant")
def ask_first(service_id: str) -> Response:
    """From now on bookings of this service wait for a yes, or no longer. What is booked stays as it was agreed."""
    if not is_id(service_id):
        raise NotFound
    with work() as uow:
        actions.ask_first(uow, service_id=service_id, on_request=request.form.get("on_request") == "yes")
    flash(gettext("Kept. It holds for bookings from now on."))
    return redirect(url_for("catalog.services"), 303)
