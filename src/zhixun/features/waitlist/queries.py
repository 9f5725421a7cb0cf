from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from .models import Offer, Place
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

    @property
    def day(self) -> date | None:
        return self.wish.day


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
            one.joined_at, one.ends_at, before, offers.get(one.id),
        )
        for one, before in rows
    ]  # fmt: skip
    return sorted(found, key=lambda place: (place.offer is None, place.id))


def kept_offer(db: Session, offer_id: str, now: datetime) -> OfferView | None:
    """The offer, while its time is kept."""
    wanted = select(Offer, Place.service_id).join(Place, Place.id == Offer.place_id).where(Offer.id == offer_id)
    row = db.execute(wanted.where(Offer.state == "open", Offer.expires_at > now)).first()
    return _offer(row[0], row[1]) if row else None


def consultants_waited_for(db: Session) -> list[str]:
    """Whose list has somebody in it."""
    return list(
        db.scalars(select(Place.consultant_id).where(Place.state.in_(OPEN)).distinct().order_by(Place.consultant_id))
    )


def open_count(db: Session, client_id: str) -> int:
    return db.scalar(select(func.count()).where(Place.client_id == client_id, Place.state.in_(OPEN))) or 0


def offered_before(db: Session, place_id: str) -> set[datetime]:
    return set(db.scalars(select(Offer.starts_at).where(Offer.place_id == place_id)))


def _offer(one: Offer, service_id: str) -> OfferView:
    return OfferView(
        one.id, one.place_id, one.client_id, one.consultant_id, service_id, one.state, one.starts_at, one.expires_at,
        one.booking_id,
    )  # fmt: skip
