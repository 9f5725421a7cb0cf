"""How money, times and words look in the reader's language and zone."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from flask import g
from flask_babel import gettext

from zhixun.kernel.values import Money, Words, utc_now

from .languages import language

SYMBOLS = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£"}
MINUS = "\u2212"
ZONE_AREAS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
ZONE_NAMES = {
    "Asia/Shanghai": Words("北京时间", "Beijing time"),
    "Asia/Hong_Kong": Words("香港时间", "Hong Kong time"),
    "Asia/Singapore": Words("新加坡时间", "Singapore time"),
    "Europe/London": Words("伦敦时间", "London time"),
    "America/New_York": Words("纽约时间", "New York time"),
    "America/Los_Angeles": Words("洛杉矶时间", "Los Angeles time"),
    "Australia/Sydney": Words("悉尼时间", "Sydney time"),
    "Europe/Berlin": Words("柏林时间", "Berlin time"),
    "America/Toronto": Words("多伦多时间", "Toronto time"),
}

WEEKDAYS = {
    "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def say(words: Words) -> str:
    return words.in_language(language())


def money(amount: Money, *, exact: bool = False) -> str:
    """ "¥480", "¥480.50", "−¥12"; `exact` always shows the cents."""
    major, minor = divmod(abs(amount.amount_minor), 100)
    symbol = SYMBOLS.get(amount.currency, amount.currency + " ")
    text = f"{symbol}{major:,}" + (f".{minor:02d}" if minor or exact else "")
    return MINUS + text if amount.amount_minor < 0 else text


def local(at: datetime, style: str = "daytime", zone: str | None = None) -> str:
    """An instant on the reader's (or the given) clock. Styles: time, day, weekday, date, daytime, month, short."""
    here = at.astimezone(ZoneInfo(zone or reader_zone()))
    return _english(here, style) if language() == "en" else _chinese(here, style)


def _chinese(here: datetime, style: str) -> str:
    """Written out by hand: a page shows a hundred times, and a formatting library takes a tenth of a second for them."""
    time, day = f"{here.hour:02d}:{here.minute:02d}", f"{here.month}月{here.day}日"
    weekday = WEEKDAYS["zh"][here.weekday()]
    return {
        "time": time,
        "day": f"{day} {weekday}",
        "weekday": weekday,
        "date": f"{here.year}年{day}",
        "daytime": f"{day} {weekday} {time}",
        "month": f"{here.year}年{here.month}月",
        "short": f"{here.month}/{here.day}",
    }[style]


def _english(here: datetime, style: str) -> str:
    time, month = f"{here.hour:02d}:{here.minute:02d}", MONTHS[here.month - 1]
    weekday, day = WEEKDAYS["en"][here.weekday()], f"{here.day} {month[:3]}"
    return {
        "time": time,
        "day": f"{weekday} {day}",
        "weekday": weekday,
        "date": f"{day} {here.year}",
        "daytime": f"{weekday} {day}, {time}",
        "month": f"{month} {here.year}",
        "short": f"{here.day}/{here.month}",
    }[style]


def near_day(at: datetime, zone: str | None = None) -> str:
    """ "Today", "Tomorrow", or the weekday of an instant near now."""
    days = _days_ahead(at, zone)
    return str((gettext("Today"), gettext("Tomorrow"))[days]) if days in (0, 1) else _later_day(at, days, zone)


def near_day_within(at: datetime, zone: str | None = None) -> str:
    """The same inside a sentence: "today", "tomorrow", or the weekday."""
    days = _days_ahead(at, zone)
    return str((gettext("today"), gettext("tomorrow"))[days]) if days in (0, 1) else _later_day(at, days, zone)


def _days_ahead(at: datetime, zone: str | None) -> int:
    there = ZoneInfo(zone or reader_zone())
    return (at.astimezone(there).date() - utc_now().astimezone(there).date()).days


def _later_day(at: datetime, days: int, zone: str | None) -> str:
    return local(at, "weekday" if days < 7 else "short", zone)


def span(start: datetime, end: datetime, zone: str | None = None) -> str:
    """ "11月25日 周三 19:30–20:30"."""
    return f"{local(start, 'daytime', zone)}–{local(end, 'time', zone)}"


def local_date(at: datetime, zone: str | None = None) -> date:
    return at.astimezone(ZoneInfo(zone or reader_zone())).date()


def zone_label(zone: str | None = None, at: datetime | None = None) -> str:
    """ "北京时间（UTC+8）" or "Beijing time (UTC+8)"."""
    return _zone_label(zone or reader_zone(), at or utc_now(), language())


def zone_options(chosen: str) -> list[tuple[str, str]]:
    """Every zone named after a place, each with its label of this hour, and the chosen one among them."""
    named = _zone_labels(utc_now().replace(minute=0, second=0, microsecond=0), language())
    if chosen not in named and chosen in available_timezones():
        named = dict(sorted({**named, chosen: zone_label(chosen)}.items()))
    return list(named.items())


@lru_cache(maxsize=4)
def _zone_labels(hour: datetime, spoken: str) -> dict[str, str]:
    """Kept for the hour: four hundred clocks took longer than all the rest of a page."""
    places = (zone for zone in available_timezones() if zone.partition("/")[0] in ZONE_AREAS and "/" in zone)
    return {zone: _zone_label(zone, hour, spoken) for zone in sorted(places)}


def _zone_label(zone: str, at: datetime, spoken: str) -> str:
    offset = at.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()
    minutes = int(offset.total_seconds() // 60)
    sign = "+" if minutes >= 0 else MINUS
    hours = f"UTC{sign}{abs(minutes) // 60}" + (f":{abs(minutes) % 60:02d}" if minutes % 60 else "")
    known = ZONE_NAMES.get(zone, Words(zone.split("/")[-1].replace("_", " "))).in_language(spoken)
    return f"{known}（{hours}）" if spoken == "zh" else f"{known} ({hours})"


def reader_zone() -> str:
    """The zone of whoever is signed in; Beijing for visitors."""
    actor = g.get("actor")
    return actor.zone if actor is not None and actor.user_id else "Asia/Shanghai"


def machine_time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
