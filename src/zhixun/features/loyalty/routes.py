"""Points and coupons: a client's own page, and the desk's."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from zhixun.features.accounts.rules import check_right
from zhixun.features.catalog import queries as catalog
from zhixun.kernel.errors import DomainError, NotFound
from zhixun.kernel.values import Money, is_id, new_id, utc_now
from zhixun.web import errors
from zhixun.web.formats import money
from zhixun.web.security import current_actor, read, require, work

from . import actions, forms, queries, rules

bp = Blueprint("loyalty", __name__, template_folder="templates")


@bp.get("/me/points")
@require()
def points() -> str:
    """What one has earned, what it is worth, what expires next, and the coupons on offer."""
    me, now = current_actor().user_id, utc_now()
    with read() as db:
        standing = queries.standing(db, me, now)
        lines = queries.history(db, me)
        coupons = queries.listed_coupons(db, now)
    return render_template(
        "loyalty/points.html", standing=standing, lines=lines, coupons=coupons, tiers=rules.TIERS, now=now,
        worth=rules.points_worth(standing.balance), money_minor=lambda minor: money(Money(minor)),
        step=rules.POINTS_STEP,
    )  # fmt: skip


@bp.get("/ops/coupons")
@require("operator")
def coupons() -> AnyResponse:
    return _desk()


@bp.post("/ops/coupons")
@require("operator")
def create() -> AnyResponse:
    """Offer a new coupon."""
    check_right(current_actor(), "give_discounts")
    try:
        coupon = forms.read_coupon(request.form, zone=current_actor().zone, now=utc_now())
        with work() as uow:
            actions.create_coupon(uow, coupon=coupon)
    except DomainError as error:
        return _desk(request.form, error)
    flash(gettext("The coupon is there."))
    return redirect(url_for("loyalty.coupons"), 303)


@bp.post("/ops/coupons/<coupon_id>/pause")
@require("operator")
def pause(coupon_id: str) -> AnyResponse:
    """Pause a coupon (`paused=1`) or let it go on (`paused=0`)."""
    if not is_id(coupon_id):
        raise NotFound
    change = actions.pause_coupon if request.form.get("paused") == "1" else actions.resume_coupon
    with work() as uow:
        change(uow, coupon_id=coupon_id)
    flash(gettext("Saved."))
    return redirect(url_for("loyalty.coupons"), 303)


def _desk(typed: Mapping[str, str] | None = None, error: DomainError | None = None) -> AnyResponse:
    check_right(current_actor(), "give_discounts")
    with read() as db:
        found = queries.coupons(db)
        fields = catalog.fields(db)
    page = render_template(
        "loyalty/coupons.html", coupons=found, fields=fields, typed=typed or {}, now=utc_now(), coupon_id=new_id(),
        errors=errors.field_sentences(error) if error else {}, title_length_max=rules.TITLE_LENGTH_MAX,
        sentence=errors.sentence_of(error) if error and not error.fields else "",
        money_minor=lambda minor: money(Money(minor)),
    )  # fmt: skip
    return make_response(page, error.status if error else 200)
