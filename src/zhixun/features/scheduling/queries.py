from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    CompoundSelect,
    Date,
    DateTime,
    Text,
    and_,
    any_,
    bindparam,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import InstrumentedAttribute, Session

from zhixun.kernel.errors import NotFound
from zhixun.kernel.sealed import Sealed, unseal
from zhixun.kernel.tables import any_of
from zhixun.kernel.values import SYSTEM

from . import rules
from .models import BusyCalendar, BusyTime, CalendarRow, OverrideRow, TakenTime
from .ports import Source
from .rules import Busy, Calendar, Login, Slot, SlotTerms, Verdict, WeeklyHours, entry_uid

AROUND = timedelta(days=8)
"""How far outside the asked range times still matter: buffers, and limits per week."""
WRITTEN_FOR_MAX = timedelta(days=4)
"""Nobody may rely for longer on free times that are written out: what reaches further was written at a later hour than now."""
RANGE_MAX = timedelta(days=400)
"""Nobody books further ahead; what is asked beyond it is not looked at."""


def slots(
    db: Session,
    *,
    consultant_id: str,
    terms: SlotTerms,
    from_: datetime,
    until: datetime,
    now: datetime,
    viewer_id: str | None = None,
    moving: str = "",
) -> list[Slot]:
    """The slots of one consultant that start in [from_, until), ascending; none in the past or beyond RANGE_MAX.

    The viewer's own unpaid holds hide nothing from them: to choose again they first give the hold up. Nor does the
    hold `moving` (an id), which is to get another time. Raises NotFound where there is no calendar. Three statements.
    """
    from_, until = _askable(from_, until, now)
    calendar = calendars_of(db, [consultant_id]).get(consultant_id)
    if calendar is None:
        raise NotFound
    busy = busy_of(db, [consultant_id], from_, until, now, viewer_id=viewer_id, moving=moving).get(consultant_id, [])
    return rules.offer(calendar, terms, busy, from_=from_, until=until, now=now)


def zone_of(db: Session, consultant_id: str) -> str:
    """The consultant's zone. Raises NotFound."""
    zone = db.scalar(select(CalendarRow.zone).where(CalendarRow.consultant_id == consultant_id))
    if zone is None:
        raise NotFound
    return zone


def hours_of(db: Session, consultant_id: str) -> tuple[WeeklyHours, ...]:
    row = db.get(CalendarRow, consultant_id)
    return _hours(row) if row else ()


def overrides_of(db: Session, consultant_id: str, *, from_: date) -> dict[date, tuple[tuple[str, str], ...]]:
    """The days from `from_` on that differ from the weekly hours, soonest first; no openings means closed."""
    mine = select(OverrideRow).where(OverrideRow.consultant_id == consultant_id, OverrideRow.day >= from_)
    rows = db.scalars(mine.order_by(OverrideRow.day))
    return {row.day: tuple((start, end) for start, end in row.openings) for row in rows}


def weekly_minutes(db: Session) -> dict[str, int]:
    """Consultant id → minutes their weekly hours offer. One statement."""
    rows = db.scalars(select(CalendarRow))
    return {row.consultant_id: sum(hours.minutes_a_week for hours in _hours(row)) for row in rows}


def explain(db: Session, *, consultant_id: str, terms: SlotTerms, at: datetime, now: datetime, moving: str = "") -> str:
    """The code of rules.refusal for one time, against what the database knows now. Raises NotFound."""
    return reason(db, consultant_id=consultant_id, terms=terms, at=at, now=now, moving=moving).code


@dataclass(frozen=True)
class Reason:
    """Why a time is not offered: the code of rules.refusal, and the names of the calendars kept elsewhere that are in its
    way."""

    code: str
    calendars: tuple[str, ...] = ()
    times: tuple[Busy, ...] = ()
    """The times held or taken here that are in its way, breaks included."""


