"""Packages and memberships: what is sold, ordering it, and what is left of what one has."""

from __future__ import annotations

from sqlalchemy.orm import Session

from zhixun.features.api.forms import plans as answers
from zhixun.features.api.forms.asked import OrderWanted
from zhixun.features.catalog import queries as catalog
from zhixun.features.plans import actions, queries
from zhixun.features.plans.actions import AlreadyMember, NotSold
from zhixun.features.plans.queries import HoldingView, PackageView
from zhixun.kernel.errors import N_, Invalid, NotFound
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import new_id
from zhixun.web import security
from zhixun.web.formats import say

from . import shown
from .bookings import gateway_asked
from .endpoint import reads, writes

TAG = N_("Plans")


@reads(
    "/consultants/{consultant_id}/packages",
    N_("What a consultant sells in packages."),
    tag=TAG,
    answer=answers.Packages,
    signed_in=False,
    refusals=(NotFound,),
)
def packages(db: Session, consultant_id: str) -> answers.Packages:
    if not catalog.is_listed(db, consultant_id):
        raise NotFound
    return answers.Packages(items=[_package(one) for one in queries.packages_of(db, [consultant_id])])


@reads("/memberships", N_("The house’s memberships."), tag=TAG, answer=answers.Memberships, signed_in=False)
def memberships(db: Session) -> answers.Memberships:
    return answers.Memberships(
        items=[
            answers.MembershipShown(
                id=one.id, title=say(one.title), note=say(one.note), price=shown.money(one.price),
                included=one.included, included_max=shown.money(one.included_max), discount_bps=one.discount_bps,
            )
            for one in queries.memberships(db)
        ]
    )  # fmt: skip


@writes(
    "/orders",
    N_("Order a package or a membership and ask for the payment. It is yours once that is paid."),
    tag=TAG,
    asked=OrderWanted,
    answer=answers.OrderMade,
    status=201,
    refusals=(NotFound, NotSold, AlreadyMember),
)
def order_plan(uow: UnitOfWork, wanted: OrderWanted) -> answers.OrderMade:
    named = [one for one in (wanted.package_id, wanted.membership_id, wanted.plan_id) if one]
    if len(named) != 1:
        raise Invalid(fields={"plan_id": N_("Please name one package or one membership.")})
    gateway = gateway_asked(wanted.gateway)
    made = actions.order_plan(uow, order_id=wanted.id or new_id(), product_id=named[0], gateway=gateway)
    return answers.OrderMade.model_validate(
        {
            "id": made.id, "state": made.state, "total": shown.money(made.amount),
            "payment": shown.payment_asked(made.payment_id, gateway),
        }
    )  # fmt: skip


@reads("/me/plans", N_("What you have bought, what is left of it, and until when."), tag=TAG, answer=answers.Plans)
def my_plans(db: Session) -> answers.Plans:
    found = queries.holdings_of(db, security.current_actor().user_id)
    return answers.Plans(items=[_plan(one) for one in found])


def _package(one: PackageView) -> answers.PackageShown:
    return answers.PackageShown.model_validate(
        {
            "id": one.id, "consultant_id": one.consultant_id, "service_id": one.service_id, "title": say(one.title),
            "unit": one.unit, "quantity": one.quantity, "price": shown.money(one.price), "valid_days": one.valid_days,
        }
    )  # fmt: skip


def _plan(one: HoldingView) -> answers.PlanShown:
    return answers.PlanShown.model_validate(
        {
            "id": one.id, "kind": one.kind, "title": say(one.title), "consultant_id": one.consultant_id,
            "service_id": one.service_id, "unit": one.unit, "quantity": one.quantity_units / 100,
            "left": one.left_units / 100, "words": say(one.left), "price": shown.money(one.price),
            "discount_bps": one.discount_bps, "expires_at": one.expires_at, "renews": one.renews,
            "grace_until": one.grace_until, "active": one.active, "refund": shown.money(one.refund),
        }
    )  # fmt: skip
