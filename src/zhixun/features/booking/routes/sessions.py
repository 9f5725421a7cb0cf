"""My sessions, and one session: before it, after it, and its file for a calendar."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from zhixun.features.accounts import queries as accounts
from zhixun.features.booking import forms, queries
from zhixun.features.booking.queries import BookingView, Entry, calendar_text
from zhixun.features.booking.rules import BRIEF_LENGTH_MAX, REASON_LENGTH_MAX, RELEASE_AFTER, State
from zhixun.features.catalog import queries as catalog
from zhixun.features.ledger import queries as ledger
from zhixun.features.ledger.rules import escrow_of, shares
from zhixun.features.payments import queries as payments
from zhixun.features.payments.rules import purpose_of_booking
from zhixun.kernel import clocks
from zhixun.kernel.clocks import Reader
from zhixun.kernel.errors import NotFound
from zhixun.kernel.values import Money, Words, utc_now
from zhixun.web import pagination
from zhixun.web.formats import reader_zone, say
from zhixun.web.languages import house_url, language
from zhixun.web.security import current_actor, read, require

from . import bp
from .checkout import settle

PAST_PER_PAGE = 20
ON_CALENDAR = (State.REQUESTED, State.CONFIRMED, State.IN_PROGRESS, State.COMPLETED)
LEFT_BY = ("declined", "unanswered", "consultant")
UNSETTLED = (State.HELD, State.PAID, State.EXPIRED)


@dataclass(frozen=True)
class Other:
    """The other person of a session, as the reader sees them. Only a consultant has a page and a portrait."""

    name: Words
    slug: str = ""
    portrait: str = ""
    zone: str = ""
    """Of the clock they read; empty for someone who has left."""


NOBODY = Other(Words("已离开的用户", "Someone who has left"))


@bp.get("/sessions")
@require()
def sessions() -> str:
    """What is coming, the next one large, and what is over, page by page."""
    actor, now = current_actor(), utc_now()
    before, before_id = pagination.place_of(request.args.get("before"))
    with read() as db:
        coming = queries.bookings_of(db, actor, now, upcoming=True) if before is None else []
        past = queries.bookings_of(
            db, actor, now, upcoming=False, limit=PAST_PER_PAGE + 1, before=before, before_id=before_id
        )
        others = other_parties(db, [*coming, *past])
    held = [one for one in coming if one.state in (State.HELD, State.PAID)]
    asked = [one for one in coming if one.state is State.REQUESTED]
    agreed, crowds = _groups_once([one for one in coming if one not in held and one not in asked])
    last = past[PAST_PER_PAGE - 1] if len(past) > PAST_PER_PAGE else None
    shown = past[:PAST_PER_PAGE]
    unpaid = [one for one in shown if one.state is State.EXPIRED or one.ended_reason == "cancelled_before_paid"]
    return render_template(
        "booking/sessions.html",
        held=held, asked=asked, next=agreed[0] if agreed else None, coming=agreed[1:], others=others,
        past=[one for one in shown if one not in unpaid], unpaid=unpaid, crowds=crowds,
        now=now, first_page=before is None, older=pagination.place_cursor(last.starts_at, last.id) if last else "",
    )  # fmt: skip


def _groups_once(agreed: Sequence[BookingView]) -> tuple[list[BookingView], dict[str, int]]:
    """For a consultant the seats of one group session are one line: the first of them, and how many there are by its id."""
    me = current_actor().user_id
    seats = Counter(one.group_id for one in agreed if one.group_id and one.consultant_id == me)
    kept: list[BookingView] = []
    crowds: dict[str, int] = {}
    for one in agreed:
        if one.group_id and one.consultant_id == me:
            if any(other.group_id == one.group_id for other in kept):
                continue
            crowds[one.id] = seats[one.group_id]
        kept.append(one)
    return kept, crowds


@bp.get("/sessions/<booking_id>")
@require()
def session(booking_id: str) -> AnyResponse | str:
    """One session for the two people in it. Who has just paid comes here, and is confirmed if nobody has done it yet."""
    booking = own_booking(booking_id)
    if booking.state in UNSETTLED:
        with read() as db:
            paid = _is_paid(db, booking)
        if paid:
            settle(booking.id)
            booking = own_booking(booking_id)
    if booking.state in (State.HELD, State.EXPIRED) and booking.client_id == current_actor().user_id:
        return redirect(url_for("booking.checkout", booking_id=booking.id), 303)
    return session_page(booking)


@bp.get("/sessions/<booking_id>/calendar.ics")
@require()
def calendar(booking_id: str) -> Response:
    """The session as a file for a calendar. Raises NotFound for a session that nobody will hold."""
    booking = own_booking(booking_id)
    if booking.state not in ON_CALENDAR:
        raise NotFound
    text = calendar_text([entry_of(booking, other_of(booking))], now=booking.seen_at)
    response = Response(text, mimetype="text/calendar")
    response.headers["Content-Disposition"] = f'attachment; filename="zhixun-{booking.id[:8]}.ics"'
    return response


def entry_of(booking: BookingView, other: Other) -> Entry:
    return Entry(
        booking.id, booking.sequence, booking.starts_at, booking.ends_at, f"{say(booking.title)} · {say(other.name)}",
        house_url(url_for("booking.session", booking_id=booking.id)), tentative=booking.state is State.REQUESTED,
        times=tuple(clocks.for_both(booking.starts_at, Reader(reader_zone(), language(), say(other.name), other.zone))),
    )  # fmt: skip


def own_booking(booking_id: str) -> BookingView:
    """A booking the reader is one of the two people of. Raises NotFound, for operators too: theirs is the desk's page."""
    actor = current_actor()
    with read() as db:
        found = queries.booking(db, forms.own_id(booking_id), actor, utc_now())
    if actor.user_id not in (found.client_id, found.consultant_id):
        raise NotFound
    return found


