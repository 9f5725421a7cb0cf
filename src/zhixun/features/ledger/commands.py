from __future__ import annotations

import argparse
import json

from zhixun.kernel.feature import Command
from zhixun.kernel.tables import Session

from . import queries
from .rules import POINTS


def _verify(arguments: argparse.Namespace) -> int:
    with Session() as db:
        found = queries.verify(db)
    if arguments.json:
        print(
            json.dumps(
                {
                    "holds": found.holds,
                    "problems": list(found.problems),
                    "transactions": found.transactions,
                    "entries": found.entries,
                    "accounts": found.accounts,
                    "sums": found.sums,
                }
            )
        )
        return 0 if found.holds else 1
    print(f"{found.transactions} transactions, {found.entries} entries, {found.accounts} accounts")
    for currency, sums in found.sums.items():
        for kind, total in sums.items():
            print(f"  {currency} {kind:<12} {total / (1 if currency == POINTS else 100):>16,.2f}")
    for problem in found.problems:
        print(f"PROBLEM: {problem}")
    print("The books hold." if found.holds else f"{len(found.problems)} problems.")
    return 0 if found.holds else 1


COMMANDS = (Command("verify", "check that every transaction and every account is right", _verify),)
