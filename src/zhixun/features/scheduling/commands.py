from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from zhixun.features.catalog import queries as catalog
from zhixun.kernel.feature import Command
from zhixun.kernel.tables import Session
from zhixun.kernel.values import utc_now

from . import queries
from .rules import Busy, Calendar, SlotTerms, WeeklyHours, ZonePeriod, offer, terms_of

BLOCKING = {"accepted", "pending_blocking", "external"}
COUNTING = {"accepted", "pending_blocking"}


def _slots(arguments: argparse.Namespace) -> int:
    try:
        read = json.loads(Path(arguments.case).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        print(f"The case file cannot be read: {error}", file=sys.stderr)
        return 2
    cases = read.get("cases", [read])
    print(json.dumps({case["id"]: slots_of_case(case) for case in cases}))
    return 0


def _slots_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--case", required=True, metavar="FILE")


def slots_of_case(case: dict[str, Any]) -> list[str]:
    """The starts one case offers, as "2021-06-21T00:00Z", ascending."""
    query, now = case["query"], _instant(case["now"])
    found = offer(
        _calendar(case["host"]),
        _terms(case),
        _busy(case, now),
        from_=_instant(query["from"]),
        until=_instant(query["to"]),
        now=now,
        must_end_by=_instant(query["must_end_by"]) if "must_end_by" in query else None,
    )
    return [slot.start.strftime("%Y-%m-%dT%H:%MZ") for slot in found]


def _calendar(host: dict[str, Any]) -> Calendar:
    return Calendar(
        zone=host["timezone"],
        hours=tuple(WeeklyHours(tuple(rule["days"]), rule["start"], rule["end"]) for rule in host.get("rules", ())),
        overrides={
            date.fromisoformat(one["date"]): tuple((start, end) for start, end in one["windows"])
            for one in _joined(host.get("overrides", ()))
        },
        days_off=frozenset(date.fromisoformat(day) for day in host.get("out_of_office", ())),
        zone_periods=tuple(
            ZonePeriod(
                date.fromisoformat(one["from"]),
                date.fromisoformat(one["to"]) if one["to"] else date.max,
                one["timezone"],
            )
            for one in host.get("timezone_periods", ())
        ),
        also=tuple(_calendar(one) for one in host.get("and_schedules", ())),
    )


def _joined(overrides: Any) -> list[dict[str, Any]]:
    """Several overrides of one date are one override with all their openings."""
    by_date: dict[str, list[Any]] = {}
    for one in overrides:
        by_date.setdefault(one["date"], []).extend(one["windows"])
    return [{"date": day, "windows": windows} for day, windows in by_date.items()]


def _terms(case: dict[str, Any]) -> SlotTerms:
    service, limits, horizon = case["service"], case.get("limits", {}), case.get("horizon", {})
    zones = {"host": case["host"]["timezone"], "viewer": case.get("viewer_timezone")}
    named = service.get("align_tz", "host")
    horizon_zone = horizon.get("tz", "host")
    return SlotTerms(
        minutes=service["duration_min"],
        buffer_before_minutes=service.get("buffer_before_min", 0),
        buffer_after_minutes=service.get("buffer_after_min", 0),
        interval_minutes=service.get("interval_min"),
        notice_minutes=service.get("min_notice_min", 0),
        horizon_days=horizon.get("days"),
        align=service.get("align", "clock"),
        align_zone=zones.get(named, named),
        horizon_zone=zones.get(horizon_zone, horizon_zone),
        start_offset_minutes=service.get("start_offset_min", 0),
        per_day_max=limits.get("max_per_day"),
        per_week_max=limits.get("max_per_week"),
        minutes_per_day_max=limits.get("max_minutes_per_day"),
        week_start=limits.get("week_start", "MO"),
    )


def _busy(case: dict[str, Any], now: datetime) -> list[Busy]:
    found = [
        Busy(
            _instant(one["start"]), _instant(one["end"]),
            one.get("buffer_before_min", 0), one.get("buffer_after_min", 0),
            counts=one.get("status", "external") in COUNTING,
        )
        for one in case.get("busy", ())
        if one.get("status", "external") in BLOCKING
    ]  # fmt: skip
    for hold in case.get("holds", ()):
        if _instant(hold["expires_at"]) > now and hold.get("session") != case.get("viewer_session", ""):
            found.append(Busy(_instant(hold["start"]), _instant(hold["end"])))
    return found


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


def _explain(arguments: argparse.Namespace) -> int:
    with Session() as db:
        terms, at = terms_of(catalog.service(db, arguments.service)), _instant(arguments.at)
        now = utc_now()
        why = queries.reason(db, consultant_id=arguments.consultant, terms=terms, at=at, now=now)
        found = queries.examine(db, consultant_id=arguments.consultant, terms=terms, at=at, now=now)
    times = [_told(one) for one in why.times]
    said: dict[str, Any] = {"code": why.code, "at": arguments.at}
    said["rules"] = [{"rule": one.rule, "holds": one.holds} for one in found]
    said |= ({"calendars": why.calendars} if why.calendars else {}) | ({"times": times} if times else {})
    plain = [why.code, *why.calendars, *(" ".join(f"{name}={value}" for name, value in one.items()) for one in times)]
    print(json.dumps(said, ensure_ascii=False) if arguments.json else " ".join(plain))
    return 0 if why.code == "offered" else 1


def _told(one: Busy) -> dict[str, Any]:
    """A time in the way, with the minutes kept free around it, and until when it is only held."""
    held = {"held_until": one.lapses_at.isoformat()} if one.lapses_at else {}
    return {
        "from": one.start.isoformat(), "until": one.end.isoformat(), "before": one.buffer_before_minutes,
        "after": one.buffer_after_minutes, **held,
    }  # fmt: skip


def _explain_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--consultant", required=True, metavar="ID")
    parser.add_argument("--at", required=True, metavar="TIME", help="RFC 3339, as 2026-01-05T09:00:00Z")
    parser.add_argument("--service", required=True, metavar="ID")


COMMANDS = (
    Command(
        "slots", "the slots one case file (or {\"cases\": […]}) offers, as JSON", _slots,
        _slots_arguments,
        needs_database=False,
    ),
    Command("explain", "why a time is, or is not, offered", _explain, _explain_arguments),
)  # fmt: skip
