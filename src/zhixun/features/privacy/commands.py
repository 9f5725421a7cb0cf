from __future__ import annotations

import argparse
import json

from zhixun.kernel import vault
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


COMMANDS = (Command("rotate", "wrap everybody's key under a new master key", _rotate, noun="keys"),)
