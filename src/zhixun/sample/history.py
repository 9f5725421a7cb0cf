"""The sample's own way into a unit of work: one transaction, several people, moments of the past.

Every change still goes through the features' actions; only two things differ from a person's click. The moment is one
in the past, and the facts are not told: a fact delivered today about a session of last month would write mails and
notices to people now. What a handler would have done to the data itself (confirm a paid booking, record a refund, open
a conversation) is done in the same transaction by the same action, and what the sandbox would have charged or sent back is
told to it. Only `ConsultantListed` is kept, once per
consultant: it does nothing but bring the search index up to date.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from zhixun.events.catalog import ConsultantListed
from zhixun.kernel.unit_of_work import UnitOfWork, unit_of_work
from zhixun.kernel.values import SYSTEM, Actor

from .books import moved, tell_provider


@contextmanager
def history(now: datetime | None = None) -> Iterator[UnitOfWork]:
    """A unit of work that tells nobody. It is whole or not at all, so it may be killed at any time."""
    with unit_of_work(SYSTEM, now) as uow:
        yield uow
        records = moved(uow)
        listed = {fact.consultant_id: fact for fact in uow.facts if isinstance(fact, ConsultantListed)}
        uow.facts[:] = listed.values()
    tell_provider(records)


def acting(uow: UnitOfWork, actor: Actor, now: datetime) -> UnitOfWork:
    """The same transaction, with someone else acting in it at another moment."""
    return replace(uow, actor=actor, now=now)
