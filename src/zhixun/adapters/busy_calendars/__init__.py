"""Calendars kept elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from zhixun.features.scheduling.ports import BusyCalendars, Source
from zhixun.features.scheduling.rules import Stretch


@dataclass(frozen=True)
class FilesAndCollections:
    """Asks each calendar in the way it is kept: a collection where there is a login, a file otherwise."""

    files: BusyCalendars
    collections: BusyCalendars

    def read(self, source: Source, *, from_: datetime, until: datetime) -> list[Stretch]:
        way = self.collections if source.login else self.files
        return way.read(source, from_=from_, until=until)
