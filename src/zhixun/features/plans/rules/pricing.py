"""Price rules: base × seniority × time of day × urgency, between a floor and a cap, each step a line in words.

A rule is a factor in basis points of the price before it (11 000 = ten per cent more). A consultant's own rules of a
kind stand in place of the house's rules of that kind. The price never leaves the band that floor and cap draw around
the listed price, and whoever may be in danger never pays more than that price.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from zhixun.features.catalog.rules import SENIORITIES, without_harmless
from zhixun.kernel.errors import N_, Invalid
from zhixun.kernel.values import Money, Words

HOUSE = "house"
"""The owner of the rules that hold for every consultant who has none of their own."""
KINDS = ("seniority", "evening", "weekend", "urgent", "floor", "cap")
UNCHANGED_BPS = 10_000
FACTOR_BPS_MIN, FACTOR_BPS_MAX = 5_000, 20_000
FLOOR_BPS, CAP_BPS = 7_000, 15_000
"""Where nobody has set others: a session costs 70 to 150 per cent of its listed price."""
CAP_BPS_MAX = 20_000
URGENT_HOURS_MAX = 72
WEEKEND = (5, 6)

_WINDOW = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_SENIORITY_WORDS = {
    "junior": Words("初级咨询师", "Junior consultant"),
    "senior": Words("资深咨询师", "Senior consultant"),
    "principal": Words("首席咨询师", "Principal consultant"),
}


@dataclass(frozen=True)
class PriceRule:
    """`value`: a seniority, an evening's "18:00-22:00" on the consultant's clock, hours before the start, or nothing."""

    kind: str
    value: str
    factor_bps: int


@dataclass(frozen=True)
class PriceTable:
    rules: tuple[PriceRule, ...] = ()
    floor_bps: int = FLOOR_BPS
    cap_bps: int = CAP_BPS


@dataclass(frozen=True)
class Priced:
    """A session as the price rules look at it."""

    price: Money
    """What is listed."""
    title: Words
    minutes: int
    starts_at: datetime
    asked_at: datetime
    zone: str = "UTC"
    """The consultant's."""
    seniority: str = ""
    in_danger: bool = False
    """A topic or a text that speaks of danger: nothing is added to the price."""


@dataclass(frozen=True)
class PriceLine:
    """One step to the total, in words. `kind` is a word of KINDS, "base", "kept" (a surcharge that is not made), or what
    took the price down: "package", "membership", "member", "coupon", "points"."""

    kind: str
    words: Words
    amount: Money


@dataclass(frozen=True)
class Part:
    """What an account of the books pays towards a session instead of the client."""

    account: str
    amount: Money


@dataclass(frozen=True)
class Quote:
    """`total` is what the client pays in money; `parts` is what is paid for them by `units` of a
    plan (`holding_id`), a coupon, or points."""

    lines: tuple[PriceLine, ...]
    total: Money
    parts: tuple[Part, ...] = ()
    holding_id: str = ""
    units: int = 0
    coupon_id: str = ""
    points: int = 0


def quote(session: Priced, table: PriceTable) -> Quote:
    """THE price of one session. What is shown before, what is held and what is paid all come from here."""
    lines = [PriceLine("base", _base_words(session), session.price)]
    total = session.price
    for rule in table.rules:
        if not _applies(rule, session):
            continue
        changed = total.share_bps(rule.factor_bps)
        if session.in_danger and changed > total:
            if lines[-1].kind != "kept":
                lines.append(PriceLine("kept", _KEPT, Money(0, total.currency)))
        elif changed != total:
            lines.append(PriceLine(rule.kind, rule_words(rule), changed - total))
            total = changed
    cap, floor = session.price.share_bps(table.cap_bps), session.price.share_bps(table.floor_bps)
    if total > cap:
        lines.append(PriceLine("cap", rule_words(PriceRule("cap", "", table.cap_bps)), cap - total))
    elif total < floor:
        lines.append(PriceLine("floor", rule_words(PriceRule("floor", "", table.floor_bps)), floor - total))
    return Quote(tuple(lines), min(cap, max(floor, total)))


def merged(house: Sequence[PriceRule], own: Sequence[PriceRule]) -> PriceTable:
    """The table that holds for one consultant: their own rules of a kind replace the house's of that kind. A floor and
    a cap of their own can only be narrower than the house's. The steps follow KINDS."""
    theirs = {rule.kind for rule in own}
    standing = [*own, *(rule for rule in house if rule.kind not in theirs)]
    steps = [rule for rule in standing if rule.kind not in ("floor", "cap")]
    return PriceTable(
        tuple(sorted(steps, key=lambda rule: (KINDS.index(rule.kind), _hours(rule)))),
        floor_bps=max([FLOOR_BPS if not _of(house, "floor") else 0, *_of(house, "floor"), *_of(own, "floor")]),
        cap_bps=min([CAP_BPS if not _of(house, "cap") else CAP_BPS_MAX, *_of(house, "cap"), *_of(own, "cap")]),
    )


