"""Facts become notices and mails. A notice's id is made of the fact's id and the reader's, so twice is once."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jinja2

from zhixun.events.assistant import HandOverEnded
from zhixun.events.booking import (
    BookingCancelled,
    BookingConfirmed,
    BookingExpired,
    BookingFact,
    BookingMoved,
    BookingRefunded,
    SessionCompleted,
    SessionMissed,
)
from zhixun.events.credentials import ApplicationDecided, CredentialDecided, CredentialExpiring
from zhixun.events.crm import CampaignSent, HelpAsked, MatterAnswered
from zhixun.events.disputes import DisputeAnswered, DisputeDecided, DisputeFact, DisputeOpened
from zhixun.events.notifications import HeldMailsReleased, ReminderDue
from zhixun.events.quality import AfterSession, FeedbackGiven, FollowUpAnswered, FollowUpAsked, SummaryWritten
from zhixun.events.waitlist import TimeOffered
from zhixun.features.accounts import queries as accounts
from zhixun.features.accounts.queries import Person
from zhixun.features.booking import queries as bookings
from zhixun.features.booking.queries import BookingView, Entry, calendar_text
from zhixun.features.catalog import queries as catalog
from zhixun.features.credentials.rules import KINDS
from zhixun.features.notifications import actions, queries, rules
from zhixun.features.notifications.ports import Attachment, House, Mail, Mailer, Undeliverable
from zhixun.features.notifications.queries import NoticeLine
from zhixun.features.notifications.rules import Link, Occasion, requests
from zhixun.features.scheduling import queries as scheduling
from zhixun.features.waitlist import queries as waitlist
from zhixun.kernel import clocks
from zhixun.kernel.clocks import Reader
from zhixun.kernel.event import Event
from zhixun.kernel.services import service
from zhixun.kernel.unit_of_work import UnitOfWork, unit_of_work
from zhixun.kernel.values import Words

log = logging.getLogger(__name__)

Part = tuple[str, Link]
"""A mail's text, and where its button leads."""


@dataclass(frozen=True)
class Letter:
    """A mail that is to be written."""

    kind: str
    view: BookingView | None
    """The session it speaks of; a decision about a person speaks of none."""
    other: str
    to: Person
    address: str
    notice_id: str
    values: Mapping[str, Any] = field(default_factory=dict)
    more: tuple[Part, ...] = ()
    """What is offered below it."""
    other_zone: str = ""
    """Of the clock the other person of the session reads."""


RULE = "-- "
"""What stands above the footer of a mail; mail programs know it as the end of what was written."""
_PAGE = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parents[1] / "templates"), autoescape=True, trim_blocks=True,
    undefined=jinja2.StrictUndefined,
).get_template("notifications/mail.html")  # fmt: skip


def tell_both_confirmed(event: BookingConfirmed) -> None:
    tell(event, "booking_confirmed", [event.client_id, event.consultant_id])


def tell_both_cancelled(event: BookingCancelled) -> None:
    tell(event, "booking_cancelled", [event.client_id, event.consultant_id])


def tell_both_moved(event: BookingMoved) -> None:
    tell(event, "booking_moved", [event.client_id, event.consultant_id])


def tell_client_refunded(event: BookingRefunded) -> None:
    tell(event, "booking_refunded", [event.client_id])


def tell_consultant_disputed(event: DisputeOpened) -> None:
    tell(event, "dispute_opened", [event.consultant_id])


def tell_client_answered(event: DisputeAnswered) -> None:
    tell(event, "dispute_answered", [event.client_id])


def tell_both_decided(event: DisputeDecided) -> None:
    tell(event, "dispute_decided", [event.client_id, event.consultant_id])


def tell_client_expired(event: BookingExpired) -> None:
    tell(event, "booking_expired", [event.client_id])


def ask_client_for_feedback(event: SessionCompleted) -> None:
    tell(event, "session_completed", [event.client_id])


def tell_both_missed(event: SessionMissed) -> None:
    tell(event, f"missed_by_{event.absent}", [event.client_id, event.consultant_id])


def tell_consultant_of_feedback(event: FeedbackGiven) -> None:
    tell(event, "feedback_given", [event.consultant_id])