def reason(
    db: Session,
    *,
    consultant_id: str,
    terms: SlotTerms,
    at: datetime,
    now: datetime,
    moving: str = "",
    calendar: Calendar | None = None,
) -> Reason:
    """The same with names, for the consultant's own eyes; who has read the `calendar` already hands it in. Raises
    NotFound."""
    calendar = calendar or calendars_of(db, [consultant_id]).get(consultant_id)
    if calendar is None:
        raise NotFound
    if far := _out_of_reach(at, now):
        return Reason(far)
    busy = busy_of(db, [consultant_id], at, at, now, moving=moving).get(consultant_id, [])
    code = rules.refusal(calendar, terms, busy, at=at, now=now)
    named = rules.calendars_in_the_way(terms, busy, at=at) if code == "busy_elsewhere" else ()
    standing = rules.times_in_the_way(terms, busy, at=at) if code == "taken" else ()
    return Reason(code, tuple(named), tuple(standing))


def explain_locked(
    db: Session, row: CalendarRow, *, terms: SlotTerms, at: datetime, now: datetime, moving: str = ""
) -> str:
    """`explain` for who has the calendar's row locked, and so read already. One statement."""
    if far := _out_of_reach(at, now):
        return far
    near = _near([row.consultant_id], at - AROUND, at + AROUND, now, "", moving)
    days, busy = {}, []
    for line in db.execute(_BUSY_AND_DAYS, near):
        if line.day is None:
            busy.append(_busy(line))
        else:
            days[line.day] = tuple((start, end) for start, end in line.openings)
    return rules.refusal(Calendar(row.zone, _hours(row), days), terms, busy, at=at, now=now)


def _out_of_reach(at: datetime, now: datetime) -> str:
    if at < now:
        return "in_the_past"
    return "beyond_horizon" if at > now + RANGE_MAX else ""


def examine(
    db: Session,
    *,
    consultant_id: str,
    terms: SlotTerms,
    at: datetime,
    now: datetime,
    calendar: Calendar | None = None,
) -> list[Verdict]:
    """Every rule about one time, in the order they decide, against what the database knows now; of a time nobody could ask
    for, two rules alone; who has read the `calendar` already hands it in. Raises NotFound. Two statements."""
    calendar = calendar or calendars_of(db, [consultant_id]).get(consultant_id)
    if calendar is None:
        raise NotFound
    if not now - RANGE_MAX < at < now + RANGE_MAX:
        return [
            Verdict("in_the_past", at >= now, bound=now), Verdict("beyond_horizon", at < now + RANGE_MAX, bound=now + RANGE_MAX)
        ]  # fmt: skip
    busy = busy_of(db, [consultant_id], at, at, now).get(consultant_id, [])
    return rules.checks(calendar, terms, busy, at=at, now=now)


def calendars_of(db: Session, consultant_ids: Sequence[str]) -> dict[str, Calendar]:
    """One statement."""
    return _calendars(db, CalendarRow.consultant_id == any_of(consultant_ids))


def _calendars(db: Session, which: ColumnElement[bool]) -> dict[str, Calendar]:
    """One statement: a line for each day that differs, and one at least for each calendar."""
    rows = db.execute(
        select(CalendarRow.consultant_id, CalendarRow.zone, CalendarRow.hours, OverrideRow.day, OverrideRow.openings)
        .outerjoin(OverrideRow, OverrideRow.consultant_id == CalendarRow.consultant_id)
        .where(which)
    )
    found: dict[str, Calendar] = {}
    overrides: dict[str, dict[date, tuple[tuple[str, str], ...]]] = defaultdict(dict)
    for consultant_id, zone, hours, day, openings in rows:
        if day is not None:
            overrides[consultant_id][day] = tuple((start, end) for start, end in openings)
        if consultant_id not in found:
            found[consultant_id] = Calendar(zone=zone, hours=_weekly(hours), overrides=overrides[consultant_id])
    return found


def changed_since_written(db: Session, now: datetime) -> list[str]:
    """Whose free times, as they were last written out, cannot be relied on at `now`: something changed since, or they do
    not reach far enough any more. One statement."""
    return list(db.scalars(_changed_since_written(now)))


def changed_calendars(db: Session, now: datetime) -> dict[str, Calendar]:
    """The calendars of those, as they are. One statement."""
    return _calendars(db, CalendarRow.consultant_id.in_(_changed_since_written(now)))


