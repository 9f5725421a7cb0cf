"""Joining and leaving the list, and passing a freed time from one to the next.

Everything that touches a consultant's list waits for that list first and for the calendar after it, so that two frees at
once, an answer and the clock never meet half way.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from zhixun.events.waitlist import TimeOffered
from zhixun.features.booking import actions as bookings
from zhixun.features.booking.actions import BookingMade, OwnService
from zhixun.features.booking.rules import terms_of
from zhixun.features.catalog import queries as catalog
from zhixun.features.catalog.rules import ServiceView
from zhixun.features.scheduling import actions as scheduling
from zhixun.features.scheduling import queries as calendars
from zhixun.features.scheduling.actions import NotOffered, SlotTaken
from zhixun.features.waitlist import queries, rules
from zhixun.features.waitlist.models import Offer, Place
from zhixun.features.waitlist.rules import State, Wish
from zhixun.kernel.errors import N_, Conflict, Invalid, NotFound
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import is_id, new_id

from .line import WaitsTooOften, alone_with, stamp


class TimesFree(Conflict):
    code, message = "times_free", N_("A time that suits you is free right now: you can book it at once.")


class WaitsAlready(Conflict):
    code, message = "waits_already", N_("You are waiting for this service already.")


class OfferOver(Conflict):
    code, message = "offer_over", N_("This time is not kept for you any more. You are still in the list.")


def join(uow: UnitOfWork, *, place_id: str, service_id: str, wish: Wish) -> None:
    """Wait for a time of this service. The same `place_id` twice is once.

    Raises NotFound, Invalid, OwnService, TimesFree (with up to three `alternatives`), WaitsTooOften, WaitsAlready.
    """
    if not is_id(place_id):
        raise Invalid
    bookings.after_own_other_requests(uow)
    if (known := uow.db.get(Place, place_id)) is not None:
        if known.client_id != uow.actor.user_id:
            raise NotFound
        return
    rules.check_wish(wish, uow.now)
    service = _sold(uow, service_id)
    if service is None:
        raise NotFound
    if service.consultant_id == uow.actor.user_id:
        raise OwnService
    if free := _suiting(uow, service, wish):
        raise TimesFree(extra={"alternatives": [stamp(at) for at in free[:3]]})
    open_already = Place.client_id == uow.actor.user_id, Place.service_id == service_id, Place.state.in_(queries.OPEN)
    if uow.db.scalar(select(Place.id).where(*open_already)) is not None:
        raise WaitsAlready
    if queries.open_count(uow.db, uow.actor.user_id) >= rules.WAITING_MAX:
        raise WaitsTooOften
    uow.db.add(
        Place(
            id=place_id, client_id=uow.actor.user_id, consultant_id=service.consultant_id, service_id=service_id,
            state=State.WAITING, day=wish.day, part=wish.part, zone=wish.zone, joined_at=uow.now,
            ends_at=wish.window(uow.now)[1], unanswered=0,
        )
    )  # fmt: skip
    uow.db.flush()


def leave(uow: UnitOfWork, *, place_id: str) -> None:
    """Wait no longer; a time kept for the asker passes on. Twice is once. Raises NotFound."""
    place = _own_place(uow, place_id)
    if State(place.state) not in queries.OPEN:
        return
    if (kept := _open_offer(uow, place)) is not None:
        _close(uow, kept, "refused")
    _become(place, State.LEFT)
    uow.db.flush()
    _offer_all(uow, place.consultant_id)


def accept_offer(uow: UnitOfWork, *, offer_id: str) -> BookingMade:
    """Book the time that is kept, at today's terms; from there it is a booking like any other. Twice is once.

    Raises NotFound, OfferOver, TooManyHolds, and what a booking raises.
    """
    bookings.after_own_other_requests(uow)
    kept, place = _own_offer(uow, offer_id)
    if kept.state == "open" and kept.expires_at > uow.now:
        scheduling.release_time(uow, hold_id=kept.id)
        kept.state, kept.booking_id = "taken", new_id()
        _become(place, State.TAKEN)
    elif kept.state != "taken":
        raise _over_for(place)
    assert kept.booking_id is not None
    return bookings.request_booking(
        uow, booking_id=kept.booking_id, service_id=place.service_id, start=kept.starts_at
    )  # fmt: skip


def refuse_offer(uow: UnitOfWork, *, offer_id: str) -> None:
    """Let the time pass on and go on waiting for another. Twice is once. Raises NotFound, OfferOver."""
    kept, place = _own_offer(uow, offer_id)
    if kept.state == "refused":
        return
    if kept.state != "open":
        raise _over_for(place)
    _close(uow, kept, "refused")
    place.unanswered = 0
    _become(place, State.WAITING)
    uow.db.flush()
    _offer_all(uow, place.consultant_id)


def _over_for(place: Place) -> OfferOver:
    still_there = State(place.state) in queries.OPEN
    return OfferOver() if still_there else OfferOver(N_("This time is not kept for you any more."))


def pass_on_times(uow: UnitOfWork, *, consultant_id: str) -> int:
    """The same for times, by who is alone with the list."""
    offers, places = _over(uow, consultant_id)
    for one in offers:
        _expire(uow, one)
    for place in places:
        if State(place.state) is State.OFFERED and (kept := _open_offer(uow, place)) is not None:
            if kept.expires_at > uow.now:
                continue  # what was promised is kept
            _close(uow, kept, "expired")
        if State(place.state) in queries.OPEN:
            _become(place, State.ENDED)
    uow.db.flush()
    return _offer_all(uow, consultant_id)


def _expire(uow: UnitOfWork, offer: Offer) -> None:
    _close(uow, offer, "expired")
    place = uow.db.get_one(Place, offer.place_id)
    place.unanswered += 1
    _become(place, State.WAITING if place.unanswered < rules.UNANSWERED_MAX else State.ENDED)


def _offer_all(uow: UnitOfWork, consultant_id: str) -> int:
    """In the order of the list: the first free time that suits, kept for whoever is awake."""
    return sum(_offer_one(uow, place) for place in _line_of(uow, consultant_id))


def _line_of(uow: UnitOfWork, consultant_id: str) -> list[Place]:
    """Who waits for this consultant without an offer, in order."""
    waiting = select(Place).where(Place.consultant_id == consultant_id, Place.state == State.WAITING)
    return list(uow.db.scalars(waiting.order_by(Place.id)))


def _over(uow: UnitOfWork, consultant_id: str) -> tuple[list[Offer], list[Place]]:
    """Offers and places of a consultant's list whose time is up."""
    offers = select(Offer).where(
        Offer.consultant_id == consultant_id, Offer.state == "open", Offer.expires_at <= uow.now
    )
    places = select(Place).where(
        Place.consultant_id == consultant_id, Place.state.in_(queries.OPEN), Place.ends_at <= uow.now
    )
    return list(uow.db.scalars(offers)), list(uow.db.scalars(places))


