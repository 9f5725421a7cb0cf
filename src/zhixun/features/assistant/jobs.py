"""The clock keeps the index whole, ends hand-overs that nobody answered, and forgets what was asked without an account."""

from __future__ import annotations

from zhixun.kernel.services import service
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work

from . import actions, queries
from .ports import PassageIndex


def keep_passages_whole() -> None:
    """An index that is new, foreign or emptied is filled by itself."""
    with Session() as db:
        truth = {passage.id: passage for passage in queries.passages_of(db)}
    if service(PassageIndex).digests() != {one.id: one.digest for one in truth.values()}:
        service(PassageIndex).rebuild(truth.values())


def forget_unowned() -> None:
    """What nobody owns is nobody's to keep."""
    forgotten = 1
    while forgotten:
        with unit_of_work() as uow:
            forgotten = actions.forget_unowned(uow)


def lapse_hand_overs() -> None:
    with unit_of_work() as uow:
        actions.lapse_hand_overs(uow)