def _changed_since_written(now: datetime) -> CompoundSelect[str]:
    changed = select(CalendarRow.consultant_id).where(CalendarRow.times_version != CalendarRow.written_version)
    short = select(CalendarRow.consultant_id).where(
        or_(CalendarRow.written_until <= now, CalendarRow.written_until > now + WRITTEN_FOR_MAX)
    )
    return changed.union(short)


def calendar_ids(db: Session) -> list[str]:
    """Of everyone who has a calendar. One statement."""
    return list(db.scalars(select(CalendarRow.consultant_id).order_by(CalendarRow.consultant_id)))


def busy_of(
    db: Session,
    consultant_ids: Sequence[str],
    from_: datetime,
    until: datetime,
    now: datetime,
    *,
    viewer_id: str | None = None,
    moving: str = "",
    around: timedelta = AROUND,
) -> dict[str, list[Busy]]:
    """Standing times near [from_, until]; lapsed holds, the viewer's own and the one that is `moving` left out. With them
    the times that are busy in calendars kept elsewhere. One statement.

    What is offered and what is accepted both see the times read here: 8 days around, so that every buffer reaches and
    every week a start may fall into is counted whole. Terms without limits per day and week need no more than a day.
    """
    found: dict[str, list[Busy]] = defaultdict(list)
    for row in db.execute(_BUSY, _near(consultant_ids, from_ - around, until + around, now, viewer_id or "", moving)):
        found[row[0]].append(_busy(row))
    return found


_HERE = select(
    TakenTime.consultant_id, TakenTime.starts_at, TakenTime.ends_at,
    TakenTime.buffer_before_minutes, TakenTime.buffer_after_minutes, literal("").label("calendar"), TakenTime.expires_at,
    TakenTime.hold_id,
).where(
    TakenTime.consultant_id == any_(bindparam("consultants", type_=ARRAY(Text))), TakenTime.standing,
    or_(TakenTime.state == "taken", TakenTime.expires_at > bindparam("now")),
    TakenTime.starts_at < bindparam("before"), TakenTime.starts_at > bindparam("after"),
    TakenTime.hold_id != bindparam("moving"), ~and_(TakenTime.owner_id == bindparam("viewer"), TakenTime.state == "held"),
)  # fmt: skip
_ELSEWHERE = select(
    BusyTime.consultant_id, BusyTime.starts_at, BusyTime.ends_at, literal(0), literal(0), BusyCalendar.name,
    literal(None, DateTime(timezone=True)), literal(""),
).where(
    BusyTime.consultant_id == any_(bindparam("consultants", type_=ARRAY(Text))), BusyTime.calendar_id == BusyCalendar.id,
    BusyTime.starts_at < bindparam("before"), BusyTime.ends_at > bindparam("after"),
)  # fmt: skip
_BUSY: CompoundSelect[Any] = union_all(_HERE, _ELSEWHERE)
_NO_DAY = (cast(null(), Date).label("day"), cast(null(), JSONB).label("openings"))
_BUSY_AND_DAYS = union_all(
    _HERE.add_columns(*_NO_DAY),
    _ELSEWHERE.add_columns(*_NO_DAY),
    select(
        OverrideRow.consultant_id, literal(None, DateTime(timezone=True)), literal(None, DateTime(timezone=True)),
        literal(0), literal(0), literal(""), literal(None, DateTime(timezone=True)), literal(""),
        OverrideRow.day, OverrideRow.openings,
    ).where(OverrideRow.consultant_id == any_(bindparam("consultants", type_=ARRAY(Text)))),
)  # fmt: skip


def _near(
    consultant_ids: Sequence[str], after: datetime, before: datetime, now: datetime, viewer_id: str, moving: str
) -> dict[str, Any]:
    return {
        "consultants": list(consultant_ids), "after": after, "before": before, "now": now, "viewer": viewer_id,
        "moving": moving,
    }  # fmt: skip


def _busy(row: Sequence[Any]) -> Busy:
    _, start, end, before, after, name, lapses_at, hold_id = row[:8]
    return Busy(start, end, before, after, not name, name, lapses_at, hold_id)


