"""What stands on days on which a consultant cannot work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from zhixun.features.booking import rules
from zhixun.features.booking.models import Booking, DaysOff
from zhixun.features.booking.rules import State
from zhixun.kernel.values import Money

from .bookings import BookingView, view_of


@dataclass(frozen=True)
class Standing:
    """What would be cancelled, soonest first. Unpaid holds are among it; nothing goes back for them."""

    views: tuple[BookingView, ...]

    @property
    def paid(self) -> tuple[BookingView, ...]:
        return tuple(one for one in self.views if one.state is not State.HELD)

    @property
    def back(self) -> list[Money]:
        """What goes back to the clients, one sum for each currency."""
        sums: dict[str, int] = {}
        for one in self.paid:
            sums[one.price.currency] = sums.get(one.price.currency, 0) + one.price.amount_minor
        return [Money(minor, currency) for currency, minor in sorted(sums.items())]

    @property
    def mark(self) -> str:
        """Says whether it is what somebody has seen: how many there are, and the last of them."""
        return f"{len(self.paid)}-{max((one.id for one in self.paid), default='none')}"


def standing(db: Session, consultant_id: str, *, until: datetime, now: datetime) -> Standing:
    """A consultant's bookings that can still be cancelled and begin before `until`. One statement."""
    theirs = (Booking.consultant_id == consultant_id, Booking.starts_at > now, Booking.starts_at < until)
    rows = db.scalars(
        select(Booking).where(*theirs, Booking.state.in_(rules.CANCELLABLE)).order_by(Booking.starts_at, Booking.id)
    )
    found = (view_of(row, now) for row in rows)
    return Standing(tuple(one for one in found if one.state is not State.EXPIRED))


def days_off_of(db: Session, days_off_id: str) -> datetime | None:
    """Until when a consultant cannot work, as long as something may still stand there."""
    row = db.get(DaysOff, days_off_id)
    return row.until if row is not None and row.done_at is None else None


def days_off_open(db: Session) -> list[tuple[str, str]]:
    """(id, consultant) of the days off on which something may still stand, the first asked first."""
    rows = db.execute(
        select(DaysOff.id, DaysOff.consultant_id).where(DaysOff.done_at.is_(None)).order_by(DaysOff.at, DaysOff.id)
    )
    return [(days_off_id, consultant_id) for days_off_id, consultant_id in rows]
