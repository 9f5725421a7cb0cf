"""The house's prices at the desk: its price rules by version, its memberships, and what a session would cost."""

from __future__ import annotations

from collections.abc import Mapping

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from zhixun.features.accounts.rules import check_right
from zhixun.features.catalog import queries as catalog
from zhixun.features.plans import actions, forms, queries, rules
from zhixun.features.plans.rules import HOUSE, Quote
from zhixun.kernel.errors import DomainError, Invalid, NotFound
from zhixun.kernel.values import is_id, new_id, utc_now
from zhixun.web import errors
from zhixun.web.security import current_actor, read, require, work
from zhixun.web.ways import leads_to

from . import bp


@bp.get("/ops/prices")
@require("operator")
def house_prices() -> AnyResponse:
    """The house's price table as it was, is and will be; with `service` and `start` also what that would cost."""
    return _page()


@bp.post("/ops/prices")
@require("operator")
def put_house_price() -> AnyResponse:
    """Add a line, or a new version of it from a day on."""
    try:
        rule = forms.read_price_rule(request.form)
        from_at = forms.read_from(request.form.get("from", ""), current_actor().zone)
        with work() as uow:
            actions.set_price_rule(uow, owner_id=HOUSE, rule=rule, from_at=from_at)
    except DomainError as error:
        return _page(rule=request.form, error=error)
    flash(gettext("Saved. Bookings made before keep their price."))
    return redirect(url_for("plans.house_prices"), 303)


@bp.post("/ops/prices/end")
@require("operator")
def end_house_price() -> AnyResponse:
    """Let a line end now, or at the beginning of a day."""
    form = request.form
    try:
        until = forms.read_from(form.get("from", ""), current_actor().zone)
        with work() as uow:
            actions.drop_price_rule(
                uow, owner_id=HOUSE, kind=form.get("kind", ""), value=form.get("value", ""), until_at=until
            )
    except DomainError as error:
        return _page(error=error)
    flash(gettext("It ends. Bookings made before keep their price."))
    return redirect(url_for("plans.house_prices"), 303)


@bp.post("/ops/memberships")
@leads_to("plans.house_prices", "memberships")
@require("operator")
def put_membership() -> AnyResponse:
    """Put a membership on sale. Other terms are another membership."""
    form = request.form
    try:
        terms = forms.read_membership(form)
        membership_id = form.get("membership_id", "")
        with work() as uow:
            actions.put_membership(
                uow, membership_id=membership_id if is_id(membership_id) else new_id(), title=terms.title,
                note=terms.note, price=terms.price, included=terms.included, included_max=terms.included_max,
                discount_bps=terms.discount_bps,
            )  # fmt: skip
    except DomainError as error:
        return _page(membership=form, error=error)
    flash(gettext("The membership is on sale."))
    return redirect(url_for("plans.house_prices", _anchor="memberships"), 303)


@bp.post("/ops/memberships/<membership_id>/withdrawal")
@leads_to("plans.house_prices", "memberships")
@require("operator")
def withdraw_membership(membership_id: str) -> AnyResponse:
    if not is_id(membership_id):
        raise NotFound
    with work() as uow:
        actions.withdraw_membership(uow, membership_id=membership_id)
    flash(gettext("Withdrawn. Members keep it, and it goes on for them."))
    return redirect(url_for("plans.house_prices", _anchor="memberships"), 303)


def _page(
    *,
    rule: Mapping[str, str] | None = None,
    membership: Mapping[str, str] | None = None,
    error: DomainError | None = None,
) -> AnyResponse:
    check_right(current_actor(), "run_house")
    now = utc_now()
    try:
        preview = forms.read_preview(request.args, current_actor().zone, now)
    except Invalid as refusal:
        preview, error = None, error or refusal
    with read() as db:
        quoted = _quoted(db, preview) if preview else None
        versions = queries.rule_versions(db, HOUSE)
        cards = catalog.consultant_cards(db)
        members = queries.member_counts(db)
        packages = queries.packages_of(db, [card.id for card in cards])
        page = render_template(
            "plans/desk.html", now=now, versions=versions, cards=cards, quoted=quoted,
            packages=packages, names={card.id: card.name for card in cards}, sold=queries.memberships(db), members=members, rule_words=rules.rule_words, kinds=rules.KINDS,
            seen=request.args, rule=rule or {}, membership=membership or {}, membership_id=new_id(),
            errors=errors.field_sentences(error) if error else {},
            sentence=errors.sentence_of(error) if error and not error.fields else "",
        )  # fmt: skip
    return make_response(page, error.status if error else 200)


def _quoted(db: Session, preview: forms.Preview) -> Quote:
    service = catalog.service(db, preview.service_id)
    return queries.quote(db, service=service, starts_at=preview.starts_at, now=preview.asked_at)
