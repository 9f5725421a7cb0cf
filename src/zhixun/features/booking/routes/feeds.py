"""My calendar for other programs: its address, a new one, none; and what stands there for whoever knows it."""

from __future__ import annotations

from flask import Response, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from zhixun.features.accounts import queries as accounts
from zhixun.features.accounts.queries import Person
from zhixun.features.booking import actions, queries
from zhixun.features.booking.queries import BookingView, Entry, calendar_text
from zhixun.features.booking.rules import State
from zhixun.features.catalog import queries as catalog
from zhixun.kernel import clocks
from zhixun.kernel.clocks import Reader
from zhixun.kernel.errors import NotFound
from zhixun.kernel.values import Words, utc_now
from zhixun.web import limits
from zhixun.web.languages import house_url
from zhixun.web.security import current_actor, read, require, work

from . import bp

TOKEN_LENGTH_MAX = 200
TRIES_MAX, TRIES_SECONDS = 120, 3_600
"""How often one address may be read in an hour: programs ask every few minutes."""
NAMES = {"zh": "知询", "en": "Zhixun"}


@bp.get("/me/calendar")
@require()
def feed() -> str:
    """The address of the asker's own calendar, if they have asked for one."""
    with read() as db:
        feed_id = queries.feed_of(db, current_actor().user_id)
    address = house_url(url_for("booking.feed_file", token=_signer().dumps(feed_id))) if feed_id else ""
    return render_template(
        "booking/feed.html", address=address, webcal=address.replace("http", "webcal", 1).replace("webcals", "webcal")
    )


@bp.post("/me/calendar")
@require()
def change_feed() -> AnyResponse:
    """A new address (the old one ends), or none."""
    with work() as uow:
        if request.form.get("wanted") == "none":
            actions.close_feed(uow)
        else:
            actions.open_feed(uow)
    flash(gettext("Saved."))
    return redirect(url_for("booking.feed"), 303)


@bp.get("/calendar/<token>.ics")
def feed_file(token: str) -> AnyResponse:
    """The calendar, for whoever knows the address. A wrong one and one taken back look the same: not found."""
    feed_id = _feed_id(token)
    limits.limit("calendar", feed_id, tries=TRIES_MAX, seconds=TRIES_SECONDS)
    now = utc_now().replace(minute=0, second=0, microsecond=0)
    with read() as db:
        owner = queries.feed_owner(db, feed_id)
        person = accounts.person(db, owner)
        found = queries.in_calendar(db, owner, utc_now())
        entries = _entries(db, found, person)
    response = Response(calendar_text(entries, now=now, name=NAMES[person.language]), mimetype="text/calendar")
    response.headers["Cache-Control"] = "private, max-age=300"
    response.headers["X-Robots-Tag"] = "noindex"
    response.add_etag()
    return response.make_conditional(request)


def _feed_id(token: str) -> str:
    try:
        found = _signer().loads(token[:TOKEN_LENGTH_MAX])
    except BadSignature:
        raise NotFound from None
    return str(found)


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt="calendar")


def _entries(db: Session, found: list[BookingView], owner: Person) -> list[Entry]:
    language, me = owner.language, owner.user_id
    cards = catalog.cards_of(db, list({one.consultant_id for one in found if one.consultant_id != me}))
    people = accounts.people(db, {one.other_party(me) for one in found})
    entries = []
    for one in found:
        other = one.other_party(me)
        known = people.get(other)
        name = (cards[other].name if other in cards else Words(known.name if known else "")).in_language(language)
        title = " · ".join(part for part in (one.title.in_language(language), name) if part)
        reader = Reader(owner.zone, language, name, known.zone if known else "")
        times = tuple(clocks.for_both(one.starts_at, reader))
        page = house_url(url_for("booking.session", booking_id=one.id))
        tentative = one.state is State.REQUESTED
        entry = Entry(one.id, one.sequence, one.starts_at, one.ends_at, title, page, tentative=tentative, times=times)
        entries.append(entry)
    return entries
