from __future__ import annotations

from collections.abc import Mapping

from zhixun.kernel.errors import N_, Invalid, NotFound
from zhixun.kernel.values import Money, hundredths, is_id


def read_amount(form: Mapping[str, str], currency: str) -> Money | None:
    """What was asked for: all (None), or an amount as it is written, "120" or "120.50". Raises Invalid."""
    if form.get("how") == "all":
        return None
    minor = hundredths(form.get("amount", ""))
    if minor is not None:
        return Money(minor, currency)
    raise Invalid(fields={"amount": N_("Please write an amount like 120 or 120.50.")})


def own_id(text: str) -> str:
    """An id from an address; whatever is not one is not found."""
    if not is_id(text):
        raise NotFound
    return text
