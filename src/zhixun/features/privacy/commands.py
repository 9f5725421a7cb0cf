from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from zhixun.kernel import audit, personal, vault
from zhixun.kernel.feature import Command
from zhixun.kernel.ports import KeyRing, RingIsGiven
from zhixun.kernel.services import service
from zhixun.kernel.unit_of_work import unit_of_work

from . import actions, queries


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


def _erase(arguments: argparse.Namespace) -> int:
    with unit_of_work() as uow:
        actions.erase_person(uow, person_id=arguments.person)
    personal.forget_outside(arguments.person)
    with unit_of_work() as uow:
        left = actions.verify_erasure(uow, person_id=arguments.person)
        report = queries.erasure_of(uow.db, arguments.person)
    assert report is not None
    if arguments.json:
        print(json.dumps({"person": arguments.person, "report": report.report, "leftovers": left}))
    else:
        for line in report.report:
            print(
                f"{'kept' if line['kept_because'] else 'gone':<5} {line['rows']:>6}  {line['table']}  {line['kept_because']}"
            )
        print("Nothing else is left." if not left else f"Left over: {', '.join(left)}")
    return 1 if left else 0


def _export(arguments: argparse.Namespace) -> int:
    with unit_of_work() as uow:
        audit.record(uow, "person_exported", subject_id=arguments.person)
        told = queries.export_of(uow.db, arguments.person, uow.now)
    print(json.dumps(told, ensure_ascii=False, indent=None if arguments.json else 2))
    return 0 if told["tables"] else 1


def _retention(arguments: argparse.Namespace) -> int:
    """What is held about a person, table by table, and until when."""
    with unit_of_work() as uow:
        held = [line for line in personal.held(uow.db, arguments.person) if line.rows]
    days = {name: model.kept_for[1] for name, model in personal.tables().items() if model.kept_for}
    if arguments.json:
        print(json.dumps([{**asdict(line), "days": days.get(line.table)} for line in held]))
    for line in held if not arguments.json else ():
        until = f"{days[line.table]} days" if line.table in days else line.kept_because or "as long as the account"
        print(f"{line.rows:>6}  {line.table}  {until}")
    return 0


def _person(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--person", required=True, metavar="ID", help="the person's id")


COMMANDS = (
    Command("erase", "erase a person, and say what went and what stays", _erase, _person),
    Command("export", "everything the house holds about a person, as JSON", _export, _person),
    Command("retention", "what is held about a person, and for how long", _retention, _person),
    Command("rotate", "wrap everybody's key under a new master key", _rotate, noun="keys"),
    Command("verify-audit", "check that no line of the audit log was changed", _verify_audit),
)