def _offer_one(uow: UnitOfWork, place: Place) -> bool:
    service = _sold(uow, place.service_id)
    if service is None or rules.is_night(uow.now, place.zone):
        return False
    known = queries.offered_before(uow.db, place.id)
    expires_at = uow.now + rules.OFFER
    soonest = expires_at + timedelta(minutes=service.notice_minutes)
    for start in _suiting(uow, service, Wish(place.day, place.part, place.zone)):
        if start in known or start < soonest:
            continue
        made = new_id()
        try:
            scheduling.hold_time(
                uow, hold_id=made, consultant_id=place.consultant_id, terms=terms_of(service), start=start,
                expires_at=expires_at, owner_id=place.client_id,
            )  # fmt: skip
        except (SlotTaken, NotOffered):
            continue  # someone was faster; the next one may still be free
        uow.db.add(
            Offer(
                id=made, place_id=place.id, client_id=place.client_id, consultant_id=place.consultant_id,
                starts_at=start, state="open", offered_at=uow.now, expires_at=expires_at,
            )
        )  # fmt: skip
        _become(place, State.OFFERED)
        uow.db.flush()
        uow.emit(
            TimeOffered(
                offer_id=made, place_id=place.id, client_id=place.client_id, consultant_id=place.consultant_id,
                start=stamp(start), expires_at=stamp(expires_at),
            )
        )  # fmt: skip
        return True
    return False


def _suiting(uow: UnitOfWork, service: ServiceView, wish: Wish) -> list[datetime]:
    from_, until = wish.window(uow.now)
    free = calendars.slots(
        uow.db, consultant_id=service.consultant_id, terms=terms_of(service), from_=from_, until=until, now=uow.now
    )
    return [slot.start for slot in free if wish.suits(slot.start)]


def _sold(uow: UnitOfWork, service_id: str) -> ServiceView | None:
    service = catalog.service(uow.db, service_id)
    return service if service.active and catalog.is_listed(uow.db, service.consultant_id) else None


def _own_place(uow: UnitOfWork, place_id: str) -> Place:
    place = uow.db.get(Place, place_id)
    if place is None or place.client_id != uow.actor.user_id:
        raise NotFound
    alone_with(uow, place.consultant_id)
    uow.db.refresh(place)
    return place


def _own_offer(uow: UnitOfWork, offer_id: str) -> tuple[Offer, Place]:
    offer = uow.db.get(Offer, offer_id)
    if offer is None or offer.client_id != uow.actor.user_id:
        raise NotFound
    place = _own_place(uow, offer.place_id)
    uow.db.refresh(offer)
    return offer, place


def _open_offer(uow: UnitOfWork, place: Place) -> Offer | None:
    return uow.db.scalar(select(Offer).where(Offer.place_id == place.id, Offer.state == "open"))


def _close(uow: UnitOfWork, offer: Offer, state: str) -> None:
    offer.state = state
    scheduling.release_time(uow, hold_id=offer.id)


def _become(place: Place, state: State) -> None:
    assert rules.may_become(State(place.state), state), f"{place.state} may not become {state}"
    place.state = state