def remind_both(event: ReminderDue) -> None:
    with unit_of_work() as uow:
        view = bookings.booking(uow.db, event.booking_id, uow.actor, uow.now)
    if rules.still_true(event.kind, state=view.state, starts_at=view.starts_at, now=view.seen_at):
        readers = [event.consultant_id] if event.kind == requests.DUE else [event.client_id, event.consultant_id]
        tell(event, event.kind, readers)


def send_held_mails(event: HeldMailsReleased) -> None:
    """What waited for the morning goes out as one mail, without what is no longer so."""
    with unit_of_work() as uow:
        person = accounts.people(uow.db, [event.user_id]).get(event.user_id)
        addresses = accounts.emails_of(uow.db, [event.user_id], uow.actor)
        waiting = queries.unsent_of_bundle(uow.db, event.bundle_id)
        letters = [
            letter for line in waiting if person and (letter := _letter_of(uow, line, person, addresses[event.user_id]))
        ]
        if not letters:
            actions.note_mailed(uow, notice_id=event.bundle_id)
            return
    if len(letters) == 1:
        send([replace(mail_of(letters[0]), message_id=event.bundle_id)])
    else:
        send([_bundled(letters, event.bundle_id)])


def tell_credential_decided(event: CredentialDecided) -> None:
    name = KINDS[event.kind].as_dict() if event.kind in KINDS else ""
    tell_decided(event, f"credential_{event.state}", event.consultant_id, event.claim_id, {"title": name})


def tell_credential_expiring(event: CredentialExpiring) -> None:
    name = KINDS[event.kind].as_dict() if event.kind in KINDS else ""
    values = {"title": name, "day": event.expires_on}
    tell_decided(event, "credential_expiring", event.consultant_id, event.claim_id, values)


def tell_application_decided(event: ApplicationDecided) -> None:
    tell_decided(event, f"application_{event.state}", event.person_id, event.application_id, {})


def tell_decided(event: Event, kind: str, reader: str, subject_id: str, values: dict[str, Any]) -> None:
    """The notice, then its mail, outside any transaction."""
    notice_id = notice_id_of(event, kind, reader)
    with unit_of_work() as uow:
        person = accounts.people(uow.db, [reader]).get(reader)
        if person is None:  # who was erased meanwhile is told nothing
            return
        address = accounts.emails_of(uow.db, [reader], uow.actor)[reader]
        now = actions.tell(
            uow, notice_id=notice_id, user_id=reader, kind=kind, subject_id=subject_id, values=values
        )  # fmt: skip
    if now:
        send([mail_of(Letter(kind, None, "", person, address, notice_id, values))])


def tell_hand_over_ended(event: HandOverEnded) -> None:
    """A notice alone: the answer stands in the conversation, and a mail would carry it past everyone's eyes."""
    with unit_of_work() as uow:
        by = accounts.people(uow.db, [event.answered_by]) if event.answered_by else {}
    other = by[event.answered_by].name if by else ""
    _notice(event, f"hand_over_{event.state}", event.person_id, event.talk_id, {"other": other})


def _notice(event: Event, kind: str, reader: str, subject_id: str, values: dict[str, Any]) -> None:
    with unit_of_work() as uow:
        actions.tell(
            uow,
            notice_id=notice_id_of(event, kind, reader),
            user_id=reader,
            kind=kind,
            subject_id=subject_id,
            values=values,
        )


def tell_client_of_summary(event: SummaryWritten) -> None:
    tell(event, "summary_written", [event.client_id])


def tell_consultant_of_question(event: FollowUpAsked) -> None:
    tell(event, "follow_up_asked", [event.consultant_id])


def tell_client_of_answer(event: FollowUpAnswered) -> None:
    tell(event, "follow_up_answered", [event.client_id])


def ask_client_whether_it_helped(event: HelpAsked) -> None:
    tell(event, "help_asked", [event.client_id])