def check_price_rule(rule: PriceRule) -> None:
    """Raises Invalid naming what is wrong."""
    wrong: dict[str, str] = {}
    if rule.kind not in KINDS:
        wrong["kind"] = N_("A price rule is about seniority, evening, weekend, urgency, a floor or a cap.")
    elif not _value_fits(rule):
        wrong["value"] = {
            "seniority": N_("A seniority is junior, senior or principal."),
            "evening": N_("Please write an evening as 18:00-22:00."),
            "urgent": N_("Please write 1 to 72 hours."),
        }.get(rule.kind, N_("Nothing belongs here."))
    low, high = {"floor": (FACTOR_BPS_MIN, UNCHANGED_BPS), "cap": (UNCHANGED_BPS, CAP_BPS_MAX)}.get(
        rule.kind, (FACTOR_BPS_MIN, FACTOR_BPS_MAX)
    )
    if not low <= rule.factor_bps <= high:
        wrong["factor"] = N_("A price can become 50 % to 200 % of the one before; a floor is below and a cap above it.")
    if wrong:
        raise Invalid(fields=wrong)


def rule_words(rule: PriceRule) -> Words:
    """The rule in one line, as a quote and a consultant's page say it."""
    more = percent_words(rule.factor_bps - UNCHANGED_BPS)
    if rule.kind == "seniority":
        who = _SENIORITY_WORDS[rule.value]
        return Words(f"{who.zh} {more}", f"{who.en}, {more}")
    if rule.kind == "evening":
        window = rule.value.replace("-", "–")
        return Words(f"{window} 时段 {more}", f"Between {window}, {more}")
    if rule.kind == "weekend":
        return Words(f"周末 {more}", f"Weekend, {more}")
    if rule.kind == "urgent":
        return Words(f"{rule.value} 小时内开始 {more}", f"Starts within {rule.value} hours, {more}")
    share = f"{rule.factor_bps / 100:g}%"
    if rule.kind == "cap":
        return Words(f"封顶：不超过标价的 {share}", f"Never above {share} of the listed price")
    return Words(f"保底：不低于标价的 {share}", f"Never below {share} of the listed price")


def percent_words(bps: int) -> str:
    """ "+10%", "−5%"."""
    return f"{'+' if bps >= 0 else '−'}{abs(bps) / 100:g}%"


def speaks_of_danger(text: str, crisis_words: Iterable[str]) -> bool:
    """Whether a text has one of the words that mean danger. Found inside other words too: the doubt is the client's."""
    said = re.sub(r"\s+", " ", without_harmless(text).casefold())
    return any(word.casefold() in said for word in crisis_words)


def stored_lines(lines: Sequence[PriceLine]) -> list[dict[str, Any]]:
    """The lines as they are frozen into a booking."""
    return [
        {"kind": line.kind, "words": line.words.as_dict(), "amount_minor": line.amount.amount_minor} for line in lines
    ]


def read_lines(stored: Sequence[Mapping[str, Any]], currency: str) -> tuple[PriceLine, ...]:
    return tuple(PriceLine(one["kind"], Words.of(one["words"]), Money(one["amount_minor"], currency)) for one in stored)


_KEPT = Words("涉及人身安全，不加价", "No surcharge where someone may be in danger")


def _base_words(session: Priced) -> Words:
    title, minutes = session.title, session.minutes
    return Words(f"{title.in_language('zh')}，{minutes} 分钟", f"{title.in_language('en')}, {minutes} minutes")


def _applies(rule: PriceRule, session: Priced) -> bool:
    here = session.starts_at.astimezone(ZoneInfo(session.zone))
    if rule.kind == "seniority":
        return rule.value == session.seniority
    if rule.kind == "evening":
        return _within(here.hour * 60 + here.minute, rule.value)
    if rule.kind == "weekend":
        return here.weekday() in WEEKEND
    return rule.kind == "urgent" and session.starts_at - session.asked_at < timedelta(hours=_hours(rule))


def _within(minute: int, window: str) -> bool:
    """Whether a minute of the day lies in "18:00-22:00", the end left out. A window may cross midnight."""
    found = _WINDOW.fullmatch(window)
    assert found, window
    opens, ends = (int(found[at]) * 60 + int(found[at + 1]) for at in (1, 3))
    return opens <= minute < ends if opens < ends else minute >= opens or minute < ends


def _value_fits(rule: PriceRule) -> bool:
    if rule.kind == "seniority":
        return rule.value in SENIORITIES
    if rule.kind == "evening":
        found = _WINDOW.fullmatch(rule.value)
        return bool(found) and rule.value[:5] != rule.value[6:]
    if rule.kind == "urgent":
        return 1 <= _hours(rule) <= URGENT_HOURS_MAX
    return rule.value == ""


def _hours(rule: PriceRule) -> int:
    known = rule.kind == "urgent" and rule.value.isascii() and rule.value.isdigit() and len(rule.value) <= 3
    return int(rule.value) if known else 0


def _of(rules: Sequence[PriceRule], kind: str) -> list[int]:
    return [rule.factor_bps for rule in rules if rule.kind == kind]
