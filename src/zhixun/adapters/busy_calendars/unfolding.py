"""From the text of a calendar (RFC 5545) to the times its owner is busy: repeats unfolded on the clock they are meant in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from time import monotonic
from typing import Any
from zoneinfo import ZoneInfo

from zhixun.features.scheduling.ports import Unreadable
from zhixun.features.scheduling.rules import Problem, Stretch

EVENTS_MAX = 10_000
STEPS_MAX = 200_000
"""Occurrences looked at in one file, those long past included."""
STRETCHES_MAX = 20_000
SECONDS_MAX = 20
REPEATS = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}


@dataclass
class Reader:
    """One reading of one file, within its limits."""

    zone: ZoneInfo
    from_: datetime
    until: datetime
    own: frozenset[str] = frozenset()
    """UIDs of our own entries: they keep nobody busy."""
    steps: int = 0
    give_up_at: float = field(default_factory=lambda: monotonic() + SECONDS_MAX)

    def read(self, text: bytes) -> list[Stretch]:
        """Raises Unreadable for what is no calendar, and for one that is too large or repeats by the hour."""
        if text.upper().count(b"BEGIN:VEVENT") > EVENTS_MAX:
            raise Unreadable(Problem.TOO_LARGE)
        found = [one for event in self._standing(_events_of(text)) for one in self._busy(*event)]
        return _joined(found)

    def _standing(self, events: Iterable[Any]) -> Iterator[tuple[Any, set[datetime]]]:
        """Every event as it stands in its newest version, with the starts of its series that others stand in for."""
        newest: dict[tuple[str, datetime | None], Any] = {}
        for number, event in enumerate(events):
            if (start := _value(event, "DTSTART")) is None or str(event.get("UID")) in self.own:
                continue
            instead_of = _value(event, "RECURRENCE-ID")
            key = (str(event.get("UID") or number), self._instant(instead_of, start) if instead_of else None)
            if key not in newest or int(event.get("SEQUENCE") or 0) >= int(newest[key].get("SEQUENCE") or 0):
                newest[key] = event
        replaced: dict[str, set[datetime]] = {}
        for uid, at in newest:
            if at is not None:
                replaced.setdefault(uid, set()).add(at)
        for (uid, at), event in newest.items():
            yield event, replaced.get(uid, set()) if at is None else set()

    def _busy(self, event: Any, replaced: set[datetime]) -> Iterator[Stretch]:
        if str(event.get("TRANSP", "")).upper() == "TRANSPARENT" or str(event.get("STATUS", "")).upper() == "CANCELLED":
            return
        first = _value(event, "DTSTART")
        left_out = replaced | {self._instant(one, first) for one in _listed(event, "EXDATE")}
        for start in self._starts(event, first):
            self._count()
            at = self._instant(start, first)
            if at in left_out:
                continue
            left_out.add(at)
            end = self._end(event, first, start)
            if at < end and end > self.from_ and at < self.until:
                yield Stretch(max(at, self.from_), min(end, self.until))

    def _starts(self, event: Any, first: date) -> Iterator[date]:
        """The starts on the clock they are meant in, as far as the range reaches; RDATE's with their own zone."""
        yield first
        yield from _listed(event, "RDATE")
        rules = event.get("RRULE")
        for rule in rules if isinstance(rules, list) else [rules] if rules else []:
            yield from self._repeated(dict(rule), first)

    def _repeated(self, rule: dict[str, Any], first: date) -> Iterator[date]:
        from dateutil.rrule import rrulestr  # no start of the house waits for it

        if str(rule["FREQ"][0]).upper() not in REPEATS:
            raise Unreadable(Problem.TOO_OFTEN)
        last = min([self.until, *(self._last(one, first) for one in rule.pop("UNTIL", ()))])
        spelled = ";".join(f"{name}={','.join(str(one) for one in values)}" for name, values in rule.items())
        wall = first.replace(tzinfo=None) if isinstance(first, datetime) else datetime.combine(first, time())
        for start in rrulestr(spelled, dtstart=wall):
            same = start.replace(tzinfo=first.tzinfo) if isinstance(first, datetime) else start.date()
            if self._instant(same, first) > last:
                return
            yield same

    def _last(self, until: date, first: date) -> datetime:
        """UNTIL is inclusive; a day given for an event with a time means all of that day."""
        if isinstance(first, datetime) and not isinstance(until, datetime):
            return self._instant(datetime.combine(until, time(23, 59, 59)), first)
        return self._instant(until, first)

    def _end(self, event: Any, first: date, start: date) -> datetime:
        end, lasts = _value(event, "DTEND"), _value(event, "DURATION")
        at = self._instant(start, first)
        if end is not None and isinstance(first, datetime):
            return at + (self._instant(end, first) - self._instant(first, first))
        whole = not isinstance(first, datetime)
        lasts = lasts or (end - first if end is not None and whole else timedelta(days=1) if whole else timedelta())
        return self._instant(start + lasts, first) if whole else at + lasts

    def _instant(self, at: date, like: date) -> datetime:
        """A day begins at midnight and a time without a zone is meant on the clock of the event, or else the owner's."""
        if not isinstance(at, datetime):
            at = datetime.combine(at, time())
        zone: tzinfo | None = at.tzinfo or (like.tzinfo if isinstance(like, datetime) else None) or self.zone
        return at.replace(tzinfo=zone).astimezone(UTC)

    def _count(self) -> None:
        self.steps += 1
        if self.steps > STEPS_MAX or monotonic() > self.give_up_at:
            raise Unreadable(Problem.TOO_LARGE)


def busy_times(
    text: bytes, *, zone: str, from_: datetime, until: datetime, own: frozenset[str] = frozenset()
) -> list[Stretch]:
    """The times within [from_, until) that keep the owner of this calendar busy, but for entries whose UID is one of
    `own`. Raises Unreadable."""
    try:
        return Reader(ZoneInfo(zone), from_, until, own).read(text)
    except (ValueError, OverflowError, TypeError, KeyError, AttributeError, IndexError, RecursionError) as broken:
        raise Unreadable(Problem.NO_CALENDAR) from broken  # others' text: whatever it breaks, it is no calendar to us


def _events_of(text: bytes) -> list[Any]:
    from icalendar import Calendar

    if b"BEGIN:VCALENDAR" not in text[:1_000].upper():
        raise Unreadable(Problem.NO_CALENDAR)
    return [event for calendar in Calendar.from_ical(text, multiple=True) for event in calendar.walk("VEVENT")]


def _value(event: Any, name: str) -> Any:
    found = event.get(name)
    found = found[0] if isinstance(found, list) else found
    return getattr(found, "dt", None)


def _listed(event: Any, name: str) -> list[Any]:
    """The instants of EXDATE or RDATE, which may stand on several lines; of a period its start."""
    found = event.get(name)
    lists = found if isinstance(found, list) else [found] if found else []
    dates = [one.dt for listed in lists for one in listed.dts]
    return [one[0] if isinstance(one, tuple) else one for one in dates]


def _joined(found: list[Stretch]) -> list[Stretch]:
    joined: list[Stretch] = []
    for one in sorted(found):
        if joined and one.start <= joined[-1].end:
            joined[-1] = Stretch(joined[-1].start, max(joined[-1].end, one.end))
        else:
            joined.append(one)
    if len(joined) > STRETCHES_MAX:
        raise Unreadable(Problem.TOO_LARGE)
    return joined
