"""What a client could take instead of a session that will not be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from zhixun.features.accounts import queries as accounts
from zhixun.features.catalog import queries as catalog
from zhixun.features.catalog.queries import Alike
from zhixun.features.catalog.rules import ServiceView
from zhixun.features.scheduling import queries as scheduling
from zhixun.features.scheduling.rules import offer, terms_of

from .bookings import BookingView

ALTERNATIVES_MAX = 3
LOOKED_AT = 12
"""How many consultants are asked for a time, the nearest by topic first."""
EARLIER, LATER = timedelta(days=1), timedelta(days=5)


@dataclass(frozen=True)
class Alternative:
    """A time that can be booked now, with whom and what."""

    card: Alike
    service: ServiceView
    start: datetime


def alternatives(db: Session, view: BookingView) -> list[Alternative]:
    """Up to three times near the one that will not be: of the same consultant, unless they did not answer, then of others
    who know most of the same topics; the same channel and nearly as long. Five statements."""
    but = accounts.apart_from(db, view.client_id)
    if view.ended_reason == "unanswered":
        but |= {view.consultant_id}
    return near(
        db, catalog.alike(db, view.consultant_id, but=but, limit=LOOKED_AT), wanted=view.starts_at,
        channel=view.channel, minutes=view.minutes, viewer_id=view.client_id, now=view.seen_at,
    )  # fmt: skip


def near(
    db: Session,
    cards: list[Alike],
    *,
    wanted: datetime,
    channel: str,
    minutes: int,
    viewer_id: str,
    now: datetime,
) -> list[Alternative]:
    """The free time nearest to the wanted one of each of the first consultants who have one, in their order."""
    from_, until = max(now, wanted - EARLIER), max(now, wanted) + LATER
    ids = [card.id for card in cards]
    calendars = scheduling.calendars_of(db, ids)
    busy = scheduling.busy_of(db, ids, from_, until, now, viewer_id=viewer_id)
    found: list[Alternative] = []
    for card in cards:
        service = _nearest_service(card, channel, minutes)
        if service is None or card.id not in calendars or card.id == viewer_id:
            continue
        slots = offer(calendars[card.id], terms_of(service), busy.get(card.id, []), from_=from_, until=until, now=now)
        if slots:
            start = min(slots, key=lambda slot: (abs(slot.start - wanted), slot.start)).start
            found.append(Alternative(card, service, start))
        if len(found) == ALTERNATIVES_MAX:
            break
    return found


def _nearest_service(card: Alike, channel: str, minutes: int) -> ServiceView | None:
    """The one most like it; one that stands at once comes before one that has to be asked for."""
    return min(
        card.services,
        key=lambda one: (one.channel != channel, one.on_request, abs(one.minutes - minutes), one.price.amount_minor),
        default=None,
    )
