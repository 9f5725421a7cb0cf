"""A client's own plans: what is left, what it was used for, buying, giving back."""

from __future__ import annotations

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from zhixun.features.catalog import queries as catalog
from zhixun.features.plans import actions, forms, queries
from zhixun.features.plans.actions import AlreadyMember, NothingToRefund, NotSold
from zhixun.kernel.errors import DomainError, Invalid, NotFound
from zhixun.kernel.values import is_id, new_id, utc_now
from zhixun.web import errors, limits
from zhixun.web.formats import money
from zhixun.web.security import current_actor, read, require, work

from . import bp

ORDERS_MAX, ORDERS_SECONDS = 30, 600


@bp.get("/plans")
@require()
def mine() -> AnyResponse:
    """What I have bought, what is left of it, and the house's memberships."""
    return _page()


@bp.post("/plans/orders")
def order() -> AnyResponse:
    """Order a package or a membership and go on to pay. A visitor signs in first."""
    order_id, product_id = forms.read_order(request.form)
    if not current_actor().user_id:
        return redirect(url_for("pages.sign_in", next=url_for("plans.mine")), 303)
    limits.limit("order", current_actor().user_id, tries=ORDERS_MAX, seconds=ORDERS_SECONDS)
    try:
        with work() as uow:
            made = actions.order_plan(uow, order_id=order_id, product_id=product_id)
    except (AlreadyMember, NotSold, Invalid) as refusal:
        return _page(refusal)
    return redirect(url_for("payments.pay", payment_id=made.payment_id), 303)


@bp.get("/plans/orders/<order_id>")
@require()
def ordered(order_id: str) -> AnyResponse:
    """The payer is back: hand over what was bought if nobody has done it yet. Safe beside the worker doing the same."""
    _check_id(order_id)
    with read() as db:
        queries.order(db, order_id, current_actor().user_id)
    with work() as uow:
        made = actions.fulfil_if_paid(uow, order_id=order_id)
    if made.state == "fulfilled":
        flash(gettext("Paid. It is yours and can be used from now on."))
        return redirect(url_for("plans.mine", _anchor=f"plan-{made.holding_id}"), 303)
    return redirect(url_for("payments.returned", payment_id=made.payment_id), 303)


@bp.post("/plans/<holding_id>/refund")
@require()
def refund(holding_id: str) -> AnyResponse:
    """Give back the unused part of a package."""
    _check_id(holding_id)
    try:
        with work() as uow:
            back = actions.refund_plan(uow, holding_id=holding_id)
    except NothingToRefund as refusal:
        return _page(refusal)
    flash(gettext("%(amount)s goes back the way you paid.", amount=money(back, exact=True)))
    return redirect(url_for("plans.mine"), 303)


@bp.post("/plans/<holding_id>/renewal")
@require()
def renewal(holding_id: str) -> AnyResponse:
    """Let a membership end with its month (`renews=0`), or go on after all (`renews=1`)."""
    _check_id(holding_id)
    change = actions.resume_membership if request.form.get("renews") == "1" else actions.cancel_membership
    with work() as uow:
        change(uow, holding_id=holding_id)
    flash(gettext("Saved."))
    return redirect(url_for("plans.mine", _anchor=f"plan-{holding_id}"), 303)


def _page(refusal: DomainError | None = None) -> AnyResponse:
    me, now = current_actor().user_id, utc_now()
    with read() as db:
        found = queries.holdings_of(db, me)
        uses = queries.uses_of(db, [one.id for one in found]) if found else {}
        cards = catalog.cards_of(db, [one.consultant_id for one in found if one.consultant_id])
        sold = queries.memberships(db)
    page = render_template(
        "plans/mine.html",
        standing=[one for one in found if one.active], ended=[one for one in found if not one.active], uses=uses,
        cards=cards, memberships=sold, is_member=any(one.active and one.kind == "membership" for one in found),
        new_id=new_id, now=now, sentence=errors.sentence_of(refusal) if refusal else "",
    )  # fmt: skip
    return make_response(page, refusal.status if refusal else 200)


def _check_id(text: str) -> None:
    if not is_id(text):
        raise NotFound