@dataclass(frozen=True)
class BusyCalendarView:
    id: str
    name: str
    synced_at: datetime | None
    problem: str
    stale: bool
    times: int
    """How many times it keeps from being offered."""
    with_login: bool
    """A CalDAV collection, which may be written into; an ICS file otherwise."""
    writes: bool
    write_problem: str


def busy_calendars_of(db: Session, consultant_id: str, now: datetime) -> list[BusyCalendarView]:
    """A consultant's calendars kept elsewhere, the first added first. One statement."""
    counted = select(func.count()).where(BusyTime.calendar_id == BusyCalendar.id).scalar_subquery()
    mine = select(BusyCalendar, counted).where(BusyCalendar.consultant_id == consultant_id)
    return [
        BusyCalendarView(
            row.id, row.name, row.synced_at, row.problem, rules.is_stale(row.synced_at, now), times,
            with_login=bool(row.secret), writes=row.writes, write_problem=row.write_problem,
        )
        for row, times in db.execute(mine.order_by(BusyCalendar.added_at, BusyCalendar.id))
    ]  # fmt: skip


def calendars_fresh(db: Session, consultant_ids: Sequence[str], now: datetime) -> frozenset[str]:
    """Those of the consultants whose calendars kept elsewhere are all known well enough to promise a time at once; who
    has none is among them. One statement."""
    read = select(BusyCalendar.consultant_id, BusyCalendar.synced_at)
    rows = db.execute(read.where(BusyCalendar.consultant_id == any_of(consultant_ids)))
    return frozenset(consultant_ids) - {one for one, synced_at in rows if rules.is_stale(synced_at, now)}


def source_of(db: Session, calendar_id: str, now: datetime) -> Source | None:
    """Where a calendar is read from; None for one that is gone."""
    row = db.get(BusyCalendar, calendar_id)
    if row is None or not (address := _opened(db, row, BusyCalendar.address, row.address)):
        return None
    zone = db.scalar(select(CalendarRow.zone).where(CalendarRow.consultant_id == row.consultant_id))
    around = select(TakenTime.hold_id).where(
        TakenTime.consultant_id == row.consultant_id, TakenTime.ends_at > now - RANGE_MAX
    )
    own = frozenset(entry_uid(hold_id) for hold_id in db.scalars(around))
    return Source(address, zone or "UTC", _login_of(db, row), own)


@dataclass(frozen=True)
class Writable:
    """A calendar that sessions are put into."""

    calendar_id: str
    address: str
    login: Login


def writable_calendars(db: Session, consultant_id: str) -> list[Writable]:
    """The calendars kept elsewhere that a consultant wants their sessions in, the first added first."""
    wanted = select(BusyCalendar).where(BusyCalendar.consultant_id == consultant_id, BusyCalendar.writes)
    found = []
    for row in db.scalars(wanted.order_by(BusyCalendar.added_at, BusyCalendar.id)):
        address, login = _opened(db, row, BusyCalendar.address, row.address), _login_of(db, row)
        if address and login:
            found.append(Writable(row.id, address, login))
    return found


def _login_of(db: Session, row: BusyCalendar) -> Login | None:
    password = _opened(db, row, BusyCalendar.secret, row.secret)
    return Login(_opened(db, row, BusyCalendar.user_name, row.user_name), password) if password else None


def _opened(db: Session, row: BusyCalendar, column: InstrumentedAttribute[Sealed], sealed: Sealed) -> str:
    return unseal(db, column, row=row.id, person=row.consultant_id, sealed=sealed, reader=SYSTEM)


def _askable(from_: datetime, until: datetime, now: datetime) -> tuple[datetime, datetime]:
    return max(from_, now), min(until, now + RANGE_MAX)


def _hours(row: CalendarRow) -> tuple[WeeklyHours, ...]:
    return _weekly(row.hours)


def _weekly(stored: Iterable[Mapping[str, Any]]) -> tuple[WeeklyHours, ...]:
    return tuple(WeeklyHours(tuple(one["days"]), one["start"], one["end"]) for one in stored)
