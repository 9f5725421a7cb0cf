from __future__ import annotations

from zhixun.kernel.services import service
from zhixun.kernel.values import utc_now

from . import queries, rules
from .ports import Backups


def make_backup() -> None:
    """Every night; the oldest beyond BACKUPS_KEPT go."""
    backups = service(Backups)
    backups.create(utc_now())
    backups.forget_old(rules.BACKUPS_KEPT)


def rehearse_newest() -> None:
    """Every week the newest is brought back into a scratch database: a backup nobody has restored is a hope."""
    backups = service(Backups)
    newest = next(iter(backups.known()), None)
    if newest is not None:
        with backups.rehearsed(newest.name) as address:
            problems = queries.problems_of_copy(address, newest.counts)
        backups.note_verified(newest.name, utc_now(), problems)
