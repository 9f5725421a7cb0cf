"""Hours are set; times are held, taken, moved, given back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, exists, or_, select, update
from sqlalchemy.dialects.postgresql import Range, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.dml import ReturningUpdate

from zhixun.events.scheduling import FreeTimesChanged
from zhixun.features.scheduling import queries, rules
from zhixun.features.scheduling.models import NO_OVERLAP, CalendarRow, OverrideRow, TakenTime
from zhixun.features.scheduling.rules import Busy, Slot, SlotTerms, WeeklyHours
from zhixun.kernel.errors import N_, Conflict, Invalid, NotFound
from zhixun.kernel.tables import bare
from zhixun.kernel.unit_of_work import UnitOfWork

ALTERNATIVES = 3
LOOK_AROUND = (timedelta(days=3), timedelta(days=14), timedelta(days=60))


class SlotTaken(Conflict):
    code, message = "slot_taken", N_("Someone else has just taken this time. These are free:")


class NotOffered(Conflict):
    code, message = "not_offered", N_("This time is not offered. These are free:")


class CalendarStale(Conflict):
    code = "calendar_stale"
    message = N_("One of your other calendars has not been read for too long, so nobody can book you at once.")


class HoldIdUsed(Conflict):
    code, message = "id_used", N_("This id was used for something else already. Please start again.")


def open_calendar(uow: UnitOfWork, *, consultant_id: str, zone: str) -> None:
    """Give a consultant a calendar, or move it to another zone. Raises Invalid for an unknown zone."""
    rules.check_zone(zone)
    made = insert(CalendarRow).values(consultant_id=consultant_id, zone=zone, hours=[])
    moved = {"zone": zone, "times_version": CalendarRow.times_version + 1}
    uow.db.execute(made.on_conflict_do_update(index_elements=["consultant_id"], set_=moved))
    uow.emit(FreeTimesChanged(consultant_id=consultant_id))


def set_weekly_hours(uow: UnitOfWork, *, consultant_id: str, hours: Sequence[WeeklyHours]) -> None:
    """Replace the weekly hours. What is booked already stays booked. Raises NotFound, Invalid."""
    kept = [{"days": list(one.days), "start": one.start, "end": one.end} for one in rules.check_hours(hours)]
    locked_calendar(uow, consultant_id).hours = kept


def set_override(uow: UnitOfWork, *, consultant_id: str, day: date, openings: Sequence[tuple[str, str]] | None) -> None:
    """Give one date its own openings (none of them = closed); None takes the exception away. Raises NotFound, Invalid."""
    locked_calendar(uow, consultant_id)
    row = uow.db.get(OverrideRow, (consultant_id, day))
    if openings is None:
        if row is not None:
            uow.db.delete(row)
        return
    rules.check_openings(openings)
    kept = [[start, end] for start, end in openings]
    if row is None:
        uow.db.add(OverrideRow(consultant_id=consultant_id, day=day, openings=kept))
    else:
        row.openings = kept


def hold_time(
    uow: UnitOfWork,
    *,
    hold_id: str,
    consultant_id: str,
    terms: SlotTerms,
    start: datetime,
    expires_at: datetime,
    owner_id: str,
) -> Slot:
    """Keep a time for `owner_id` until `expires_at`. The same `hold_id` for the same time gives the same answer.

    Raises SlotTaken or NotOffered, both with up to three `alternatives` (RFC 3339 starts); HoldIdUsed where the id
    names another time or another person's; Invalid for a start without a zone or with fractions of a second; NotFound.

    A crowd that wants one time does not queue for the calendar: who finds the time gone is told before locking.
    """
    start = _whole_second(start)
    row = _calendar_unless_taken(uow, consultant_id, start, hold_id)
    if row is None:
        raise SlotTaken(extra={"reason": "taken", "alternatives": _nearest(uow, consultant_id, terms, start)})
    slot = Slot(start, start + timedelta(minutes=terms.minutes))
    why = queries.explain_locked(uow.db, row, terms=terms, at=start, now=uow.now)
    if why == "offered" and _stored(
        uow, row, slot, terms, hold_id=hold_id, owner_id=owner_id, expires_at=expires_at
    ):  # fmt: skip
        return slot
    if (known := uow.db.get(TakenTime, hold_id)) is not None:
        if (known.owner_id, known.consultant_id, known.starts_at) != (owner_id, consultant_id, start):
            raise HoldIdUsed
        return Slot(known.starts_at, known.ends_at)
    raise _refusal("taken" if why == "offered" else why, _nearest(uow, consultant_id, terms, start))


def set_time(uow: UnitOfWork, *, hold_id: str, consultant_id: str, start: datetime, minutes: int) -> Slot:
    """Take a time that the consultant sets themselves, whether or not it is one they offer. Nobody else can have it, and
    it cannot be set over one that somebody has. The same `hold_id` twice is done once. Raises SlotTaken, HoldIdUsed,
    Invalid, NotFound."""
    start = _whole_second(start)
    row = locked_calendar(uow, consultant_id)
    if (known := uow.db.get(TakenTime, hold_id)) is not None:
        if (known.consultant_id, known.starts_at) != (consultant_id, start):
            raise HoldIdUsed
        return Slot(known.starts_at, known.ends_at)
    terms, end = SlotTerms(minutes), start + timedelta(minutes=minutes)
    if not _stored(uow, row, Slot(start, end), terms, hold_id=hold_id, owner_id=consultant_id):
        raise SlotTaken(N_("You have a session at this time already."), extra={"alternatives": []})
    return Slot(start, end)


def take_now(uow: UnitOfWork, *, hold_id: str, consultant_id: str, terms: SlotTerms, owner_id: str) -> Slot:
    """Take the time from this second on, whatever the consultant's hours say: they have just said that they are there.

    What stands in their calendars still counts, here and elsewhere, with its breaks; what we know of calendars kept
    elsewhere must be fresh. The same `hold_id` gives the same answer. Raises NotFound, HoldIdUsed, SlotTaken,
    CalendarStale.
    """
    row = locked_calendar(uow, consultant_id)
    if (known := uow.db.get(TakenTime, hold_id)) is not None:
        if (known.owner_id, known.consultant_id) != (owner_id, consultant_id):
            raise HoldIdUsed
        return Slot(known.starts_at, known.ends_at)
    if consultant_id not in queries.calendars_fresh(uow.db, [consultant_id], uow.now):
        raise CalendarStale
    start = uow.now.replace(microsecond=0)
    end = start + timedelta(minutes=terms.minutes)
    busy = queries.busy_of(uow.db, [consultant_id], start, end, uow.now).get(consultant_id, [])
    if not rules.is_free(busy, start, end, terms):
        raise SlotTaken(N_("You have a session within this time."), extra={"alternatives": []})
    if not _stored(uow, row, Slot(start, end), terms, hold_id=hold_id, owner_id=owner_id):
        raise SlotTaken(extra={"alternatives": []})
    return Slot(start, end)


def take_time(uow: UnitOfWork, *, hold_id: str) -> None:
    """Make a hold last. A lapsed one is taken again if the time is still free; taking twice is done once.

    Raises SlotTaken where someone else has the time by now, NotFound where there was no hold, NotOffered where it was
    given back on purpose.
    """
    time = _locked_time(uow, hold_id)
    if time is None:
        raise NotFound
    if time.state == "taken":
        return
    if time.state == "released":
        raise NotOffered(extra={"alternatives": []})
    if time.standing:  # nobody else can have it
        time.state, time.expires_at = "taken", None
        uow.db.flush()
        return
    _let_lapse(uow, time.consultant_id)
    try:
        with uow.db.begin_nested():
            time.state, time.standing, time.expires_at = "taken", True, None
    except IntegrityError as error:
        if NO_OVERLAP not in str(error.orig):
            raise
        uow.db.refresh(time)
        raise SlotTaken(extra={"alternatives": []}) from None


def move_time(uow: UnitOfWork, *, hold_id: str, terms: SlotTerms, start: datetime) -> Slot:
    """Give a taken time up for another of the same consultant, in one step: nobody else can come between.

    What is offered to everyone is what one may move to, the own time not counted as taken. Raises SlotTaken or
    NotOffered (both with up to three `alternatives`), NotFound where there is no such time or it was given back.
    """
    start = _whole_second(start)
    time = _locked_time(uow, hold_id)
    if time is None or time.state != "taken":
        raise NotFound
    why = queries.explain(
        uow.db, consultant_id=time.consultant_id, terms=terms, at=start, now=uow.now, moving=hold_id
    )  # fmt: skip
    if why != "offered":
        raise _refusal(why, _nearest(uow, time.consultant_id, terms, start, hold_id))
    _let_lapse(uow, time.consultant_id)
    end = start + timedelta(minutes=terms.minutes)
    try:
        with uow.db.begin_nested():
            time.starts_at, time.ends_at, time.during = start, end, _during(start, end, terms)
            time.buffer_before_minutes = terms.buffer_before_minutes
            time.buffer_after_minutes = terms.buffer_after_minutes
    except IntegrityError as error:
        if NO_OVERLAP not in str(error.orig):
            raise
        raise SlotTaken(extra={"alternatives": _nearest(uow, time.consultant_id, terms, start, hold_id)}) from None
    return Slot(start, end)


def let_time_lapse(uow: UnitOfWork, *, hold_id: str) -> None:
    """Free a hold nobody paid for in time. Unlike a released one it may still be taken, if the money comes late and the
    time is still free. Anything but a hold is left as it is."""
    time = _locked_time(uow, hold_id)
    if time is not None and time.state == "held":
        time.state, time.standing = "lapsed", False
        uow.db.flush()


def release_time(uow: UnitOfWork, *, hold_id: str) -> None:
    """Give a time back. Unknown or given back already changes nothing."""
    time = _locked_time(uow, hold_id)
    if time is not None and time.state != "released":
        time.state, time.standing = "released", False
        uow.db.flush()


def sweep_lapsed_holds(uow: UnitOfWork) -> int:
    """Let every hold past its expiry go; returns how many. One that someone is busy with is left for the next time."""
    due = (
        select(TakenTime.hold_id)
        .where(TakenTime.standing, TakenTime.state == "held", TakenTime.expires_at <= uow.now)
        .with_for_update(skip_locked=True)
    )
    lapsed = uow.db.execute(
        update(TakenTime)
        .where(TakenTime.hold_id.in_(due))
        .values(standing=False, state="lapsed")
        .returning(TakenTime.hold_id)
        .execution_options(synchronize_session=False)
    )
    return len(lapsed.all())


def locked_calendar(uow: UnitOfWork, consultant_id: str) -> CalendarRow:
    """The calendar's row, locked and counted on: whoever needs the lock is about to change what is offered."""
    row = _counted_on(uow, _COUNT_ON, {"calendar": consultant_id})
    if row is None:
        raise NotFound
    return row


