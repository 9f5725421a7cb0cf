"""The states of a payout run, who is paid in it, and the file a bank reads."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from zhixun.kernel.errors import N_, Invalid
from zhixun.kernel.values import Money, plain_text

PAYOUT_MINOR_MIN = 100
"""Less than this stays in the balance until the next run; a transfer of less costs more than it brings."""
DECIDE_WITHIN = timedelta(days=7)
"""A proposed run that nobody decides lapses: by then its amounts are old."""
REASON_LENGTH_MAX = 500
BANK = "payout"


class RunState(StrEnum):
    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    LAPSED = "lapsed"


NEXT: dict[RunState, frozenset[RunState]] = {
    RunState.PROPOSED: frozenset({RunState.APPROVED, RunState.REJECTED, RunState.LAPSED}),
    RunState.APPROVED: frozenset(),
    RunState.REJECTED: frozenset(),
    RunState.LAPSED: frozenset(),
}


def may_become(current: RunState, wanted: RunState) -> bool:
    return wanted in NEXT[current]


def payable(balances: Mapping[str, Money]) -> dict[str, Money]:
    """Who is paid, and how much: every balance worth a transfer. One below zero is not in it: what its consultant earns
    next fills it first, so that later runs pay so much less."""
    return {who: amount for who, amount in sorted(balances.items()) if amount.amount_minor >= PAYOUT_MINOR_MIN}


def owing(balances: Mapping[str, Money]) -> dict[str, Money]:
    """Whose balance is below zero: owed to the house, and made up for by what they earn next."""
    return {who: amount for who, amount in sorted(balances.items()) if amount.amount_minor < 0}


def clean_reason(reason: str) -> str:
    text = plain_text(reason)
    if not text or len(text) > REASON_LENGTH_MAX:
        raise Invalid(fields={"reason": N_("Please say why, in at most 500 characters.")})
    return text


def purpose_of_run(run_id: str) -> str:
    return f"{BANK}:{run_id}"


@dataclass(frozen=True)
class Transfer:
    """One line of the bank's file; `reference` is what both sides can look for."""

    consultant_id: str
    name: str
    amount: Money
    reference: str


def bank_file(transfers: Sequence[Transfer]) -> str:
    """The transfers as CSV, amounts with a point and two places. A name that a spreadsheet would run is made plain."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["reference", "consultant", "name", "amount", "currency"])
    for one in transfers:
        amount = f"{one.amount.amount_minor // 100}.{one.amount.amount_minor % 100:02d}"
        writer.writerow([one.reference, one.consultant_id, _plain(one.name), amount, one.amount.currency])
    return out.getvalue()


def month_bounds(month: str, zone: str) -> tuple[datetime, datetime]:
    """The first instant of a month ("2026-11") on the clock of `zone`, and that of the next. Raises Invalid."""
    try:
        first = date.fromisoformat(f"{month}-01")
        after = (first + timedelta(days=32)).replace(day=1)
    except (ValueError, OverflowError):
        raise Invalid(N_("A month looks like 2026-11.")) from None
    info = ZoneInfo(zone)
    begins, ends = (datetime(day.year, day.month, 1, tzinfo=info).astimezone(UTC) for day in (first, after))
    return begins, ends


def _plain(name: str) -> str:
    return f"'{name}" if name[:1] in "=+-@\t\r" else name
