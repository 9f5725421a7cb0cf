"""The clients behind the bookings, for the desk and for a consultant's own list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from zhixun.features.booking.models import Booking
from zhixun.features.booking.rules import State
from zhixun.kernel.tables import any_of
from zhixun.kernel.values import Money

from .bookings import BookingView, view_of

_AGREED = Booking.state.not_in((State.HELD, State.REQUESTED, State.EXPIRED))


@dataclass(frozen=True)
class ClientFigures:
    """Sessions held with a client, when the last booked one begins or began, and the price of those held of late."""

    held: int
    last_at: datetime
    value: Money


def client_figures(
    db: Session, *, since: datetime, consultant_id: str = "", client_ids: Sequence[str] | None = None, limit: int = 100,
    after: tuple[datetime | None, str] = (None, ""),
) -> dict[str, ClientFigures]:  # fmt: skip
    """Client id → figures of the house or of one consultant, the client seen last first; `since` limits the value, and
    `after` (the `last_at` and the id of the last line) pages on."""
    done = Booking.state == State.COMPLETED
    value = func.sum(Booking.price_minor).filter(done, Booking.starts_at >= since)
    wanted = select(Booking.client_id, func.count().filter(done), func.max(Booking.starts_at), value).where(_AGREED)
    if consultant_id:
        wanted = wanted.where(Booking.consultant_id == consultant_id)
    if client_ids is not None:
        wanted = wanted.where(Booking.client_id.in_(client_ids))
    newest = func.max(Booking.starts_at)
    wanted = wanted.group_by(Booking.client_id).order_by(newest.desc(), Booking.client_id).limit(limit)
    if after[0] is not None:
        wanted = wanted.having(or_(newest < after[0], and_(newest == after[0], Booking.client_id > after[1])))
    rows = db.execute(wanted)
    return {who: ClientFigures(held, last, Money(int(minor or 0))) for who, held, last, minor in rows}


def visits(db: Session) -> list[tuple[str, str, datetime]]:
    """(client, consultant, start of their last agreed session) of the whole house. One statement."""
    rows = db.execute(
        select(Booking.client_id, Booking.consultant_id, func.max(Booking.starts_at))
        .where(_AGREED).group_by(Booking.client_id, Booking.consultant_id)
    )  # fmt: skip
    return [(client, consultant, last) for client, consultant, last in rows]


def who_booked(db: Session, client_ids: Sequence[str], *, from_: datetime, until: datetime) -> frozenset[str]:
    """Those of these clients who agreed on a session in [from_, until). One statement."""
    theirs = Booking.client_id == any_of(client_ids)
    made = select(Booking.client_id).where(theirs, _AGREED, Booking.created_at >= from_, Booking.created_at < until)
    return frozenset(db.scalars(made.distinct()))


def between(db: Session, client_id: str, consultant_id: str, now: datetime, *, limit: int) -> list[BookingView]:
    """What a consultant and a client agreed on, paid at least, the latest first."""
    both = and_(Booking.client_id == client_id, Booking.consultant_id == consultant_id, _AGREED)
    rows = db.scalars(select(Booking).where(both).order_by(Booking.starts_at.desc()).limit(limit))
    return [view_of(row, now) for row in rows]


def have_had_session(db: Session, client_id: str, consultant_id: str) -> bool:
    """Whether a session of the two has taken place."""
    held = and_(
        Booking.client_id == client_id, Booking.consultant_id == consultant_id, Booking.state == State.COMPLETED
    )
    return db.scalar(select(Booking.id).where(held).limit(1)) is not None


def have_met(db: Session, client_id: str, consultant_id: str) -> bool:
    """Whether the two ever agreed on a session."""
    both = and_(Booking.client_id == client_id, Booking.consultant_id == consultant_id, _AGREED)
    return db.scalar(select(Booking.id).where(both).limit(1)) is not None
