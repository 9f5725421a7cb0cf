from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from zhixun.features.booking import queries as bookings
from zhixun.features.booking.queries import GroupView

from .models import Offer, Place, SeatPlace
from .rules import State, Wish

OPEN = (State.WAITING, State.OFFERED)


@dataclass(frozen=True)
class OfferView:
    id: str
    place_id: str
    client_id: str
    consultant_id: str
    service_id: str
    state: str
    starts_at: datetime
    expires_at: datetime
    booking_id: str | None


@dataclass(frozen=True)
class PlaceView:
    """`ahead`: how many joined the same consultant's list before."""

    id: str
    consultant_id: str
    service_id: str
    state: State
    wish: Wish
    joined_at: datetime
    ends_at: datetime
    ahead: int
    offer: OfferView | None
    unanswered: int
    """How many offers have passed without a word of theirs."""

    @property
    def day(self) -> date | None:
        return self.wish.day


@dataclass(frozen=True)
class SeatPlaceView:
    """`ahead`: how many joined the same list before. `kept_until`: while a seat is kept."""

    id: str
    group: GroupView
    ahead: int
    kept_until: datetime | None


def places_of(db: Session, client_id: str, now: datetime) -> list[PlaceView]:
    """Where the person stands, an offer first, then the oldest. Two statements."""
    other = aliased(Place)
    ahead = (
        select(func.count())
        .where(other.consultant_id == Place.consultant_id, other.state.in_(OPEN), other.id < Place.id)
        .scalar_subquery()
    )
    mine = select(Place, ahead).where(Place.client_id == client_id, Place.state.in_(OPEN)).order_by(Place.id)
    rows = db.execute(mine).all()
    open_offers = select(Offer, Place.service_id).join(Place, Place.id == Offer.place_id)
    kept = open_offers.where(Offer.client_id == client_id, Offer.state == "open", Offer.expires_at > now)
    offers = {one.place_id: _offer(one, service_id) for one, service_id in db.execute(kept)}
    found = [
        PlaceView(
            one.id, one.consultant_id, one.service_id, State(one.state), Wish(one.day, one.part, one.zone),
            one.joined_at, one.ends_at, before, offers.get(one.id), one.unanswered,
        )
        for one, before in rows
    ]  # fmt: skip
    return sorted(found, key=lambda place: (place.offer is None, place.id))


def kept_offer(db: Session, offer_id: str, now: datetime) -> OfferView | None:
    """The offer, while its time is kept."""
    wanted = select(Offer, Place.service_id).join(Place, Place.id == Offer.place_id).where(Offer.id == offer_id)
    row = db.execute(wanted.where(Offer.state == "open", Offer.expires_at > now)).first()
    return _offer(row[0], row[1]) if row else _kept_seat(db, offer_id, now)


def _kept_seat(db: Session, place_id: str, now: datetime) -> OfferView | None:
    row = db.get(SeatPlace, place_id)
    if row is None or row.state != State.OFFERED or row.expires_at is None or row.expires_at <= now:
        return None
    group = bookings.group(db, row.group_id, now)
    return OfferView(
        row.id, row.id, row.client_id, row.consultant_id, group.service_id, "open", group.starts_at, row.expires_at,
        None,
    )  # fmt: skip


def seat_places_of(db: Session, client_id: str, now: datetime) -> list[SeatPlaceView]:
    """Where the person waits for a seat, one that is kept first, then the oldest. Two statements."""
    other = aliased(SeatPlace)
    ahead = (
        select(func.count())
        .where(other.group_id == SeatPlace.group_id, other.state.in_(OPEN), other.joined_at < SeatPlace.joined_at)
        .scalar_subquery()
    )
    mine = select(SeatPlace, ahead).where(SeatPlace.client_id == client_id, SeatPlace.state.in_(OPEN))
    rows = db.execute(mine.order_by(SeatPlace.joined_at)).all()
    groups = {one.id: one for one in bookings.groups_by_ids(db, {row.group_id for row, _ in rows}, now)}
    found = [
        SeatPlaceView(
            row.id, groups[row.group_id], before,
            row.expires_at if row.expires_at is not None and row.expires_at > now else None,
        )
        for row, before in rows
    ]  # fmt: skip
    return sorted(found, key=lambda one: one.kept_until is None)


def consultants_waited_for(db: Session) -> list[str]:
    """Whose list has somebody in it."""
    times = select(Place.consultant_id).where(Place.state.in_(OPEN))
    seats = select(SeatPlace.consultant_id).where(SeatPlace.state.in_(OPEN))
    return sorted(db.scalars(times.union(seats)))


def open_count(db: Session, client_id: str) -> int:
    """In how many lists the person stands."""
    kinds = (Place, SeatPlace)
    counts = (db.scalar(select(func.count()).where(one.client_id == client_id, one.state.in_(OPEN))) for one in kinds)
    return sum(count or 0 for count in counts)


def offered_before(db: Session, place_id: str) -> set[datetime]:
    return set(db.scalars(select(Offer.starts_at).where(Offer.place_id == place_id)))


def _offer(one: Offer, service_id: str) -> OfferView:
    return OfferView(
        one.id, one.place_id, one.client_id, one.consultant_id, service_id, one.state, one.starts_at, one.expires_at,
        one.booking_id,
    )  # fmt: skip
