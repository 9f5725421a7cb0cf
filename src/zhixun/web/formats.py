"""How money, times and words look in the reader's language and zone."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel import dates
from flask import g
from flask_babel import gettext

from zhixun.kernel.values import Money, Words, utc_now

from .languages import language

SYMBOLS = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£"}
MINUS = "\u2212"
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

_PATTERNS = {
    "time": ("HH:mm", "HH:mm"),
    "day": ("M月d日 EEE", "EEE d MMM"),
    "weekday": ("EEE", "EEE"),
    "date": ("y年M月d日", "d MMM y"),
    "daytime": ("M月d日 EEE HH:mm", "EEE d MMM, HH:mm"),
    "month": ("y年M月", "MMMM y"),
    "short": ("M/d", "d/M"),
}


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
    zh, en = _PATTERNS[style]
    here = at.astimezone(ZoneInfo(zone or reader_zone()))
    if language() == "zh":
        return dates.format_datetime(here, zh, locale="zh")
    return dates.format_datetime(here, en, locale="en_GB")


def near_day(at: datetime, zone: str | None = None) -> str:
    """ "Today", "Tomorrow", or the weekday of an instant near now."""
    there = ZoneInfo(zone or reader_zone())
    day, today = at.astimezone(there).date(), utc_now().astimezone(there).date()
    if day == today:
        return str(gettext("Today"))
    if day == today + timedelta(days=1):
        return str(gettext("Tomorrow"))
    return local(at, "weekday" if day < today + timedelta(days=7) else "short", zone)


def span(start: datetime, end: datetime, zone: str | None = None) -> str:
    """ "11月25日 周三 19:30–20:30"."""
    return f"{local(start, 'daytime', zone)}–{local(end, 'time', zone)}"


def local_date(at: datetime, zone: str | None = None) -> date:
    return at.astimezone(ZoneInfo(zone or reader_zone())).date()


def zone_label(zone: str | None = None, at: datetime | None = None) -> str:
    """ "北京时间（UTC+8）" or "Beijing time (UTC+8)"."""
    name = zone or reader_zone()
    offset = (at or utc_now()).astimezone(ZoneInfo(name)).utcoffset() or timedelta()
    minutes = int(offset.total_seconds() // 60)
    sign = "+" if minutes >= 0 else MINUS
    hours = f"UTC{sign}{abs(minutes) // 60}" + (f":{abs(minutes) % 60:02d}" if minutes % 60 else "")
    known = ZONE_NAMES.get(name, Words(name.split("/")[-1].replace("_", " ")))
    return f"{say(known)}（{hours}）" if language() == "zh" else f"{say(known)} ({hours})"


def reader_zone() -> str:
    """The zone of whoever is signed in; Beijing for visitors."""
    actor = g.get("actor")
    return actor.zone if actor is not None and actor.user_id else "Asia/Shanghai"


def machine_time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
