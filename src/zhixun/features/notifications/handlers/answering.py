"""What is told about requests, and about sessions that others ended for the client: with times to take instead."""

from __future__ import annotations

from dataclasses import replace

from zhixun.events.booking import BookingCancelled, BookingRequested
from zhixun.features.accounts.queries import Person
from zhixun.features.booking import queries as bookings
from zhixun.features.booking.queries import Alternative
from zhixun.features.notifications import rules
from zhixun.features.notifications.rules import requests
from zhixun.kernel import clocks
from zhixun.kernel.unit_of_work import unit_of_work

from . import Letter, Part, mail_of, send, tell, tell_both_cancelled, write

TO_CLIENT = {"declined": "request_declined", "unanswered": "request_unanswered", "consultant": "booking_cancelled"}
TO_CONSULTANT = {"declined": "booking_cancelled", "unanswered": "request_lapsed", "consultant": "booking_cancelled"}


def tell_both_requested(event: BookingRequested) -> None:
    tell(event, "request_made", [event.consultant_id])
    tell(event, "request_sent", [event.client_id])


def tell_cancelled(event: BookingCancelled) -> None:
    """Who did not want it to end is told what could be taken instead."""
    if event.reason not in TO_CLIENT:
        tell_both_cancelled(event)
        return
    to_client = [_with_alternatives(one) for one in write(event, TO_CLIENT[event.reason], [event.client_id])]
    to_consultant = write(event, TO_CONSULTANT[event.reason], [event.consultant_id])
    send([mail_of(one) for one in (*to_client, *to_consultant)])


def _with_alternatives(letter: Letter) -> Letter:
    assert letter.view is not None
    with unit_of_work() as uow:
        found = bookings.alternatives(uow.db, letter.view)
    return replace(letter, more=tuple(_part(one, letter.to, first=number == 0) for number, one in enumerate(found)))


def _part(one: Alternative, person: Person, *, first: bool) -> Part:
    """A time to take instead, in the reader's words and zone, and the address where it is chosen."""
    language = person.language
    above, press = requests.INSTEAD[language]
    name = one.card.name.in_language(language)
    title = one.service.title.in_language(language)
    said = f"{name} · {title} · {clocks.written_out(one.start, person.zone, language)}"
    at = one.start.strftime("%Y-%m-%dT%H:%M:%SZ")
    path = rules.in_language(f"/c/{one.card.slug}?service={one.service.id}&at={at}#book", language)
    return (f"{above}\n\n{said}" if first else said, (press.format(name=name), path))
