"""What is put on sale: a consultant's packages, the house's memberships."""

from __future__ import annotations

from sqlalchemy import func, select

from zhixun.features.accounts.rules import check_right
from zhixun.features.catalog import queries as catalog
from zhixun.features.plans import rules
from zhixun.features.plans.models import Membership, Package
from zhixun.features.plans.rules import PackageTerms
from zhixun.kernel import audit
from zhixun.kernel.errors import N_, Conflict, Invalid, NotFound
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import Money, Words

PACKAGES_MAX = 12


class TooManyPackages(Conflict):
    code, message = "too_many_packages", N_("You can sell 12 packages at once. Please withdraw one first.")


def put_package(
    uow: UnitOfWork, *, package_id: str, consultant_id: str, service_id: str | None, terms: PackageTerms
) -> None:
    """Put a package on sale, or change it; what was bought keeps its terms. Sessions are of one service, minutes of any.

    Raises Invalid, NotFound (someone else's), TooManyPackages.
    """
    _check_seller(uow, consultant_id)
    rules.check_package(terms)
    _check_service(uow, consultant_id, service_id, terms)
    old = uow.db.get(Package, package_id, with_for_update=True)
    if old is not None and old.consultant_id != consultant_id:
        raise NotFound
    if old is None and _on_sale(uow, consultant_id) >= PACKAGES_MAX:
        raise TooManyPackages
    row = old or Package(id=package_id, consultant_id=consultant_id, created_at=uow.now)
    row.service_id, row.title, row.unit, row.quantity = service_id, terms.title, terms.unit, terms.quantity
    row.price_minor, row.currency = terms.price.amount_minor, terms.price.currency
    row.valid_days, row.active = terms.valid_days, True
    if old is None:
        uow.db.add(row)
    uow.db.flush()


def withdraw_package(uow: UnitOfWork, *, package_id: str) -> None:
    """Sell it no longer; what was bought stays good. Twice is once. Raises NotFound."""
    row = uow.db.get(Package, package_id, with_for_update=True)
    if row is None:
        raise NotFound
    _check_seller(uow, row.consultant_id)
    row.active = False


def put_membership(
    uow: UnitOfWork,
    *,
    membership_id: str,
    title: Words,
    note: Words,
    price: Money,
    included: int,
    included_max: Money,
    discount_bps: int,
) -> None:
    """Put a monthly membership of the house on sale; the same one again is once. Other terms are another membership: put
    that on sale and withdraw this. Raises Invalid, Conflict (known with other terms), RightNeeded."""
    check_right(uow.actor, "run_house")
    if (
        not (title.zh or title.en)
        or price.amount_minor <= 0
        or not 0 <= included <= 30
        or not 0 <= discount_bps <= 5_000
    ):
        raise Invalid(
            N_("A membership has a name, a price, up to 30 sessions a month and at most 50 % off."),
        )
    terms = {
        "title": title, "note": note, "price_minor": price.amount_minor, "currency": price.currency,
        "included": included, "included_max_minor": included_max.amount_minor, "discount_bps": discount_bps,
    }  # fmt: skip
    row = uow.db.get(Membership, membership_id, with_for_update=True)
    if row is not None:
        if any(getattr(row, name) != value for name, value in terms.items()):
            raise Conflict(N_("This membership is on sale with other terms. Withdraw it and put a new one on sale."))
        return
    uow.db.add(Membership(id=membership_id, created_at=uow.now, active=True, **terms))
    uow.db.flush()
    audit.record(uow, "membership_put_on_sale", subject_id=membership_id, price_minor=price.amount_minor)


def withdraw_membership(uow: UnitOfWork, *, membership_id: str) -> None:
    """Sell it no longer; members keep what they have, and it renews for them. Twice is once. Raises NotFound, RightNeeded."""
    check_right(uow.actor, "run_house")
    row = uow.db.get(Membership, membership_id, with_for_update=True)
    if row is None:
        raise NotFound
    if row.active:
        row.active = False
        audit.record(uow, "membership_withdrawn", subject_id=membership_id)


def _check_seller(uow: UnitOfWork, consultant_id: str) -> None:
    if not (uow.actor.is_a("system") or uow.actor.user_id == consultant_id):
        raise NotFound
    if not catalog.is_listed(uow.db, consultant_id):
        raise NotFound


def _check_service(uow: UnitOfWork, consultant_id: str, service_id: str | None, terms: PackageTerms) -> None:
    if terms.unit == "minute":
        if service_id is not None:
            raise Invalid(fields={"service_id": N_("Minutes are good for every service; please choose none.")})
        return
    if service_id is None:
        raise Invalid(fields={"service_id": N_("Please choose the service whose sessions the package has.")})
    service = catalog.service(uow.db, service_id)
    if service.consultant_id != consultant_id or not service.active:
        raise NotFound
    if (
        terms.price.currency != service.price.currency
        or terms.price.amount_minor > service.price.amount_minor * terms.quantity
    ):
        raise Invalid(fields={"price": N_("A package costs no more than its sessions do singly.")})


def _on_sale(uow: UnitOfWork, consultant_id: str) -> int:
    sold = select(func.count()).select_from(Package).where(Package.consultant_id == consultant_id, Package.active)
    return uow.db.scalar(sold) or 0
