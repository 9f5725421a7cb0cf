"""A client's own plans: what is left, what it was used for, buying, giving back."""

from __future__ import annotations

from datetime import timedelta

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from markupsafe import escape
from werkzeug.wrappers import Response as AnyResponse

from zhixun.features.catalog import queries as catalog
from zhixun.features.payments.queries import PaymentView
from zhixun.features.payments.rules import order_of
from zhixun.features.plans import actions, forms, queries, rules
from zhixun.features.plans.actions import AlreadyMember, NothingToRefund, NotSold
from zhixun.features.plans.queries import PackageView
from zhixun.kernel.errors import DomainError, Invalid, NotFound
from zhixun.kernel.values import is_id, new_id, utc_now
from zhixun.web import errors, limits
from zhixun.web.formats import money, say
from zhixun.web.security import current_actor, read, require, work

from . import bp

ORDERS_MAX, ORDERS_SECONDS = 30, 600


@bp.get("/plans")
@require()
def mine() -> AnyResponse:
    """What I have bought, what is left of it, and the house's memberships."""
    return _page()


@bp.get("/plans/buy/<product_id>")
@require()
def buy(product_id: str) -> AnyResponse:
    """What is about to be bought, until when it lasts and what comes back of it, before any money is asked for."""
    _check_id(product_id)
    now = utc_now()
    with read() as db:
        thing = queries.product(db, product_id)
        package = thing if isinstance(thing, PackageView) else None
        card = catalog.cards_of(db, [package.consultant_id]).get(package.consultant_id) if package else None
        member = not package and queries.membership_of(db, current_actor().user_id, now) is not None
    if not thing.active or (package and card is None):
        raise NotFound
    page = render_template(
        "plans/buy.html",
        thing=thing, package=package, card=card, member=member, order_id=new_id(),
        service=next((one for one in card.services if one.id == package.service_id), None) if card and package else None,
        until=now + timedelta(days=package.valid_days) if package else rules.months_after(now, 1),
    )  # fmt: skip
    return make_response(page, 200)


def ordered_thing(payment: PaymentView) -> str:
    """Where a payment is for a package or a membership: which, and with whom."""
    order_id = order_of(payment.purpose)
    if not order_id:
        return ""
    with read() as db:
        thing = queries.product(db, queries.order(db, order_id, current_actor().user_id).product_id)
        name = catalog.name_of(db, thing.consultant_id) if isinstance(thing, PackageView) else None
    words = {"title": say(thing.title), "name": say(name) if name else ""}
    return str(escape(gettext("%(title)s with %(name)s", **words) if name else words["title"]))


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
        now=now, sentence=errors.sentence_of(refusal) if refusal else "",
    )  # fmt: skip
    return make_response(page, refusal.status if refusal else 200)


def _check_id(text: str) -> None:
    if not is_id(text):
        raise NotFound
