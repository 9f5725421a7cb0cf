"""A session that begins now: someone has just answered, and it is paid already."""

from __future__ import annotations

from zhixun.features.booking import rules
from zhixun.features.booking.models import Booking, Step
from zhixun.features.booking.rules import State
from zhixun.features.catalog import queries as catalog
from zhixun.features.catalog.rules import ServiceView
from zhixun.features.loyalty.rules import courtesy_points
from zhixun.features.plans.rules import PriceLine, stored_lines
from zhixun.features.scheduling.rules import Slot
from zhixun.kernel.unit_of_work import UnitOfWork

from .asking import sealed_brief
from .record import confirm


def book_answered(
    uow: UnitOfWork, *, booking_id: str, client_id: str, service: ServiceView, slot: Slot, payment_id: str, brief: str
) -> None:
    """Write down what was agreed this second, at the listed price. Its time is taken and its money is in its escrow."""
    booking = Booking(
        id=booking_id, client_id=client_id, consultant_id=service.consultant_id, service_id=service.id,
        payment_id=payment_id, state=State.PAID, channel=service.channel, title=service.title, minutes=service.minutes,
        first_starts_at=slot.start, starts_at=slot.start, ends_at=slot.end, hold_expires_at=uow.now,
        price_minor=service.price.amount_minor, currency=service.price.currency,
        courtesy_points=courtesy_points(service.price),
        lines=stored_lines([PriceLine("base", service.title, service.price)]),
        commission_bps=catalog.commission_bps(uow.db, service.consultant_id),
        policy=rules.stored_policy(rules.CLIENT_CANCELS), brief=sealed_brief(uow, booking_id, client_id, brief),
        sensitive=False, created_at=uow.now,
    )  # fmt: skip
    uow.db.add(booking)
    uow.db.add(Step(booking_id=booking_id, number=1, state=State.PAID, at=uow.now, by=client_id))
    uow.db.flush()
    confirm(uow, booking)
