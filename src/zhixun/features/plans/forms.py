"""What the forms of prices and plans may say; everything wrong at once, and what was typed is kept by the caller."""

from __future__ import annotations

import re
from collections.abc import Mapping

from zhixun.kernel.errors import N_, Invalid
from zhixun.kernel.values import Money, Words, is_id, plain_text

from . import rules
from .rules import PackageTerms, PriceRule

_YUAN = re.compile(r"\d{1,7}(\.\d{1,2})?")
_PERCENT = re.compile(r"[+-]?\d{1,3}(\.\d{1,2})?")


def read_order(form: Mapping[str, str]) -> tuple[str, str]:
    """(order id, what is ordered). Raises Invalid."""
    order_id, product_id = form.get("order_id", ""), form.get("product_id", "")
    if not is_id(order_id) or not is_id(product_id):
        raise Invalid(N_("This form is damaged. Please go back, reload the page and choose again."))
    return order_id, product_id


def read_package(form: Mapping[str, str]) -> tuple[str | None, PackageTerms]:
    """(service id or None for minutes of any service, the terms). Raises Invalid naming every field that is wrong."""
    wrong: dict[str, str] = {}
    service_id = form.get("service_id", "")
    unit = "minute" if service_id == "any" else "session"
    if unit == "session" and not is_id(service_id):
        wrong["service_id"] = N_("Please choose a service.")
    price = read_yuan(form.get("price", ""))
    if price is None:
        wrong["price"] = N_("Please write a price in yuan, like 1280 or 1280.50.")
    terms = PackageTerms(
        Words(plain_text(form.get("title_zh", "")), plain_text(form.get("title_en", ""))), unit,
        _number(form.get("quantity", "")), price or Money(rules.PRICE_MINOR_MIN), _number(form.get("valid_days", "")),
    )  # fmt: skip
    try:
        rules.check_package(terms)
    except Invalid as error:
        wrong = error.fields | wrong
    if wrong:
        raise Invalid(fields=wrong)
    return (service_id if unit == "session" else None), terms


def read_price_rule(form: Mapping[str, str]) -> PriceRule:
    """`percent` is what is added to a price (or taken off), or the share of it that a floor or a cap keeps. Raises Invalid."""
    kind, text = form.get("kind", ""), form.get("percent", "").strip().replace("−", "-").removesuffix("%").strip()
    wrong: dict[str, str] = {}
    bps = 0
    if not _PERCENT.fullmatch(text):
        wrong["percent"] = N_("Please write a percentage, like 10 or -5.")
    else:
        whole, _, part = text.lstrip("+-").partition(".")
        bps = int(whole) * 100 + int((part + "00")[:2])
        bps = -bps if text.startswith("-") else bps
    rule = PriceRule(
        kind, form.get("value", "").strip().replace("–", "-"),
        bps if kind in ("floor", "cap") else rules.UNCHANGED_BPS + bps,
    )  # fmt: skip
    try:
        rules.check_price_rule(rule)
    except Invalid as error:
        found = {("percent" if name == "factor" else name): said for name, said in error.fields.items()}
        wrong = found | wrong
    if wrong:
        raise Invalid(fields=wrong)
    return rule


def read_yuan(text: str) -> Money | None:
    """ "1280.50" as money; None for anything else."""
    clean = text.strip().replace(",", "").replace("¥", "").strip()
    if not clean.isascii() or not _YUAN.fullmatch(clean):
        return None
    whole, _, part = clean.partition(".")
    return Money(int(whole) * 100 + int((part + "00")[:2]))


def _number(text: str) -> int:
    clean = text.strip()
    return int(clean) if clean.isascii() and clean.isdigit() and len(clean) <= 6 else 0
