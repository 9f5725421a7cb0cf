from __future__ import annotations

import argparse
import json
import sys
from datetime import date, timedelta

from zhixun.kernel.errors import DomainError
from zhixun.kernel.feature import Command
from zhixun.kernel.services import service
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Money, utc_now

from . import actions, rules
from .ports import PaymentGateways
from .queries import ReconciliationView
from .rules import Difference

SENTENCES = {
    "missing_here": "the gateway has it, we do not",
    "missing_there": "we have it, the gateway does not",
    "amount": "the amounts differ",
    "not_confirmed": "the gateway has sent it, we only know it as asked for",
    "not_booked": "the ledger has it not, or with another amount",
}


def _reconcile(arguments: argparse.Namespace) -> int:
    """0 where both agree, 1 where they differ, 2 for a question that makes no sense."""
    gateways = service(PaymentGateways)
    if arguments.gateway not in gateways:
        return _refused(arguments, f"There is no gateway {arguments.gateway}. There is: {', '.join(gateways)}.")
    try:
        day = date.fromisoformat(arguments.day) if arguments.day else utc_now().date() - timedelta(days=1)
        from_, until = rules.day_bounds(day)
        records = gateways[arguments.gateway].records(from_ - rules.AROUND, until + rules.AROUND)
        with unit_of_work() as uow:
            found = actions.reconcile(uow, gateway=arguments.gateway, day=day, records=records)
    except (ValueError, OverflowError):
        return _refused(arguments, "A day looks like 2026-11-24.")
    except DomainError as refusal:
        return _refused(arguments, next(iter(refusal.fields.values()), refusal.message))
    print(json.dumps(_as_json(found)) if arguments.json else _as_text(found))
    return 0 if found.holds else 1


def _refused(arguments: argparse.Namespace, sentence: str) -> int:
    if arguments.json:
        print(json.dumps({"code": "invalid", "message": sentence}))
    print(sentence, file=sys.stderr)
    return 2


def _as_text(found: ReconciliationView) -> str:
    lines = [f"{found.gateway} {found.day}: {found.charges} charges, {found.refunds} refunds"]
    for one in found.differences:
        lines.append(f"DIFFERS: {one.subject} {one.reference or one.our_id}: {SENTENCES[one.kind]}")
        lines.append(f"  there {_said(one.theirs)}, here {_said(one.ours)}")
        lines += [f"  proposed: {line.account:<60} {_said(line.amount):>16}" for line in one.proposed]
    lines.append("Both agree." if found.holds else f"{len(found.differences)} differences.")
    return "\n".join(lines)


def _as_json(found: ReconciliationView) -> dict[str, object]:
    return {
        "gateway": found.gateway, "day": found.day.isoformat(), "holds": found.holds, "charges": found.charges,
        "refunds": found.refunds, "differences": [_one(difference) for difference in found.differences],
    }  # fmt: skip


def _one(one: Difference) -> dict[str, object]:
    return {
        "kind": one.kind, "subject": one.subject, "reference": one.reference, "our_id": one.our_id,
        "theirs": _money(one.theirs), "ours": _money(one.ours),
        "proposed": [{"account": line.account, "amount": _money(line.amount)} for line in one.proposed],
    }  # fmt: skip


def _money(amount: Money | None) -> dict[str, object] | None:
    return {"amount_minor": amount.amount_minor, "currency": amount.currency} if amount else None


def _said(amount: Money | None) -> str:
    return f"{amount.amount_minor / 100:,.2f} {amount.currency}" if amount else "nothing"


def _which(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--gateway", default="sandbox", metavar="NAME", help="whose records (default: sandbox)")
    parser.add_argument("--day", default="", metavar="D", help="which day, by UTC: 2026-11-24 (default: yesterday)")


COMMANDS = (
    Command("", "compare a day of payments and refunds with the gateway's own records", _reconcile, _which, noun="reconcile"),
)  # fmt: skip