def _calendar_unless_taken(uow: UnitOfWork, consultant_id: str, start: datetime, hold_id: str) -> CalendarRow | None:
    """`locked_calendar`, but None, without waiting for anyone, where a hold other than this one keeps exactly this start.
    Raises NotFound where there is no calendar."""
    wanted = {"calendar": consultant_id, "start": start, "at": uow.now, "but": hold_id}
    row = _counted_on(uow, _COUNT_ON_UNLESS_TAKEN, wanted)
    if row is None:
        queries.zone_of(uow.db, consultant_id)
    return row


_COUNT = (
    update(CalendarRow)
    .values(times_version=CalendarRow.times_version + 1)
    .returning(CalendarRow)
    .execution_options(synchronize_session=False, populate_existing=True)
)
_COUNT_ON = _COUNT.where(CalendarRow.consultant_id == bindparam("calendar"))
_COUNT_ON_UNLESS_TAKEN = _COUNT_ON.where(
    ~exists().where(
        TakenTime.consultant_id == bindparam("calendar"), TakenTime.starts_at == bindparam("start"), TakenTime.standing,
        or_(TakenTime.state == "taken", TakenTime.expires_at > bindparam("at")), TakenTime.hold_id != bindparam("but"),
    )
)  # fmt: skip
"""Only a "taken" found before the lock can be relied on; whether the time is free is looked at under it."""
_COUNT_ON_OF_TIME = _COUNT.where(
    CalendarRow.consultant_id
    == select(TakenTime.consultant_id).where(TakenTime.hold_id == bindparam("hold")).scalar_subquery()
)


