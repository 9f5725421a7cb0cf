"""Group sessions: which there are, how many seats are left, and who has one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from zhixun.features.booking.models import Booking, Group, Seat
from zhixun.features.booking.rules import State
from zhixun.kernel.errors import NotFound
from zhixun.kernel.values import Actor, Money, Words

from .bookings import BookingView, view_of

SEATED = (State.CONFIRMED, State.IN_PROGRESS, State.COMPLETED, State.NO_SHOW)
GROUPS_SHOWN = 40


@dataclass(frozen=True)
class GroupView:
    id: str
    consultant_id: str
    service_id: str
    title: Words
    minutes: int
    starts_at: datetime
    ends_at: datetime
    price: Money
    seats: int
    seats_min: int
    seats_left: int
    """Neither paid nor held by someone who is paying."""
    decide_at: datetime
    state: str
    """open (not decided yet), on, cancelled."""
    ended_reason: str | None
    seen_at: datetime

    @property
    def may_take(self) -> bool:
        return self.state != "cancelled" and self.starts_at > self.seen_at and self.seats_left > 0


def group(db: Session, group_id: str, now: datetime) -> GroupView:
    """One group session. One statement. Raises NotFound."""
    row = db.execute(_with_left(now).where(Group.id == group_id)).one_or_none()
    if row is None:
        raise NotFound
    return _view(row[0], row[1], now)


def groups_by_ids(db: Session, ids: Collection[str], now: datetime) -> list[GroupView]:
    """One statement; none for nobody."""
    rows = db.execute(_with_left(now).where(Group.id.in_(ids))) if ids else ()
    return [_view(row, left, now) for row, left in rows]


def has_seat(db: Session, group_id: str, client_id: str, now: datetime) -> bool:
    """Whether somebody has a seat in a group, paid or held."""
    live = and_(Booking.state == State.HELD, Booking.hold_expires_at > now)
    theirs = (Booking.group_id == group_id, Booking.client_id == client_id)
    found = select(Booking.id).where(*theirs, or_(live, Booking.state.in_((State.PAID, *SEATED))))
    return db.scalar(found.limit(1)) is not None


def groups_of(db: Session, consultant_id: str, now: datetime) -> list[GroupView]:
    """A consultant's group sessions ahead that are not called off, the next first. One statement."""
    ahead = (Group.consultant_id == consultant_id, Group.starts_at > now, Group.state != "cancelled")
    rows = db.execute(_with_left(now).where(*ahead).order_by(Group.starts_at).limit(GROUPS_SHOWN))
    return [_view(row, left, now) for row, left in rows]


def latest_groups_of(db: Session, consultant_id: str, now: datetime) -> list[GroupView]:
    """All group sessions a consultant has set, the latest start first. One statement."""
    mine = _with_left(now).where(Group.consultant_id == consultant_id).order_by(Group.starts_at.desc())
    return [_view(row, left, now) for row, left in db.execute(mine.limit(GROUPS_SHOWN))]


def seats_of(db: Session, group_id: str, now: datetime) -> list[BookingView]:
    """The seats of a group that were paid for and not given back, for callers that have decided who may see them."""
    paid = select(Booking).where(Booking.group_id == group_id, Booking.state.in_(SEATED)).order_by(Booking.created_at)
    return [view_of(row, now) for row in db.scalars(paid)]


def own_seat(db: Session, group_id: str, actor: Actor, now: datetime) -> BookingView | None:
    """The asker's own seat in a group, paid or held."""
    live = and_(Booking.state == State.HELD, Booking.hold_expires_at > now)
    mine = select(Booking).where(
        Booking.group_id == group_id, Booking.client_id == actor.user_id,
        or_(live, Booking.state.in_((State.PAID, *SEATED))),
    )  # fmt: skip
    row = db.scalar(mine.order_by(Booking.created_at.desc()).limit(1))
    return view_of(row, now) if row else None


def people_of_group(db: Session, group_id: str) -> tuple[str, ...]:
    """Who may come into the room: its consultant first, and whoever has a seat. Empty where there is no such group. One
    statement."""
    seated = and_(Booking.group_id == Group.id, Booking.state.in_(SEATED))
    found = select(Group.consultant_id, Booking.client_id).outerjoin(Booking, seated).where(Group.id == group_id)
    rows = db.execute(found.order_by(Booking.created_at)).all()
    return tuple(dict.fromkeys((*(row[0] for row in rows[:1]), *(row[1] for row in rows if row[1]))))


def group_ids_of(db: Session, actor: Actor) -> list[str]:
    """The groups that someone has a seat in, or is the consultant of with somebody seated."""
    mine = or_(Booking.client_id == actor.user_id, Booking.consultant_id == actor.user_id)
    found = select(Booking.group_id).where(mine, Booking.group_id.is_not(None), Booking.state.in_(SEATED))
    return [one for one in db.scalars(found.distinct()) if one]


def groups_before(db: Session, consultant_id: str, *, until: datetime, now: datetime) -> list[str]:
    """Ids of a consultant's group sessions that stand and begin before `until`, the next first."""
    theirs = (Group.consultant_id == consultant_id, Group.starts_at > now, Group.starts_at < until)
    return list(db.scalars(select(Group.id).where(*theirs, Group.state != "cancelled").order_by(Group.starts_at)))


def groups_due(db: Session, now: datetime, *, after: str = "", limit: int = 200) -> list[str]:
    """Ids of group sessions about which is to be decided now, ascending; `after` (an id) pages on."""
    due = select(Group.id).where(Group.state == "open", Group.decide_at <= now, Group.id > after)
    return list(db.scalars(due.order_by(Group.id).limit(limit)))


def _with_left(now: datetime) -> Select[Group, int]:
    return select(Group, _left(now))


def _left(now: datetime) -> ColumnElement[int]:
    lapsed = and_(Booking.state == State.HELD, Booking.hold_expires_at <= now)
    free = or_(Seat.booking_id.is_(None), lapsed)
    counted = select(func.count()).select_from(Seat).outerjoin(Booking, Booking.id == Seat.booking_id)
    return counted.where(Seat.group_id == Group.id, free).correlate(Group).scalar_subquery()


def _view(row: Group, left: int, now: datetime) -> GroupView:
    return GroupView(
        row.id, row.consultant_id, row.service_id, row.title, row.minutes, row.starts_at, row.ends_at,
        Money(row.price_minor, row.currency), row.seats, row.seats_min, left, row.decide_at, row.state,
        row.ended_reason, now,
    )  # fmt: skip
