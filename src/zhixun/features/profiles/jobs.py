from __future__ import annotations

from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import utc_now

from . import actions, queries, rules


def build_nightly() -> None:
    """How telling each term is, the segments, and everyone's profile with both."""
    with Session() as db:
        gathered = queries.gathered(db)
    learnt = rules.learn(gathered, utc_now())
    with unit_of_work() as uow:
        actions.keep_learnt(uow, learnt)