def tell_client_of_freed_time(event: TimeOffered) -> None:
    """Only while the time is kept: who comes too late is told nothing."""
    kind = "time_offered"
    with unit_of_work() as uow:
        person = accounts.people(uow.db, [event.client_id]).get(event.client_id)
        kept = waitlist.kept_offer(uow.db, event.offer_id, uow.now)
        if person is None or kept is None:
            return
        sold = catalog.service(uow.db, kept.service_id)
        listed_as = catalog.name_of(uow.db, kept.consultant_id)
        other = listed_as.in_language(person.language)
        zone = scheduling.zone_of(uow.db, kept.consultant_id)
        address = accounts.emails_of(uow.db, [person.user_id], uow.actor)[person.user_id]
        notice_id = notice_id_of(event, kind, person.user_id)
        if not actions.tell(
            uow, notice_id=notice_id, user_id=person.user_id, kind=kind, subject_id=kept.place_id,
            values={"title": sold.title.as_dict(), "other": listed_as.as_dict()},
        ):  # fmt: skip
            return
    occasion = Occasion(sold.title, other, kept.starts_at, sold.minutes, to_client=True, other_zone=zone)
    subject, body = rules.letter(kind, occasion, language=person.language, zone=person.zone)
    link = rules.button(kind, kept.place_id, person.language)
    send([laid_out(Mail(address, subject, body, notice_id), person, [(body, link)], "")])


def tell_person_of_answered_matter(event: MatterAnswered) -> None:
    """A notice alone: what was complained of, and the answer, stay under the person's key."""
    _notice(event, "matter_answered", event.person_id, event.matter_id, {})


def tell_person_of_offer(event: CampaignSent) -> None:
    """A notice alone, to someone who agreed to be told of offers."""
    words = {"title": {"zh": event.text_zh, "en": event.text_en}, "code": event.code}
    _notice(event, "campaign", event.person_id, event.campaign_id, words)


def tell(
    event: BookingFact | FeedbackGiven | AfterSession | HelpAsked | DisputeFact, kind: str, readers: list[str]
) -> None:
    """Notices first, then the mails, outside any transaction."""
    send([mail_of(letter) for letter in write(event, kind, readers)])


def send(mails: list[Mail]) -> None:
    """A mail that fails keeps no other back; the fact is then delivered again, and only what has not been sent is sent."""
    failures = []
    for mail in mails:
        try:
            service(Mailer).send(mail)
        except Undeliverable as refusal:
            log.warning("a mail is given up: its address is refused for good (%s)", refusal)
        except Exception as failure:  # whatever a mailer may raise
            failures.append(failure)
            continue
        with unit_of_work() as uow:
            actions.note_mailed(uow, notice_id=mail.message_id)
    if failures:
        raise failures[0]


def write(
    event: BookingFact | FeedbackGiven | AfterSession | HelpAsked | DisputeFact, kind: str, readers: list[str]
) -> list[Letter]:
    """Store the notices, each once, and return those whose mails are to be sent now."""
    with unit_of_work() as uow:
        view = bookings.booking(uow.db, event.booking_id, uow.actor, uow.now)
        people = accounts.people(uow.db, [view.client_id, view.consultant_id])
        listed_as = catalog.name_of(uow.db, view.consultant_id)
        addresses = accounts.emails_of(uow.db, readers, uow.actor)
        found = []
        for reader in (one for one in readers if one in people):  # who was erased meanwhile is told nothing
            person, other = people[reader], people.get(view.other_party(reader))
            name = other.name if other else ""
            values: dict[str, Any] = {"title": view.title.as_dict(), "other": name}
            if other and reader == view.client_id:
                name, values["other"] = listed_as.in_language(person.language), listed_as.as_dict()
            notice_id = notice_id_of(event, kind, reader)
            if actions.tell(
                uow, notice_id=notice_id, user_id=reader, kind=kind, subject_id=event.booking_id, values=values
            ):
                zone = other.zone if other else ""
                found.append(Letter(kind, view, name, person, addresses[reader], notice_id, other_zone=zone))
        return found


def _letter_of(uow: UnitOfWork, line: NoticeLine, person: Person, address: str) -> Letter | None:
    """The mail of a notice that was held back, as things are now; None where it no longer says something true."""
    if line.kind in rules.DECISIONS:
        return Letter(line.kind, None, "", person, address, line.id, line.values)
    view = bookings.booking(uow.db, line.subject_id, uow.actor, uow.now)
    if not rules.still_true(line.kind, state=view.state, starts_at=view.starts_at, now=uow.now):
        return None
    who = view.other_party(person.user_id)
    other = accounts.people(uow.db, [who]).get(who)
    said, zone = line.values["other"], other.zone if other else ""
    name = Words.of(said).in_language(person.language) if isinstance(said, dict) else str(said)
    return Letter(line.kind, view, name, person, address, line.id, other_zone=zone)


