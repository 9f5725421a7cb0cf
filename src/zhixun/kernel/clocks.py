"""One instant on two clocks: what each shows, what it is called, and whether there is a second one to speak of.

Pages, mails, papers and calendar files all say times by what stands here, so that they say the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from .values import Words

MINUS = "\u2212"
LOCAL_LENGTH, YEAR_BEFORE_ALL = len("2026-11-25T10:00"), 2000
FOR_OTHER = {"zh": "{other}那边：{there}", "en": "For {other}: {there}"}
ZONE_NAMES = {
    "Asia/Shanghai": Words("北京时间", "Beijing time"),
    "Asia/Hong_Kong": Words("香港时间", "Hong Kong time"),
    "Asia/Singapore": Words("新加坡时间", "Singapore time"),
    "Asia/Tokyo": Words("东京时间", "Tokyo time"),
    "Europe/London": Words("伦敦时间", "London time"),
    "America/New_York": Words("纽约时间", "New York time"),
    "America/Los_Angeles": Words("洛杉矶时间", "Los Angeles time"),
    "Australia/Sydney": Words("悉尼时间", "Sydney time"),
    "Europe/Berlin": Words("柏林时间", "Berlin time"),
    "America/Toronto": Words("多伦多时间", "Toronto time"),
}
WEEKDAYS = {
    "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def differ(at: datetime, zone: str, other: str) -> bool:
    """Whether clocks in the two zones show different times at this instant. Two names of one time differ in nothing."""
    return at.astimezone(ZoneInfo(zone)).utcoffset() != at.astimezone(ZoneInfo(other)).utcoffset()


def moment_of(text: str, zone: str) -> datetime | None:
    """The instant of "2026-11-25T10:00" on the clock of `zone`, as a field for a day and a time sends it; None for anything
    else, and for what no calendar of ours reaches."""
    try:
        local = datetime.fromisoformat(text[:LOCAL_LENGTH])
        return local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) if local.year > YEAR_BEFORE_ALL else None
    except (ValueError, OverflowError):
        return None


def days_ahead(at: datetime, now: datetime, zone: str) -> int:
    """How many midnights of `zone` lie between: 0 is today there, 1 tomorrow."""
    there = ZoneInfo(zone)
    return (at.astimezone(there).date() - now.astimezone(there).date()).days


def offset(at: datetime, zone: str) -> str:
    """ "UTC+8", "UTC−3:30"."""
    minutes = int((at.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()).total_seconds() // 60)
    sign = "+" if minutes >= 0 else MINUS
    return f"UTC{sign}{abs(minutes) // 60}" + (f":{abs(minutes) % 60:02d}" if minutes % 60 else "")


def zone_name(zone: str, at: datetime, language: str) -> str:
    """ "北京时间（UTC+8）" or "Beijing time (UTC+8)": the offset of that instant, which tells the hours apart that a clock
    shows twice."""
    known = ZONE_NAMES.get(zone, Words(zone.split("/")[-1].replace("_", " "))).in_language(language)
    return f"{known}（{offset(at, zone)}）" if language == "zh" else f"{known} ({offset(at, zone)})"


def written_out(at: datetime, zone: str, language: str) -> str:
    """An instant with all that is needed to be sure of it when it is read on another day: no "tomorrow", but the year."""
    here, name = at.astimezone(ZoneInfo(zone)), zone_name(zone, at, language)
    day, time = WEEKDAYS[language][here.weekday()], f"{here.hour:02d}:{here.minute:02d}"
    if language == "zh":
        return f"{here.year} 年 {here.month} 月 {here.day} 日 {day} {time}，{name}"
    return f"{day} {here.day} {MONTHS[here.month - 1]} {here.year}, {time}, {name}"


@dataclass(frozen=True)
class Reader:
    """Who reads a time, and the person they meet: an empty name or zone for someone who has left."""

    zone: str
    language: str
    other: str = ""
    other_zone: str = ""


def for_both(at: datetime, reader: Reader) -> list[str]:
    """The instant written out on the reader's clock, and below it on the other's where that shows another time."""
    lines = [written_out(at, reader.zone, reader.language)]
    if reader.other and reader.other_zone and differ(at, reader.zone, reader.other_zone):
        there = written_out(at, reader.other_zone, reader.language)
        lines.append(FOR_OTHER[reader.language].format(other=reader.other, there=there))
    return lines
