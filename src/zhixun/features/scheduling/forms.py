"""What a consultant types about their hours, and the sentences for what makes no sense."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from zhixun.features.accounts.rules import zones
from zhixun.kernel.errors import N_, Invalid
from zhixun.kernel.values import is_id

from .rules import WEEKDAYS, Login, WeeklyHours

OPENINGS_SHOWN_MAX = 4
"""Rows of one weekday on the page: each is one opening, and one is empty for another."""
DAYS_OFF_MAX = 62
NUMBER_LENGTH_MAX = 6
PRESETS = {
    "office": (("MO", "TU", "WE", "TH", "FR"), "09:00", "17:00"),
    "evenings": (("MO", "TU", "WE", "TH", "FR"), "19:00", "22:00"),
    "weekends": (("SA", "SU"), "10:00", "18:00"),
}


@dataclass(frozen=True)
class DayOff:
    first: date
    last: date
    openings: tuple[tuple[str, str], ...]
    """None of them: closed."""

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]


def rows_of(hours: Sequence[WeeklyHours]) -> dict[str, list[tuple[str, str]]]:
    """Weekday → its openings as the page shows them, an empty one last, where there is room for another."""
    rows: dict[str, list[tuple[str, str]]] = {}
    for day in WEEKDAYS:
        openings = sorted((one.start, _shown(one.end)) for one in hours if day in one.days)
        rows[day] = [*openings, ("", "")] if len(openings) < OPENINGS_SHOWN_MAX else openings
    return rows


def typed_rows(form: Mapping[str, str]) -> dict[str, list[tuple[str, str]]]:
    """The same, as it was typed."""
    return {
        day: [
            (form.get(f"{day}-{n}-start", "")[:5], form.get(f"{day}-{n}-end", "")[:5])
            for n in range(OPENINGS_SHOWN_MAX)
            if f"{day}-{n}-start" in form
        ]
        for day in WEEKDAYS
    }


def read_hours(form: Mapping[str, str]) -> list[WeeklyHours]:
    """The week as typed; weekdays with the same opening are joined. Raises Invalid naming the first wrong row."""
    if (preset := form.get("preset", "")) in PRESETS:
        return [WeeklyHours(*PRESETS[preset])]
    by_opening: dict[tuple[str, str], list[str]] = {}
    for day, openings in typed_rows(form).items():
        for number, (start, end) in enumerate(openings):
            if not start and not end:
                continue
            _check_opening(f"{day}-{number}-start", start, end)
            by_opening.setdefault((start, "24:00" if end == "00:00" else end), []).append(day)
        _check_apart(day, openings)
    return [WeeklyHours(tuple(dict.fromkeys(days)), start, end) for (start, end), days in by_opening.items()]


def read_day_off(form: Mapping[str, str], *, today: date) -> DayOff:
    """One day, or several up to and with `last`, closed or with one opening of their own. Raises Invalid."""
    first = read_day(form.get("first", ""))
    last = read_day(form.get("last", "")) or first
    if first is None or last is None or first < today:
        raise Invalid(fields={"first": N_("Please choose a day from today on.")})
    if not first <= last <= first + timedelta(days=DAYS_OFF_MAX):
        raise Invalid(fields={"last": N_("The last day is the first or one of the 62 after it.")})
    if form.get("kind") != "open":
        return DayOff(first, last, ())
    start, end = form.get("start", "")[:5], form.get("end", "")[:5]
    _check_opening("start", start, end)
    return DayOff(first, last, ((start, "24:00" if end == "00:00" else end),))


def read_login(form: Mapping[str, str]) -> Login:
    return Login(form.get("user_name", ""), form.get("password", ""))


def read_timing(form: Mapping[str, str]) -> dict[str, int]:
    """Notice in hours and breaks in minutes, as minutes. Raises Invalid."""
    found, wrong = {}, {}
    for name, unit in (("notice", 60), ("before", 1), ("after", 1)):
        text = form.get(name, "").strip()
        if text.isascii() and text.isdigit() and len(text) <= NUMBER_LENGTH_MAX:
            found[name] = int(text) * unit
        else:
            wrong[name] = N_("Please write a whole number.")
    if wrong:
        raise Invalid(fields=wrong)
    return found


def read_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def read_client_zone(text: str, *, mine: str) -> str:
    """The zone of a client on whose clock the preview is shown as well; empty where none, or the own, was chosen."""
    return text if text in zones() and text != mine else ""


def own_service(asked: str, known: Sequence[str]) -> str:
    return asked if is_id(asked) and asked in known else (known[0] if known else "")


def _check_opening(field: str, start: str, end: str) -> None:
    if not start or not end:
        raise Invalid(fields={field: N_("An opening needs both its start and its end.")})
    if start == end:
        raise Invalid(fields={field: N_("An opening ends at another time than it starts.")})


def _check_apart(day: str, openings: Sequence[tuple[str, str]]) -> None:
    last = ""
    for start, end in sorted(one for one in openings if all(one)):
        if start < last:
            raise Invalid(fields={f"{day}-0-start": N_("Two openings of one day overlap.")})
        last = "24:00" if end == "00:00" or end < start else end


def _shown(end: str) -> str:
    """A field for a time knows no 24:00; the midnight that ends a day is 00:00 there."""
    return "00:00" if end == "24:00" else end
