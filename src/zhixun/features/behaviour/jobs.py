from __future__ import annotations

from zhixun.kernel.services import service
from zhixun.kernel.values import utc_now

from . import rules
from .ports import InteractionLog


def forget_old() -> None:
    """What happened longer ago than KEPT is of no use to anyone."""
    service(InteractionLog).forget_before(utc_now() - rules.KEPT)
