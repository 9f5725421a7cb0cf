"""What pages of features around this one call a session: what it is, with whom and when. Nobody knows one by its number."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext
from markupsafe import escape

from zhixun.features.booking import queries
from zhixun.features.booking.queries import BookingView
from zhixun.features.catalog import queries as catalog
from zhixun.features.payments.queries import PaymentView
from zhixun.features.payments.rules import booking_of, series_of
from zhixun.features.plans.queries import UseLine
from zhixun.kernel.values import Words, utc_now
from zhixun.web.formats import local, say
from zhixun.web.security import current_actor, read

from .sessions import NOBODY


def booked_thing(payment: PaymentView) -> str:
    """Where a payment is for a session or a series: which, with whom and when."""
    booking_id, series_id = booking_of(payment.purpose), series_of(payment.purpose)
    if not booking_id and not series_id:
        return ""
    actor, now = current_actor(), utc_now()
    with read() as db:
        if booking_id:
            sessions: tuple[BookingView, ...] = (queries.booking(db, booking_id, actor, now),)
        else:
            sessions = queries.series_by_id(db, series_id or "", actor, now).bookings
        name = catalog.name_of(db, sessions[0].consultant_id)
    if booking_id:
        return _named(sessions[0], name)
    words = {"title": say(sessions[0].title), "name": say(name), "time": local(sessions[0].starts_at)}
    said = gettext("%(title)s with %(name)s, %(count)s times from %(time)s", count=len(sessions), **words)
    return str(escape(said))


def used_things(uses: Sequence[UseLine]) -> dict[str, str]:
    """Where a client reads what their plans paid for: each session by the booking's id. Two statements."""
    if not uses:
        return {}
    me = current_actor().user_id
    with read() as db:
        found = queries.bookings_by_ids(db, [one.booking_id for one in uses], utc_now())
        cards = catalog.names_of(db, {one.consultant_id for one in found.values()})
    return {
        booking_id: _named(one, cards[one.consultant_id].name if one.consultant_id in cards else NOBODY.name)
        for booking_id, one in found.items()
        if one.client_id == me
    }


def _named(session: BookingView, consultant: Words) -> str:
    words = {"title": say(session.title), "name": say(consultant), "time": local(session.starts_at)}
    return str(escape(gettext("%(title)s with %(name)s, %(time)s", **words)))