def mail_of(letter: Letter) -> Mail:
    person = letter.to
    subject, body = _words(letter)
    stop = rules.stop_path(letter.kind, service(House).key, person.user_id)
    link = rules.button(letter.kind, letter.view.id if letter.view else "", person.language)
    mail = Mail(letter.address, subject, body, letter.notice_id, attachments=_invitation(letter))
    return laid_out(mail, person, [(body, link), *letter.more], stop)


def _invitation(letter: Letter) -> tuple[Attachment, ...]:
    """The session for the reader's calendar: new, at another time, or gone. Its UID stays, its version counts up."""
    method = rules.METHODS.get(letter.kind)
    if method is None or letter.view is None:
        return ()
    house, view = service(House), letter.view
    path = rules.in_language(f"/sessions/{view.id}", letter.to.language)
    entry = Entry(
        view.id, view.sequence, view.starts_at, view.ends_at,
        f"{view.title.in_language(letter.to.language)} · {letter.other}", house.public_url + path,
        cancelled=method == "CANCEL", tentative=view.state == "requested", organizer=f"sessions@{urlsplit(house.public_url).hostname}",
        attendee=letter.address, times=tuple(clocks.for_both(view.starts_at, _reader(letter))),
    )  # fmt: skip
    data = calendar_text([entry], now=view.seen_at, method=method)
    return (Attachment("session.ics", f"text/calendar; method={method}; charset=utf-8", data),)


def _bundled(letters: list[Letter], bundle_id: str) -> Mail:
    """Several mails as one, each under its subject."""
    person = letters[0].to
    parts: list[Part] = []
    for letter in letters:
        subject, body = _words(letter)
        parts.append(
            (f"{subject}\n\n{body}", rules.button(letter.kind, letter.view.id if letter.view else "", person.language))
        )
    subject = rules.DIGESTS[person.language].format(count=len(letters))
    return laid_out(Mail(letters[0].address, subject, "", bundle_id), person, parts, "")


def _words(letter: Letter) -> tuple[str, str]:
    if letter.view is None:
        title = Words.of(letter.values.get("title") or None).in_language(letter.to.language)
        day = str(letter.values.get("day", ""))
        return rules.decision_letter(letter.kind, title=title, day=day, language=letter.to.language)
    occasion = _occasion(letter, letter.view)
    return rules.letter(letter.kind, occasion, language=letter.to.language, zone=letter.to.zone)


def laid_out(mail: Mail, person: Person, parts: list[Part], stop: str) -> Mail:
    """The mail with its links and its footer, as text and as a page."""
    house = service(House)
    host = urlsplit(house.public_url).netloc
    said, choose, end = rules.FOOTERS[person.language]
    choose_url = house.public_url + rules.in_language("/me/notices", person.language)
    stop_url = house.public_url + rules.in_language(stop, person.language) if stop else ""
    linked = [(body, (words, house.public_url + path)) for body, (words, path) in parts]
    text = "\n\n".join(f"{body}\n\n{words}: {url}" for body, (words, url) in linked)
    text += f"\n\n{RULE}\n{said.format(host=host)}\n{choose}: {choose_url}\n" + (f"{end}: {stop_url}\n" if stop else "")
    page = _PAGE.render(
        language=person.language, subject=mail.subject, host=host, home=house.public_url,
        parts=[(rules.paragraphs(body), link) for body, link in linked],
        footer=said.format(host=host), choose=(choose, choose_url), stop=(end, stop_url) if stop else None,
    )  # fmt: skip
    return replace(mail, text=text, html=page, unsubscribe_url=stop_url)


def notice_id_of(event: Event, kind: str, reader: str) -> str:
    return hashlib.sha256(f"{event.event_id}:{kind}:{reader}".encode()).hexdigest()[:32]


def _reader(letter: Letter) -> Reader:
    return Reader(letter.to.zone, letter.to.language, letter.other, letter.other_zone)


def _occasion(letter: Letter, view: BookingView) -> Occasion:
    free = [
        step.until for step in view.ladder if step.refund == view.price and step.until and step.until > view.seen_at
    ]
    return Occasion(
        title=view.title, other=letter.other, other_zone=letter.other_zone, starts_at=view.starts_at,
        minutes=view.minutes, to_client=letter.to.user_id == view.client_id, answer_by=view.answer_by,
        free_until=max(free, default=None) if view.price else None,
    )  # fmt: skip