def _counted_on(uow: UnitOfWork, count_on: ReturningUpdate[CalendarRow], values: dict[str, Any]) -> CalendarRow | None:
    row = uow.db.scalars(count_on, values).one_or_none()
    if row is not None and row.times_version == row.written_version + 1:
        uow.emit(FreeTimesChanged(consultant_id=row.consultant_id))
    return row


def _locked_time(uow: UnitOfWork, hold_id: str) -> TakenTime | None:
    """The calendar first, then the time: everyone locks in this order, so nobody waits in a ring."""
    if _counted_on(uow, _COUNT_ON_OF_TIME, {"hold": hold_id}) is None:
        return None
    return uow.db.get(TakenTime, hold_id, with_for_update=True, populate_existing=True)


def _refusal(why: str, alternatives: list[str]) -> Conflict:
    """Whether a consultant is busy here or elsewhere is nobody's business but their own."""
    if why in {"taken", "busy_elsewhere"}:
        return SlotTaken(extra={"reason": "taken", "alternatives": alternatives})
    return NotOffered(extra={"reason": why, "alternatives": alternatives})


def _stored(
    uow: UnitOfWork,
    row: CalendarRow,
    slot: Slot,
    terms: SlotTerms,
    *,
    hold_id: str,
    owner_id: str,
    expires_at: datetime | None = None,
) -> bool:
    """Keep the time of the locked calendar: held where it expires, taken where it does not. False where the database
    says that it overlaps one that stands, or that the id has a time already."""
    time = {
        "hold_id": hold_id, "consultant_id": row.consultant_id, "consultant_no": row.consultant_no, "owner_id": owner_id,
        "state": "held" if expires_at else "taken", "standing": True, "starts_at": slot.start, "ends_at": slot.end,
        "buffer_before_minutes": terms.buffer_before_minutes, "buffer_after_minutes": terms.buffer_after_minutes,
        "during": _during(slot.start, slot.end, terms), "expires_at": expires_at,
    }  # fmt: skip
    if uow.db.scalar(_KEEP, time) is not None:
        return True
    _let_lapse(uow, row.consultant_id)
    return uow.db.scalar(_KEEP, time) is not None


