"""Reads calendars that are published at an address, from the public net only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from zhixun.features.scheduling.ports import Source, Unreadable
from zhixun.features.scheduling.rules import Problem, Stretch

from . import asking
from .asking import Question, ask, within_time
from .unfolding import busy_times

ACCEPT = {"Accept": "text/calendar, */*;q=0.5"}
SECRET, GONE = {401, 403, 407}, {404, 410}


@dataclass(frozen=True)
class IcsAddresses:
    private_allowed: bool = False

    def read(self, source: Source, *, from_: datetime, until: datetime) -> list[Stretch]:
        text = within_time(self._file(source.address), seconds=asking.WHOLE_SECONDS_MAX)
        return busy_times(text, zone=source.zone, from_=from_, until=until, own=source.own)

    async def _file(self, address: str) -> bytes:
        question = Question("GET", address, ACCEPT)
        for _ in range(asking.REDIRECTS_MAX + 1):
            answer = await ask(question, private_allowed=self.private_allowed)
            if not answer.moved_to:
                _check_status(answer.status)
                return answer.body
            question = replace(question, address=answer.moved_to)
        raise Unreadable(Problem.GONE)


def _check_status(status: int) -> None:
    if status == 200:
        return
    raise Unreadable(Problem.SECRET if status in SECRET else Problem.GONE if status in GONE else Problem.THEIR_FAULT)
