"""What can be asked about payments: one's own, those of a purpose, the house's, and what comparing with gateways found."""

from .payments import (
    HouseRefunds,
    PaymentView,
    RefundLine,
    RefundView,
    captured_total,
    house_refunds,
    open_matters,
    payment,
    payment_for,
    pays_for,
    refund,
    refunded_purposes,
    refunded_total,
    refunds_for,
)
from .reconciling import (
    ReconciliationView,
    kept_between,
    kept_of,
    not_reconciled,
    open_differences,
    reconciliations,
)

__all__ = [
    "HouseRefunds",
    "PaymentView",
    "ReconciliationView",
    "RefundLine",
    "RefundView",
    "captured_total",
    "house_refunds",
    "kept_between",
    "kept_of",
    "not_reconciled",
    "open_differences",
    "open_matters",
    "payment",
    "payment_for",
    "pays_for",
    "reconciliations",
    "refund",
    "refunded_purposes",
    "refunded_total",
    "refunds_for",
]