def session_page(
    booking: BookingView, typed: forms.Brief | None = None, wrong: dict[str, str] | None = None, *, reason: str = ""
) -> str:
    """The page of one session; `typed` and `wrong` are a brief that was refused, `reason` is one for declining that was."""
    is_client = booking.client_id == current_actor().user_id
    left = is_client and _was_left(booking)
    shows_brief = (is_client and not left) or booking.state in ON_CALENDAR
    with read() as db:
        kept = queries.brief_of(db, booking, current_actor()) if shows_brief else ""
        other = other_parties(db, [booking])[booking.id]
        answered = queries.intake_of(db, booking, current_actor()) if shows_brief else ()
        steps = queries.timeline(db, booking.id)
        group = queries.group(db, booking.group_id, booking.seen_at) if booking.group_id else None
        said_no = queries.answer_of(db, booking.id, current_actor()) if booking.ended_reason == "declined" else ""
        instead = queries.alternatives(db, booking) if left else []
        refunds = {one.id: one for one in payments.refunds_for(db, purpose_of_booking(booking.id))}
        held = Money(0) if is_client else ledger.balance(db, escrow_of(booking.id))
        has_receipt = is_client and (bool(refunds) or _is_paid(db, booking))  # what goes back has come in
        refund = refunds.pop(booking.id, None)  # what goes back of the price has the booking's id
    return render_template(
        "booking/session.html",
        booking=booking, is_client=is_client, other=other, steps=steps, refund=refund, later=list(refunds.values()),
        answered=answered, group=group, share=shares(held, booking.commission_bps)[1],
        share_after_hours=int(RELEASE_AFTER.total_seconds() // 3600),
        brief=typed or forms.Brief(kept, booking.sensitive), kept=kept, shows_brief=shows_brief, errors=wrong or {},
        brief_length_max=BRIEF_LENGTH_MAX, now=booking.seen_at,
        may_write=is_client and booking.state in (State.REQUESTED, State.CONFIRMED),
        may_cancel=booking.may_cancel, may_move=booking.may_move(current_actor().user_id), may_leave=may_leave(booking),
        said_no=said_no, alternatives=instead, reason=reason, reason_length_max=REASON_LENGTH_MAX,
        has_calendar=booking.state in ON_CALENDAR, has_receipt=has_receipt,
    )  # fmt: skip


def _was_left(booking: BookingView) -> bool:
    """Whether the client is without a session that others ended, and its time is not over."""
    return booking.ended_reason in LEFT_BY and booking.state is State.CANCELLED and booking.seen_at < booking.starts_at


def may_leave(booking: BookingView) -> bool:
    """Whether the reader has waited long enough for the other."""
    leaves_at = booking.may_leave_at(current_actor().user_id)
    return leaves_at is not None and booking.seen_at >= leaves_at


def other_of(booking: BookingView) -> Other:
    with read() as db:
        return other_parties(db, [booking])[booking.id]


def other_parties(db: Session, bookings: Sequence[BookingView]) -> dict[str, Other]:
    """Booking id → the other person. Two statements at most, however many there are."""
    me = current_actor().user_id
    cards = catalog.names_of(db, [one.consultant_id for one in bookings if one.client_id == me])
    people = accounts.people(db, [one.other_party(me) for one in bookings])
    found: dict[str, Other] = {}
    for one in bookings:
        person = people.get(one.other_party(me))
        zone = person.zone if person else ""
        if one.client_id == me:
            card = cards.get(one.consultant_id)
            found[one.id] = Other(card.name, card.slug, card.portrait, zone) if card else NOBODY
        else:
            found[one.id] = Other(Words(person.name, person.name), zone=zone) if person else NOBODY
    return found


def _is_paid(db: Session, booking: BookingView) -> bool:
    payment = payments.payment_for(db, purpose_of_booking(booking.id))
    return payment is not None and payment.captured
