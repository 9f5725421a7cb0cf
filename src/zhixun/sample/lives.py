"""One booking's life, from the hold to the last coin, in one transaction of many moments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from zhixun.features.booking import actions as bookings
from zhixun.features.booking.actions import BookingMade
from zhixun.features.booking.rules import NO_SHOW_AFTER, RELEASE_AFTER, State, terms_of
from zhixun.features.calls import actions as calls
from zhixun.features.catalog import queries as catalog
from zhixun.features.messaging import actions as messaging
from zhixun.features.messaging.rules import SEQ_MAX, conversation_id_of
from zhixun.features.payments import actions as payments
from zhixun.features.payments.ports import Capture
from zhixun.features.quality import actions as quality
from zhixun.features.quality.rules import WINDOW
from zhixun.features.scheduling import queries as scheduling
from zhixun.features.scheduling.actions import NotOffered, SlotTaken
from zhixun.features.scheduling.rules import Calendar, Slot, SlotTerms, offer
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import SYSTEM, Actor

from .books import GATEWAY
from .cast import Consulting
from .experts import let_experts_read, write_after
from .history import acting
from .keeping import look_back
from .plan import Fate, Story
from .quarrels import argue, dispute_id_of
from .words import brief_of, id_of, lines_after, lines_before, lines_during, review

TRIES_MAX = 40
MOVES_TRIED_MAX = 6
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
DAY = timedelta(days=1)
LOOK_AROUND = ((0 * DAY, DAY), (0 * DAY, 4 * DAY), (4 * DAY, DAY), (12 * DAY, DAY))
CHANNEL_PAIRS = {"text": 2, "voice": 0, "video": 0}
"""Question-and-answer pairs written during a session; where people speak, nothing is written."""


@dataclass(frozen=True)
class Diary:
    """What the sample consultants offer and when they work, read once for many stories."""

    calendars: Mapping[str, Calendar]
    terms: Mapping[str, SlotTerms]
    """By service id."""


def open_diary(consultants: Sequence[Consulting]) -> Diary:
    ids = [one.actor.user_id for one in consultants]
    with Session() as db:
        cards = catalog.cards_of(db, ids)
        terms = {service.id: terms_of(service) for card in cards.values() for service in card.services}
        return Diary(scheduling.calendars_of(db, ids), terms)


def live(uow: UnitOfWork, story: Story, diary: Diary, *, now: datetime) -> bool:
    """Let one booking happen as far as it has come by `now`. False where no time was free for it."""
    held = _hold(uow, story, diary, now)
    if held is None:
        return False
    made, slot, booked_at = held
    if story.fate is Fate.EXPIRED:
        _by_clock(uow, story, made.hold_expires_at + MINUTE)
        return True
    paid_at = booked_at + story.dice("pay").randint(1, 9) * MINUTE
    if _pay(uow, story, made, paid_at) is State.REQUESTED:
        bookings.accept_request(acting(uow, story.consultant.actor, paid_at + MINUTE), booking_id=story.booking_id)
    messaging.open_for_booking(acting(uow, SYSTEM, paid_at), booking_id=story.booking_id)
    slot = _moved(uow, story, slot, diary, paid_at, now)
    _talk_before(uow, story, paid_at, min(slot.start, now))
    if _cancelled(uow, story, slot, paid_at, now) or slot.start > now:
        return True
    if story.fate in (Fate.CLIENT_ABSENT, Fate.CONSULTANT_ABSENT) and slot.end + MINUTE < now:
        _miss(uow, story, slot, now)
        return True
    _begin(uow, story, slot, now)
    done_at = slot.end - story.dice("done").randint(0, 4) * MINUTE
    if done_at < now:
        _complete(uow, story, slot, done_at, now)
    return True


def ask(uow: UnitOfWork, story: Story, diary: Diary, *, now: datetime) -> None:
    """Let a client pay for a time and wait for the consultant's answer."""
    held = _hold(uow, story, diary, now)
    if held is not None:
        made, _, booked_at = held
        _pay(uow, story, made, booked_at + 3 * MINUTE)


def _hold(uow: UnitOfWork, story: Story, diary: Diary, now: datetime) -> tuple[BookingMade, Slot, datetime] | None:
    """One of the times near the wanted one; the next, where somebody has it."""
    for slot in islice(_offered(story, diary, now), TRIES_MAX):
        booked_at = min(slot.start - story.lead, now - 20 * MINUTE)
        try:
            return _request(uow, story, slot, booked_at), slot, booked_at
        except (SlotTaken, NotOffered):
            continue
    return None


