"""What the forms of prices and plans may say; everything wrong at once, and what was typed is kept by the caller."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from zhixun.kernel.errors import N_, Invalid
from zhixun.kernel.values import Money, Words, is_id, plain_text

from . import rules
from .rules import PackageTerms, PriceRule

NOTE_LENGTH_MAX = 200

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


@dataclass(frozen=True)
class MembershipTerms:
    title: Words
    note: Words
    price: Money
    included: int
    included_max: Money
    discount_bps: int


def read_membership(form: Mapping[str, str]) -> MembershipTerms:
    """Raises Invalid naming every field that is wrong."""
    wrong: dict[str, str] = {}
    texts = {name: plain_text(form.get(name, "")) for name in ("title_zh", "title_en", "note_zh", "note_en")}
    if not texts["title_zh"] or not texts["title_en"]:
        wrong["title_zh"] = N_("Please name it in both languages.")
    if any(len(text) > NOTE_LENGTH_MAX for text in texts.values()):
        wrong["title_zh"] = N_("Please keep each text under 200 characters.")
    price, most = read_yuan(form.get("price", "")), read_yuan(form.get("included_max", ""))
    if price is None or not price:
        wrong["price"] = N_("Please write a price in yuan, like 1280 or 1280.50.")
    if most is None:
        wrong["included_max"] = N_("Please write a price in yuan, like 1280 or 1280.50.")
    included, percent = form.get("included", "").strip(), form.get("discount", "").strip()
    if not (included.isascii() and included.isdigit() and int(included[:4]) <= 30):
        wrong["included"] = N_("Please write 0 to 30 sessions.")
    if not (percent.isascii() and percent.isdigit() and int(percent[:4]) <= 50):
        wrong["discount"] = N_("Please write 0 to 50 percent.")
    if wrong or price is None or most is None:
        raise Invalid(fields=wrong)
    return MembershipTerms(
        Words(texts["title_zh"], texts["title_en"]), Words(texts["note_zh"], texts["note_en"]), price, int(included),
        most, int(percent) * 100,
    )  # fmt: skip


def read_from(text: str, zone: str) -> datetime | None:
    """The first instant of a day on the clock of `zone`; None for now. Raises Invalid."""
    if not text.strip():
        return None
    try:
        day = date.fromisoformat(text.strip())
        return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid(fields={"from": N_("A day looks like 2026-11-24.")}) from None


@dataclass(frozen=True)
class Preview:
    service_id: str
    starts_at: datetime
    asked_at: datetime


def read_preview(form: Mapping[str, str], zone: str, now: datetime) -> Preview | None:
    """Which service when, and when it is asked for (now, or a day to come); None where nothing was asked. Raises Invalid."""
    service_id, start, asked = (form.get(name, "").strip() for name in ("service", "start", "asked"))
    if not service_id:
        return None
    wrong: dict[str, str] = {}
    starts_at, asked_at = _moment(start, zone), now
    if not is_id(service_id):
        wrong["service"] = N_("Please choose a service.")
    if starts_at is None:
        wrong["start"] = N_("Please choose a day and a time.")
    try:
        asked_at = read_from(asked, zone) or now
    except Invalid as error:
        wrong["asked"] = error.fields["from"]
    if wrong or starts_at is None:
        raise Invalid(fields=wrong)
    return Preview(service_id, starts_at, asked_at)


def _moment(text: str, zone: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


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
