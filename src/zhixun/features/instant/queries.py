from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from zhixun.features.accounts import queries as accounts
from zhixun.features.booking.rules import terms_of
from zhixun.features.catalog import queries as catalog
from zhixun.features.catalog.rules import ConsultantCard, ServiceView
from zhixun.features.scheduling import queries as scheduling
from zhixun.features.scheduling.rules import is_free
from zhixun.kernel import sealed
from zhixun.kernel.errors import N_, NotFound
from zhixun.kernel.personal import OpenMatter
from zhixun.kernel.sealed import Letter, Sealed
from zhixun.kernel.values import Actor, Money

from . import rules
from .models import Call, Ring, Switch
from .rules import State

SWITCHES_MAX = 500
"""So many who are available are looked at, who has waited longest first."""


@dataclass(frozen=True)
class Candidate:
    """Someone who could answer now, and with which of their services."""

    card: ConsultantCard
    service: ServiceView

    @property
    def key(self) -> str:
        """Of the choice they are among."""
        return f"{self.card.field_id}:{self.service.channel}:{self.service.minutes}"


@dataclass(frozen=True)
class Choice:
    """What can be asked for now: a field, a channel and a length; those who could answer, the cheapest first."""

    field_id: str
    channel: str
    minutes: int
    candidates: tuple[Candidate, ...]

    @property
    def key(self) -> str:
        return f"{self.field_id}:{self.channel}:{self.minutes}"

    @property
    def lowest(self) -> Money:
        return self.candidates[0].service.price

    @property
    def highest(self) -> Money:
        return self.candidates[-1].service.price


@dataclass(frozen=True)
class CallView:
    id: str
    client_id: str
    field_id: str
    channel: str
    minutes: int
    amount: Money
    payment_id: str
    state: State
    asked_at: datetime
    pay_by: datetime
    rings_until: datetime | None
    consultant_id: str | None
    sealed_question: Sealed


@dataclass(frozen=True)
class RingView:
    """A call as one of those it rings sees it."""

    call: CallView
    service: ServiceView
    question: str
    passed: bool


def available_until(db: Session, consultant_id: str, now: datetime) -> datetime | None:
    """Until when a consultant is available now; None where they are not."""
    until = db.scalar(select(Switch.until).where(Switch.consultant_id == consultant_id))
    return until if until is not None and until > now else None


def answers_now(db: Session, card: ConsultantCard, now: datetime) -> Candidate | None:
    """With what a consultant says that they are available, their cheapest; None where they are not. Whether they are free
    for all of it is looked at on the page that asks. One statement."""
    sold = [Candidate(card, one) for one in card.services if not one.on_request]
    if not sold or available_until(db, card.id, now) is None:
        return None
    return min(sold, key=lambda one: one.service.price.amount_minor)


def anyone_in(db: Session, field_id: str, now: datetime) -> bool:
    """Whether any listed consultant of the field is available. Who they are, and whether they are free for a whole
    session, is looked at on the page that asks. Two statements at most."""
    ids = list(db.scalars(select(Switch.consultant_id).where(Switch.until > now)))
    return bool(ids) and catalog.any_in_field(db, field_id, ids)


def choices(db: Session, client_id: str, now: datetime, *, field_id: str | None = None) -> list[Choice]:
    """What this person could ask for now, in one field or in all: what most could answer first, then what costs least.
    Seven statements at most."""
    found: dict[tuple[str, str, int], list[Candidate]] = {}
    for one in candidates(db, client_id, now):
        if field_id is not None and one.card.field_id != field_id:
            continue
        key = (one.card.field_id, one.service.channel, one.service.minutes)
        if all(one.card.id != other.card.id for other in found.setdefault(key, [])):
            found[key].append(one)
    made = [
        Choice(*key, tuple(sorted(many, key=lambda one: one.service.price.amount_minor)))
        for key, many in sorted(found.items())
    ]
    return sorted(made, key=lambda one: (-len(one.candidates), one.lowest.amount_minor, one.minutes))


def free_by_field(found: list[Choice]) -> dict[str, int]:
    """Field → how many consultants could answer now; each counts once, however many of their services could be asked."""
    people: dict[str, set[str]] = {}
    for choice in found:
        people.setdefault(choice.field_id, set()).update(one.card.id for one in choice.candidates)
    return {field_id: len(ids) for field_id, ids in people.items()}