def _offered(story: Story, diary: Diary, now: datetime) -> Iterator[Slot]:
    """Working times near the wanted one, the nearest days first. What is wanted in the past is over by now."""
    calendar = diary.calendars[story.consultant.actor.user_id]
    terms = diary.terms[story.consultant.service_ids[story.service_number]]
    over_by = now - MINUTE if story.wanted < now else story.wanted + 365 * DAY
    for before, after in LOOK_AROUND:
        first = story.wanted - before
        found = offer(calendar, terms, (), from_=first, until=story.wanted + after, now=first - story.lead)
        fitting = [slot for slot in found if slot.end <= over_by]
        near = fitting[: story.among]
        story.dice("slot").shuffle(near)
        yield from near
        yield from fitting[story.among :]


def _request(uow: UnitOfWork, story: Story, slot: Slot, at: datetime) -> BookingMade:
    return bookings.request_booking(
        acting(uow, story.client, at), booking_id=story.booking_id,
        service_id=story.consultant.service_ids[story.service_number], start=slot.start,
        brief=brief_of(story.topic_id, story.language), gateway=GATEWAY,
    )  # fmt: skip


def _pay(uow: UnitOfWork, story: Story, made: BookingMade, at: datetime) -> State:
    """What the gateway's report does, and then what the fact of it does: the booking is confirmed, or asked for."""
    capture = Capture(made.payment_id, f"sample-{story.booking_id}", made.total)
    payments.settle(acting(uow, SYSTEM, at), gateway=GATEWAY, capture=capture)
    return bookings.confirm_if_paid(acting(uow, SYSTEM, at), booking_id=story.booking_id)


def _moved(uow: UnitOfWork, story: Story, slot: Slot, diary: Diary, paid_at: datetime, now: datetime) -> Slot:
    """One session in fifteen is given another time, by its client or its consultant; the time it has in the end."""
    random = story.dice("move")
    at = paid_at + 13 * MINUTE
    if story.fate is not Fate.COMPLETED or random.random() > 0.07 or min(slot.start - 4 * HOUR, now) < at:
        return slot
    who = story.client if random.random() < 0.7 else story.consultant.actor
    for other in islice(_offered(story, diary, now), MOVES_TRIED_MAX):
        if other.start > at + 4 * HOUR and other != slot:
            try:
                bookings.reschedule_booking(acting(uow, who, at), booking_id=story.booking_id, start=other.start)
            except (SlotTaken, NotOffered):
                continue
            return other
    return slot


def _cancelled(uow: UnitOfWork, story: Story, slot: Slot, paid_at: datetime, now: datetime) -> bool:
    """Whether the story ends before its session: then the money that is due goes back."""
    if story.fate is Fate.CANCELLED_EARLY:
        who, at = story.client, max(slot.start - timedelta(hours=30), paid_at + 12 * MINUTE)
    elif story.fate is Fate.CANCELLED_LATE:
        who, at = story.client, max(slot.start - timedelta(hours=5), paid_at + 12 * MINUTE)
    elif story.fate is Fate.CANCELLED_BY_CONSULTANT:
        who, at = story.consultant.actor, max(slot.start - timedelta(hours=9), paid_at + 15 * MINUTE)
    else:
        return False
    at = min(at, now - 2 * MINUTE)
    back = bookings.cancel_booking(acting(uow, who, at), booking_id=story.booking_id)
    if back:
        _send_back(uow, story, at + MINUTE)
    _release(uow, story, slot.end, now)
    return True


def _miss(uow: UnitOfWork, story: Story, slot: Slot, now: datetime) -> None:
    """One of the two does not come; the clock ends it."""
    here = story.consultant.actor if story.fate is Fate.CLIENT_ABSENT else story.client
    given_up_at = slot.start + NO_SHOW_AFTER + MINUTE
    bookings.join_session(acting(uow, here, slot.start - 2 * MINUTE), booking_id=story.booking_id)
    _stay(uow, story, here, slot.start - 2 * MINUTE, given_up_at)
    _by_clock(uow, story, given_up_at)
    if story.fate is Fate.CONSULTANT_ABSENT:
        _send_back(uow, story, given_up_at + MINUTE)
    _release(uow, story, given_up_at, now)


def _begin(uow: UnitOfWork, story: Story, slot: Slot, now: datetime) -> None:
    random = story.dice("begin")
    joined = slot.start - random.randint(1, 8) * MINUTE
    begun = min(slot.start + random.randint(0, 2) * MINUTE, now)
    bookings.join_session(acting(uow, story.client, joined), booking_id=story.booking_id)
    bookings.begin_session(acting(uow, story.consultant.actor, begun), booking_id=story.booking_id)


def _stay(uow: UnitOfWork, story: Story, who: Actor, joined: datetime, left: datetime) -> None:
    calls.note_stay(
        acting(uow, SYSTEM, left), booking_id=story.booking_id, user_id=who.user_id, joined_at=joined, left_at=left
    )


