"""The form of a coupon: everything wrong at once, and what was typed is kept by the caller."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from zhixun.kernel.errors import N_, Invalid
from zhixun.kernel.values import Words, is_id, new_id, plain_text

from . import rules
from .rules import Coupon

YEARS = range(2000, 3000)
_NUMBER = re.compile(r"\d{1,8}(\.\d{1,2})?")


def read_coupon(form: Mapping[str, str], *, zone: str, now: datetime, consultant_id: str | None = None) -> Coupon:
    """`valid_from` and `valid_until` are days on the operator's clock, the last one included. Raises Invalid."""
    wrong: dict[str, str] = {}
    value = _hundredths(form.get("value", ""))
    kind = form.get("kind", "")
    if value is None:
        wrong["value"] = N_("Please write a number, like 10 or 49.50.")
    begins, ends = (_day(form.get(name, ""), zone) for name in ("valid_from", "valid_until"))
    if begins is None and form.get("valid_from", "").strip():
        wrong["valid_from"] = N_("Please choose a day.")
    if ends is None:
        wrong["valid_until"] = N_("Please choose a day.")
    limits = {name: _optional(form.get(name, ""), name, wrong) for name in ("off_max", "minimum", "budget", "uses_max")}
    each, most = _hundredths(form.get("per_person_max", "1")), limits["uses_max"]
    given = form.get("coupon_id", "")
    coupon = Coupon(
        id=given if is_id(given) else new_id(), code=rules.clean_code(form.get("code", "")),
        title=Words(plain_text(form.get("title_zh", "")), plain_text(form.get("title_en", ""))), kind=kind,
        percent_bps=(value or 0) if kind == "percent" else 0, amount_minor=(value or 0) if kind == "amount" else 0,
        off_max_minor=limits["off_max"], minimum_minor=limits["minimum"] or 0, field_id=form.get("field_id") or None,
        consultant_id=consultant_id, first_booking=form.get("first_booking") == "yes",
        listed=form.get("listed") == "yes", valid_from=begins or now,
        valid_until=(ends or now) + timedelta(days=1), per_person_max=(each or 0) // 100,
        uses_max=None if most is None else most // 100, budget_minor=limits["budget"], used=0, spent_minor=0,
        paused=False,
    )  # fmt: skip
    try:
        rules.check_coupon(coupon)
    except Invalid as error:
        wrong = error.fields | wrong
    if wrong:
        raise Invalid(fields=wrong)
    return coupon


def _hundredths(text: str) -> int | None:
    clean = text.strip().replace(",", "").removeprefix("¥").removesuffix("%").strip()
    if not clean.isascii() or not _NUMBER.fullmatch(clean):
        return None
    whole, _, part = clean.partition(".")
    return int(whole) * 100 + int((part + "00")[:2])


def _optional(text: str, name: str, wrong: dict[str, str]) -> int | None:
    if not text.strip():
        return None
    found = _hundredths(text)
    if found is None:
        wrong[name] = N_("Please write an amount, or nothing.")
    return found


def _day(text: str, zone: str) -> datetime | None:
    try:
        day = datetime.strptime(text.strip(), "%Y-%m-%d").date()  # noqa: DTZ007 - a day
    except ValueError:
        return None
    return datetime.combine(day, time(), ZoneInfo(zone)) if day.year in YEARS else None