def candidates(db: Session, client_id: str, now: datetime) -> list[Candidate]:
    """Everyone who is available, listed, free for a service of theirs, not apart from the client, and whose calendars
    kept elsewhere are fresh; with each service they could answer with. Who has waited longest comes first."""
    open_now = select(Switch.consultant_id).where(Switch.until > now, Switch.consultant_id != client_id)
    ids = list(db.scalars(open_now.order_by(Switch.opened_at, Switch.consultant_id).limit(SWITCHES_MAX)))
    if not ids:
        return []
    apart = accounts.apart_from(db, client_id) if client_id else frozenset()
    fresh = scheduling.calendars_fresh(db, ids, now)
    busy = scheduling.busy_of(db, ids, now, now + timedelta(hours=5), now)
    found = []
    for card in catalog.consultant_cards(db, [one for one in ids if one in fresh and one not in apart]):
        for service in card.services:
            end = now + timedelta(minutes=service.minutes)
            if not service.on_request and is_free(busy.get(card.id, []), now, end, terms_of(service)):
                found.append(Candidate(card, service))
    return found


def fitting(found: list[Candidate], *, field_id: str, channel: str, minutes: int, cap: Money | None) -> list[Candidate]:
    """One per consultant, the cheapest of the services that fit; at most as many as one call rings."""
    fits = [
        one
        for one in found
        if (one.card.field_id, one.service.channel, one.service.minutes) == (field_id, channel, minutes)
        and rules.within(one.service.price, cap)
    ]
    best: dict[str, Candidate] = {}
    for one in sorted(fits, key=lambda one: one.service.price.amount_minor):
        best.setdefault(one.card.id, one)
    return list(best.values())[: rules.RINGS_MAX]


def call(db: Session, call_id: str, actor: Actor) -> CallView:
    """One's own call. Raises NotFound."""
    row = db.get(Call, call_id, populate_existing=True)
    if row is None or row.client_id != actor.user_id:
        raise NotFound
    return view_of(row)


def question_of(db: Session, view: CallView, reader: Actor) -> str:
    """What was asked, for who may read it by the caller's word. The client sees who did."""
    return sealed.unseal(
        db, Call.question, row=view.id, person=view.client_id, sealed=view.sealed_question, reader=reader
    )


def open_call_of(db: Session, client_id: str) -> CallView | None:
    """The call this person waits for, if any."""
    row = db.scalar(select(Call).where(Call.client_id == client_id, Call.state.in_(rules.OPEN)))
    return view_of(row) if row else None


def rung(db: Session, call_id: str) -> list[tuple[str, bool]]:
    """(consultant, whether they have passed) of everyone a call rings."""
    rows = db.execute(
        select(Ring.consultant_id, Ring.passed_at).where(Ring.call_id == call_id).order_by(Ring.consultant_id)
    )
    return [(consultant_id, passed_at is not None) for consultant_id, passed_at in rows]


def rings_of(db: Session, actor: Actor, now: datetime) -> list[RingView]:
    """The calls that ring for a consultant, the first to end first, with what is asked."""
    ringing = (Ring.consultant_id == actor.user_id, Call.state == State.RINGING, Call.rings_until > now)
    rows = db.execute(select(Call, Ring).join(Ring, Ring.call_id == Call.id).where(*ringing).order_by(Call.rings_until))
    found = [(view_of(row), ring) for row, ring in rows]
    letters = [Letter(view.id, view.client_id, view.sealed_question) for view, _ in found]
    texts = sealed.unseal_many(db, Call.question, letters, reader=actor) if letters else []
    return [
        RingView(view, catalog.service(db, ring.service_id), text, ring.passed_at is not None)
        for (view, ring), text in zip(found, texts, strict=True)
    ]


def due_by_time(db: Session, now: datetime) -> list[str]:
    """Ids of calls whose time is over, ascending."""
    unpaid = (Call.state == State.UNPAID) & (Call.pay_by <= now)
    ringing = (Call.state == State.RINGING) & (Call.rings_until <= now)
    return list(db.scalars(select(Call.id).where(or_(unpaid, ringing)).order_by(Call.id)))


def open_matters(db: Session, person_id: str, now: datetime) -> list[OpenMatter]:
    """Why this person cannot be erased yet."""
    call = open_call_of(db, person_id)
    said = N_("An instant question is still open. Take it back, or wait until it is answered.")
    return [OpenMatter(said, f"/now/{call.id}")] if call else []


def view_of(row: Call) -> CallView:
    return CallView(
        id=row.id, client_id=row.client_id, field_id=row.field_id, channel=row.channel, minutes=row.minutes,
        amount=Money(row.amount_minor, row.currency), payment_id=row.payment_id, state=State(row.state),
        asked_at=row.asked_at, pay_by=row.pay_by, rings_until=row.rings_until, consultant_id=row.consultant_id,
        sealed_question=row.question,
    )  # fmt: skip
