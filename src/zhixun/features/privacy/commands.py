from __future__ import annotations

import argparse
import json

from zhixun.kernel import audit, vault
from zhixun.kernel.feature import Command
from zhixun.kernel.ports import KeyRing, RingIsGiven
from zhixun.kernel.services import service
from zhixun.kernel.unit_of_work import unit_of_work


def _rotate(arguments: argparse.Namespace) -> int:
    """A new master key wraps every person's key; the words themselves stay as they are. Stopped half-way, run it again."""
    ring = service(KeyRing)
    try:
        newest = ring.add()
    except RingIsGiven:
        newest = ring.keys()[-1]
        with unit_of_work() as uow:
            if vault.state(uow.db).by_master.keys() <= {newest.name}:
                raise
    wrapped = 0
    with unit_of_work() as uow:
        audit.record(uow, "keys_rotated", master=newest.name)
    while batch := _rewrap_batch():
        wrapped += batch
    if arguments.json:
        print(json.dumps({"master": newest.name, "wrapped": wrapped}))
    else:
        print(
            f"{wrapped} keys now hang on the master key {newest.name}. Keep a copy of the ring apart from the backups."
        )
    return 0


def _rewrap_batch() -> int:
    with unit_of_work() as uow:
        return vault.rewrap(uow.db)


def _verify_audit(arguments: argparse.Namespace) -> int:
    with unit_of_work() as uow:
        chain = audit.verify(uow.db)
    if arguments.json:
        print(
            json.dumps({"holds": chain.holds, "lines": chain.count, "head": chain.head, "broken_at": chain.broken_at})
        )
    elif chain.holds:
        print(f"The chain of {chain.count} lines holds. Its head is {chain.head}; note it somewhere else.")
    else:
        print(f"The chain is broken at line {chain.broken_at}: it, or one before it, was changed or taken out.")
    return 0 if chain.holds else 1


COMMANDS = (
    Command("rotate", "wrap everybody's key under a new master key", _rotate, noun="keys"),
    Command("verify-audit", "check that no line of the audit log was changed", _verify_audit),
)
