"""How money, times and words look in the reader's language and zone."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo, available_timezones

from flask import g
from flask_babel import gettext

from zhixun.kernel import clocks
from zhixun.kernel.clocks import MINUS, MONTHS
from zhixun.kernel.values import Money, Words, utc_now

from .languages import language

SYMBOLS = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£"}
WEEKDAYS = {
    "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
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
    here = at.astimezone(ZoneInfo(zone or reader_zone()))
    if style == "time":  # the same in both, and by the hundred on pages of free times
        return f"{here.hour:02d}:{here.minute:02d}"
    return _english(here, style) if language() == "en" else _chinese(here, style)


def _chinese(here: datetime, style: str) -> str:
    """Written out by hand: a page shows a hundred times, and a formatting library takes a tenth of a second for them."""
    time, day = f"{here.hour:02d}:{here.minute:02d}", f"{here.month}月{here.day}日"
    weekday = WEEKDAYS["zh"][here.weekday()]
    return {
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
        "day": f"{weekday} {day}",
        "weekday": weekday,
        "date": f"{day} {here.year}",
        "daytime": f"{weekday} {day}, {time}",
        "month": f"{month} {here.year}",
        "short": f"{here.day}/{here.month}",
    }[style]


def near_day(at: datetime, zone: str | None = None) -> str:
    """ "Today", "Tomorrow", or the weekday of an instant near now."""
    days = clocks.days_ahead(at, utc_now(), zone or reader_zone())
    return str((gettext("Today"), gettext("Tomorrow"))[days]) if days in (0, 1) else _later_day(at, days, zone)


def near_day_within(at: datetime, zone: str | None = None) -> str:
    """The same inside a sentence: "today", "tomorrow", the weekday, or the day in words where it is a week ahead."""
    days = clocks.days_ahead(at, utc_now(), zone or reader_zone())
    if days in (0, 1):
        return str((gettext("today"), gettext("tomorrow"))[days])
    return local(at, "weekday" if days < 7 else "day", zone)


def _later_day(at: datetime, days: int, zone: str | None) -> str:
    return local(at, "weekday" if days < 7 else "short", zone)


def named_day(at: datetime) -> str:
    """ "11月25日 周三", with today and tomorrow named."""
    days = clocks.days_ahead(at, utc_now(), reader_zone())
    day = local(at, "day")
    return (
        str((gettext("Today, %(day)s", day=day), gettext("Tomorrow, %(day)s", day=day))[days])
        if days in (0, 1)
        else day
    )


def when(at: datetime) -> str:
    """When something begins, on the reader's clock: the day is named where it is today or tomorrow there."""
    days = clocks.days_ahead(at, utc_now(), reader_zone())
    if days not in (0, 1):
        return local(at)
    return str((gettext("Today, %(day)s", day=local(at)), gettext("Tomorrow, %(day)s", day=local(at)))[days])


def span(start: datetime, end: datetime, zone: str | None = None) -> str:
    """ "11月25日 周三 19:30–20:30", with today and tomorrow named on the reader's own clock."""
    begins = local(start, "daytime", zone) if zone else when(start)
    said = f"{begins}–{local(end, 'time', zone)}"
    over = local_date(end - timedelta(seconds=1), zone) != local_date(start, zone)
    return str(gettext("%(times)s on the next day", times=said)) if over else said


def theirs(start: datetime, end: datetime | None, zone: str, name: str) -> str:
    """The same time for the other person, where their clock shows another; empty where it does not. One rule for every
    place that shows a session."""
    if not zone or not clocks.differ(start, reader_zone(), zone):
        return ""
    shown = span(start, end, zone) if end else local(start, "daytime", zone)
    label = zone_label(zone, start)
    return str(gettext("For %(name)s: %(time)s, %(zone)s", name=name, time=shown, zone=label))


def local_date(at: datetime, zone: str | None = None) -> date:
    return at.astimezone(ZoneInfo(zone or reader_zone())).date()


def zone_label(zone: str | None = None, at: datetime | None = None) -> str:
    """ "北京时间（UTC+8）" or "Beijing time (UTC+8)"."""
    return clocks.zone_name(zone or reader_zone(), at or utc_now(), language())


def zone_options(chosen: str) -> list[tuple[str, str]]:
    """Every zone that a country uses today, by the tables' own list, each with its label of this hour: the familiar first,
    and the chosen one among them, whatever it is called."""
    named = _zone_labels(utc_now().replace(minute=0, second=0, microsecond=0), language())
    if chosen not in named and chosen in available_timezones():
        named = {chosen: zone_label(chosen), **named}
    return list(named.items())


@lru_cache(maxsize=4)
def _zone_labels(hour: datetime, spoken: str) -> dict[str, str]:
    """Kept for the hour: four hundred clocks took longer than all the rest of a page."""
    found: dict[str, str] = {}
    for zone in sorted(_zones_of_today()):
        found.setdefault(clocks.zone_name(zone, hour, spoken), zone)
    familiar = [clocks.zone_name(zone, hour, spoken) for zone in clocks.ZONE_NAMES]
    others = sorted(label for label in found if label not in familiar)
    return {found[label]: label for label in (*familiar, *others)}


def _zones_of_today() -> list[str]:
    """Country, place, zone: a line each. Names that are kept for old programs alone ("Australia/ACT") have none."""
    table = files("tzdata.zoneinfo").joinpath("zone.tab").read_text("utf-8").splitlines()
    return [line.split("\t")[2] for line in table if line and not line.startswith("#")]


def reader_zone() -> str:
    """The zone of whoever is signed in; Beijing for visitors."""
    actor = g.get("actor")
    return actor.zone if actor is not None and actor.user_id else "Asia/Shanghai"


def machine_time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
