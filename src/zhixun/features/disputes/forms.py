from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from zhixun.kernel.errors import N_, Invalid, NotFound
from zhixun.kernel.values import Money, is_id

AMOUNT_LENGTH_MAX = 20


def read_amount(form: Mapping[str, str], currency: str) -> Money | None:
    """What was asked for: all (None), or an amount as it is written, "120" or "120.50". Raises Invalid."""
    if form.get("how") == "all":
        return None
    try:
        minor = Decimal(form.get("amount", "").strip().replace(",", "")[:AMOUNT_LENGTH_MAX]) * 100
        if minor == int(minor) and 0 <= minor < 2**53:
            return Money(int(minor), currency)
    except (ArithmeticError, ValueError):
        pass  # not a number: said below
    raise Invalid(fields={"amount": N_("Please write an amount like 120 or 120.50.")})


def own_id(text: str) -> str:
    """An id from an address; whatever is not one is not found."""
    if not is_id(text):
        raise NotFound
    return text
