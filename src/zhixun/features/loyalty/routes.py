"""Points and coupons: a client's own page, and the desk's."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from zhixun.features.accounts.rules import check_right
from zhixun.features.catalog import queries as catalog
from zhixun.kernel.errors import N_, DomainError, Invalid, NotFound
from zhixun.kernel.values import Money, is_id, new_id, plain_text, utc_now
from zhixun.web import errors
from zhixun.web.formats import money
from zhixun.web.security import current_actor, read, require, work

from . import actions, forms, queries, rules

NOBODY = N_("No consultant is called that.")
SEVERAL = N_(
    "Several consultants are called that. Please write the whole name, or the last part of their page’s address."
)

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
        with read() as db:
            only_with = _meant(db, request.form.get("consultant", ""))
        coupon = forms.read_coupon(request.form, zone=current_actor().zone, now=utc_now(), consultant_id=only_with)
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


def _meant(db: Session, text: str) -> str | None:
    """The consultant of this name or page, None for nobody in particular. Raises Invalid for none or several."""
    said = " ".join(plain_text(text).split())[: rules.NAME_LENGTH_MAX]
    if not said:
        return None
    found = catalog.named(db, said, limit=rules.NAMED_MAX)
    same = [
        one for one, told in found.items() if said.lower() in (told.slug, told.name.zh.lower(), told.name.en.lower())
    ]
    among = same or list(found)
    if len(among) == 1:
        return among[0]
    raise Invalid(fields={"consultant": SEVERAL if among else NOBODY})


def _desk(typed: Mapping[str, str] | None = None, error: DomainError | None = None) -> AnyResponse:
    check_right(current_actor(), "give_discounts")
    with read() as db:
        found = queries.coupons(db)
        fields = catalog.fields(db)
        consultants = catalog.listed_names(db)[: rules.OFFERED_NAMES_MAX]
        only_with = catalog.names_of(db, {one.consultant_id for one in found if one.consultant_id})
    page = render_template(
        "loyalty/coupons.html", coupons=found, fields=fields, consultants=consultants, only_with=only_with, typed=typed or {}, now=utc_now(), coupon_id=new_id(),
        errors=errors.field_sentences(error) if error else {}, title_length_max=rules.TITLE_LENGTH_MAX,
        sentence=errors.sentence_of(error) if error and not error.fields else "",
        money_minor=lambda minor: money(Money(minor)),
    )  # fmt: skip
    return make_response(page, error.status if error else 200)
