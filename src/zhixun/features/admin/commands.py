from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict

from zhixun.features.privacy import actions as privacy
from zhixun.kernel import audit, vault
from zhixun.kernel.feature import Command
from zhixun.kernel.services import service
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import utc_now

from . import queries
from .ports import Backup, BackupRefused, Backups


def _create(arguments: argparse.Namespace) -> int:
    return _told(arguments, [service(Backups).create(utc_now())])


def _list(arguments: argparse.Namespace) -> int:
    return _told(arguments, service(Backups).known())


def _verify(arguments: argparse.Namespace) -> int:
    """A rehearsal: brought back into a scratch database, where the books, the audit log and every count must hold."""
    backups = service(Backups)
    chosen = _chosen(arguments)
    with backups.rehearsed(chosen.name) as address:
        problems = queries.problems_of_copy(address, chosen.counts)
    verified = backups.note_verified(chosen.name, utc_now(), problems)
    _told(arguments, [verified])
    return 1 if problems else 0


def _restore(arguments: argparse.Namespace) -> int:
    """Puts the backup in the place of what is there, then erases again whom it has brought back."""
    chosen = _chosen(arguments)
    if not arguments.yes:
        raise BackupRefused(f"This replaces everything by {chosen.name}. Stop the site, then say it again with --yes.")
    backups = service(Backups)
    backups.restore(chosen.name)
    erased = backups.erased()
    for person_id in erased:
        with unit_of_work() as uow:
            privacy.erase_again(uow, person_id=person_id)
    with unit_of_work() as uow:
        audit.record(uow, "backup_restored", name=chosen.name)
        missing = vault.state(uow.db).missing
    _told(arguments, [chosen])
    if missing:
        raise BackupRefused(
            f"It is back, but the master key {', '.join(missing)} here is not the one that it was sealed with: nothing of "
            "people can be read. Put the `keys` of that house into the data folder (or set ZHIXUN_KEYS) before you start."
        )
    if not arguments.json:
        again = f", and {len(erased)} erased again" if erased else ""
        print(f"It is back{again}. Start the site; search and free times are there within a minute.")
    return 0


def _chosen(arguments: argparse.Namespace) -> Backup:
    known = service(Backups).known()
    found = next((one for one in known if arguments.name in ("", one.name)), None)
    if found is None:
        raise BackupRefused("There is no such backup. See: zhixun backup list")
    return found


def _told(arguments: argparse.Namespace, backups: list[Backup]) -> int:
    if arguments.json:
        print(json.dumps([asdict(one) for one in backups], default=str))
        return 0
    for one in backups:
        state = "never rehearsed" if one.verified_at is None else f"rehearsed {one.verified_at:%Y-%m-%d %H:%M}"
        print(f"{one.name}  {one.size_bytes / 1e6:8.1f} MB  {sum(one.counts.values()):>8} rows  {state}")
        for problem in one.problems:
            print(f"  PROBLEM: {problem}")
    return 0


def _kindly(run: Callable[[argparse.Namespace], int]) -> Callable[[argparse.Namespace], int]:
    def told(arguments: argparse.Namespace) -> int:
        try:
            return run(arguments)
        except BackupRefused as refusal:
            if arguments.json:
                print(json.dumps({"code": "backup_refused", "message": str(refusal)}))
            print(refusal, file=sys.stderr)
            return 2

    return told


def _named(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", default="", help="which one (default: the newest)")


def _named_and_sure(parser: argparse.ArgumentParser) -> None:
    _named(parser)
    parser.add_argument("--yes", action="store_true", help="yes, replace everything that is there")


COMMANDS = (
    Command("create", "make an encrypted backup of the database and the files", _kindly(_create), noun="backup"),
    Command("list", "the backups there are, the newest first", _list, noun="backup"),
    Command(
        "verify", "rehearse bringing a backup back, in a scratch database", _kindly(_verify), _named, noun="backup"
    ),
    Command("restore", "put a backup in the place of what is there", _kindly(_restore), _named_and_sure, noun="backup"),
)