_KEEP = insert(bare(TakenTime)).on_conflict_do_nothing().returning(bare(TakenTime).c.hold_id)
"""What overlaps writes nothing, and the transaction goes on."""


def _let_lapse(uow: UnitOfWork, consultant_id: str) -> None:
    """A hold past its expiry keeps nobody out, whether or not the clock has swept it yet."""
    uow.db.execute(
        update(TakenTime)
        .where(
            TakenTime.consultant_id == consultant_id, TakenTime.standing,
            TakenTime.state == "held", TakenTime.expires_at <= uow.now,
        )
        .values(standing=False, state="lapsed")
    )  # fmt: skip


def _during(start: datetime, end: datetime, terms: SlotTerms) -> Range[int]:
    low, high = Busy(start, end, terms.buffer_before_minutes, terms.buffer_after_minutes).padded()
    return Range(low, high)


def _whole_second(at: datetime) -> datetime:
    try:
        if at.tzinfo is not None and not at.microsecond:
            return at.astimezone(UTC)
    except OverflowError:
        pass  # the first or the last day there is
    raise Invalid(fields={"start": N_("A start is a full second with its zone, as 2026-01-05T09:00:00Z.")})


def _nearest(uow: UnitOfWork, consultant_id: str, terms: SlotTerms, wanted: datetime, moving: str = "") -> list[str]:
    """The free starts nearest to the wanted one, the nearest first."""
    found: list[Slot] = []
    wanted = max(uow.now, min(wanted, uow.now + queries.RANGE_MAX))
    for around in LOOK_AROUND:
        found = queries.slots(
            uow.db, consultant_id=consultant_id, terms=terms, from_=wanted - around, until=wanted + around, now=uow.now,
            moving=moving,
        )  # fmt: skip
        if len(found) >= ALTERNATIVES:
            break
    found.sort(key=lambda slot: (abs(slot.start - wanted), slot.start))
    return [slot.start.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for slot in found[:ALTERNATIVES]]


def close_calendar(uow: UnitOfWork, person_id: str) -> int:
    """No hours and nobody's zone; the row itself orders times already taken, so it stays."""
    nothing = {"hours": [], "zone": "UTC", "times_version": CalendarRow.times_version + 1}
    closed = update(CalendarRow).where(CalendarRow.consultant_id == person_id).values(nothing)
    return len(uow.db.execute(closed.returning(CalendarRow.consultant_id)).all())