def _complete(uow: UnitOfWork, story: Story, slot: Slot, at: datetime, now: datetime) -> None:
    service = story.consultant.profile.services[story.service_number]
    came = slot.start - story.dice("begin").randint(1, 8) * MINUTE
    _stay(uow, story, story.client, min(came, at), at)
    _stay(uow, story, story.consultant.actor, min(slot.start - MINUTE, at), at)
    told = lines_during(story.consultant.profile.field_id, story.language, CHANNEL_PAIRS[service.channel])
    pause = (at - slot.start - 4 * MINUTE) / (len(told) + 1)
    for number, (who, text) in enumerate(told, 1):
        _write(uow, story, who, f"during-{number}", text, slot.start + 3 * MINUTE + number * pause)
    bookings.complete_session(acting(uow, story.consultant.actor, at), booking_id=story.booking_id)
    _talk_after(uow, story, at, now)
    _give_feedback(uow, story, at, now)
    write_after(uow, story, at, now)
    let_experts_read(uow, story, at, now)
    look_back(uow, story, at, now)
    decided_at = argue(uow, story, at, now)
    if decided_at is not None:
        _send_back(uow, story, decided_at + MINUTE, refund_id=dispute_id_of(story))
    _release(uow, story, decided_at or at, now)


def _talk_before(uow: UnitOfWork, story: Story, paid_at: datetime, until: datetime) -> None:
    random = story.dice("before")
    if until - paid_at < 60 * MINUTE or random.random() < 0.5:
        return
    at = paid_at
    for number, (who, text) in enumerate(lines_before(random, story.language)):
        at += (until - paid_at - 40 * MINUTE) * random.uniform(0.1, 0.45)
        _write(uow, story, who, f"before-{number}", text, at)


def _talk_after(uow: UnitOfWork, story: Story, done_at: datetime, now: datetime) -> None:
    at, random = done_at, story.dice("after")
    for number, (who, text) in enumerate(lines_after(random, story.language)):
        at += random.randint(2, 25) * MINUTE
        if at < now:
            _write(uow, story, who, f"after-{number}", text, at)
    if at + HOUR < now:
        _read(uow, story, at + HOUR)


def _write(uow: UnitOfWork, story: Story, who: str, key: str, text: str, at: datetime) -> None:
    sender: Actor = story.client if who == "client" else story.consultant.actor
    messaging.send_message(
        acting(uow, sender, at), conversation_id=_conversation(story), key=f"{story.booking_id[:20]}-{key}", text=text
    )


def _read(uow: UnitOfWork, story: Story, at: datetime) -> None:
    """Both have seen what was written so far."""
    for person in (story.client, story.consultant.actor):
        messaging.mark_read(acting(uow, person, at), conversation_id=_conversation(story), seq=SEQ_MAX)


def _conversation(story: Story) -> str:
    return conversation_id_of(story.client.user_id, story.consultant.actor.user_id)


def _give_feedback(uow: UnitOfWork, story: Story, done_at: datetime, now: datetime) -> None:
    random = story.dice("feedback")
    at = done_at + timedelta(hours=min(random.expovariate(1 / 20) + 0.3, WINDOW / timedelta(hours=1) - 1))
    if story.answers is None or at >= now:
        return
    said = story.answers
    profile = story.consultant.profile
    words = review(
        profile.slug, story.number, field_id=profile.field_id, topic_id=story.topic_id, mood=said.mood,
        language=story.client.language,
    )  # fmt: skip
    quality.give_feedback(
        acting(uow, story.client, at), feedback_id=id_of("feedback", story.booking_id), booking_id=story.booking_id,
        scores=said.scores, nps=said.nps, solved=said.solved, words=words if said.with_words else "",
        public=random.random() < 0.93,
    )  # fmt: skip


def _release(uow: UnitOfWork, story: Story, ended_at: datetime, now: datetime) -> None:
    """What the clock does two days later, if they have passed."""
    at = ended_at + RELEASE_AFTER + 2 * MINUTE
    if at < now:
        bookings.release_money(acting(uow, SYSTEM, at), booking_id=story.booking_id)


def _send_back(uow: UnitOfWork, story: Story, at: datetime, *, refund_id: str = "") -> None:
    """The gateway has sent the refund; its id is the booking's unless it is said."""
    known = refund_id or story.booking_id
    payments.record_refund(acting(uow, SYSTEM, at), refund_id=known, provider_ref=f"sandbox-refund-{known}")


def _by_clock(uow: UnitOfWork, story: Story, at: datetime) -> None:
    bookings.pass_time(acting(uow, SYSTEM, at), booking_id=story.booking_id)
