from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from zhixun.features.accounts import queries as accounts
from zhixun.features.accounts.queries import Person
from zhixun.features.accounts.rules import may
from zhixun.features.booking import queries as bookings
from zhixun.features.booking.queries import BookingView, ClientFigures
from zhixun.features.booking.rules import UPCOMING
from zhixun.features.booking.rules import State as BookingState
from zhixun.features.catalog import queries as catalog
from zhixun.features.crm import rules
from zhixun.features.crm.models import Check, Matter, Note, Tag
from zhixun.features.crm.rules import State
from zhixun.features.quality import queries as quality
from zhixun.features.quality.queries import GivenByClient
from zhixun.kernel.errors import N_, NotFound
from zhixun.kernel.personal import OpenMatter
from zhixun.kernel.sealed import Letter, unseal, unseal_many
from zhixun.kernel.tables import any_of
from zhixun.kernel.values import Actor, Money

HOUSE = "house"
CLIENTS_SHOWN = 40
MATTERS_SHOWN = 60


@dataclass(frozen=True)
class ClientLine:
    """A client in a list: sessions held, the last one, and what they paid for in the last twelve months."""

    id: str
    name: str
    figures: ClientFigures | None
    tags: tuple[str, ...]


@dataclass(frozen=True)
class NoteLine:
    id: str
    author: str
    text: str
    at: datetime


@dataclass(frozen=True)
class MatterLine:
    """A complaint or suggestion without its words, which only its own page opens."""

    id: str
    person_id: str
    kind: str
    state: State
    filed_at: datetime
    due_at: datetime
    owner_id: str | None
    answered_at: datetime | None
    about_id: str | None = None


@dataclass(frozen=True)
class MatterView:
    line: MatterLine
    booking_id: str | None
    text: str
    answer: str


@dataclass(frozen=True)
class CheckView:
    booking_id: str
    asked_at: datetime
    helped: str | None

    def is_open(self, now: datetime) -> bool:
        return now <= self.asked_at + rules.CHECK_LASTS


@dataclass(frozen=True)
class ClientPage:
    person: Person
    history: tuple[BookingView, ...]
    names: dict[str, str]
    held: int
    value: Money
    last_nps: int | None
    helped: tuple[int, int]
    """How often they said two weeks later that it helped, of how many answers."""
    notes: tuple[NoteLine, ...]
    tags: tuple[str, ...]
    matters: tuple[MatterLine, ...]
    feedback: tuple[GivenByClient, ...]

    @property
    def ahead(self) -> list[BookingView]:
        return [one for one in self.history if one.state in UPCOMING]

    @property
    def open_matters(self) -> list[MatterLine]:
        return [one for one in self.matters if one.state is not State.ANSWERED]


def clients(
    db: Session, now: datetime, *, named: str = "", after: tuple[datetime | None, str] = (None, "")
) -> tuple[list[ClientLine], tuple[datetime, str] | None]:
    """The clients seen last, or those whose name holds `named` or whose address it is; and where the next page begins,
    if there is one: what `after` takes. At most four statements."""
    more = None
    since = now - rules.VALUE_PERIOD
    if named:
        people = accounts.people_sought(db, named, role="client", limit=CLIENTS_SHOWN)
        figures = bookings.client_figures(db, since=since, client_ids=[one.user_id for one in people])
    else:
        figures = bookings.client_figures(db, since=since, limit=CLIENTS_SHOWN + 1, after=after)
        if len(figures) > CLIENTS_SHOWN:
            figures.popitem()
            last = next(reversed(figures))
            more = (figures[last].last_at, last)
        people = list(accounts.people(db, figures).values())
    order = {client_id: at for at, client_id in enumerate(figures)}
    tags = _tags(db, [one.user_id for one in people])
    lines = [
        ClientLine(one.user_id, one.name, figures.get(one.user_id), tags.get(one.user_id, ()))
        for one in sorted(people, key=lambda one: (order.get(one.user_id, len(order)), one.name))
    ]
    return lines, more


def own_clients(db: Session, consultant_id: str, now: datetime) -> list[ClientLine]:
    """The clients of one consultant, those seen last first."""
    figures = bookings.client_figures(
        db, since=now - rules.VALUE_PERIOD, consultant_id=consultant_id, limit=CLIENTS_SHOWN
    )
    people = accounts.people(db, figures)
    return [ClientLine(who, people[who].name, found, ()) for who, found in figures.items() if who in people]


def client_page(db: Session, client_id: str, reader: Actor, now: datetime, language: str) -> ClientPage:
    """Everything the desk has about a client, on one page, people by their names in `language`. Raises NotFound. Ten
    statements."""
    person = accounts.person(db, client_id)
    if "client" not in person.roles:
        raise NotFound
    history = bookings.bookings_of(db, Actor(client_id), now, limit=rules.HISTORY_SHOWN)
    return _page(db, person, [one for one in history if one.client_id == client_id], HOUSE, reader, now, language)


def own_client_page(db: Session, client_id: str, reader: Actor, now: datetime, language: str) -> ClientPage:
    """What a consultant sees of their own client: their sessions together and their own notes. Raises NotFound."""
    history = bookings.between(db, client_id, reader.user_id, now, limit=rules.HISTORY_SHOWN)
    if not history:
        raise NotFound
    return _page(db, accounts.person(db, client_id), history, reader.user_id, reader, now, language)


def note_owner(db: Session, client_id: str, actor: Actor) -> str:
    """Whose notes about this client the actor writes and reads. Raises NotFound where they may not see the client."""
    if may(actor, "see_clients"):
        return HOUSE
    if actor.is_a("consultant") and bookings.have_met(db, client_id, actor.user_id):
        return actor.user_id
    raise NotFound


def matters(db: Session, *, state: str, now: datetime) -> list[MatterLine]:
    """The desk's queue: what waits, the most urgent first; or what was answered last."""
    wanted = select(Matter)
    if state == "answered":
        wanted = wanted.where(Matter.answered_at.is_not(None)).order_by(Matter.answered_at.desc())
    else:
        wanted = wanted.where(Matter.answered_at.is_(None)).order_by(Matter.due_at)
    return [_matter(row) for row in db.scalars(wanted.limit(MATTERS_SHOWN))]


def matters_of(db: Session, person_id: str) -> list[MatterView]:
    """A person's own complaints and suggestions with their answers, the newest first."""
    mine = select(Matter).where(Matter.person_id == person_id).order_by(Matter.filed_at.desc())
    rows = list(db.scalars(mine.limit(MATTERS_SHOWN)))
    letters = [Letter(row.id, row.person_id, row.text) for row in rows]
    texts = unseal_many(db, Matter.text, letters, reader=None)
    answers = unseal_many(db, Matter.answer, [Letter(row.id, row.person_id, row.answer) for row in rows], reader=None)
    return [
        MatterView(_matter(row), row.booking_id, text, answer)
        for row, text, answer in zip(rows, texts, answers, strict=True)
    ]


def matter(db: Session, matter_id: str, reader: Actor) -> MatterView:
    """One matter with its words, for who may read it by the caller's word; its person sees who did. Raises NotFound."""
    row = db.get(Matter, matter_id)
    if row is None:
        raise NotFound
    text = unseal(db, Matter.text, row=row.id, person=row.person_id, sealed=row.text, reader=reader)
    answer = unseal(db, Matter.answer, row=row.id, person=row.person_id, sealed=row.answer, reader=None)
    return MatterView(_matter(row), row.booking_id, text, answer)


def check_for(db: Session, booking_id: str) -> CheckView | None:
    row = db.get(Check, booking_id)
    return CheckView(row.booking_id, row.asked_at, row.helped) if row else None


def due_for_check(db: Session, now: datetime) -> list[str]:
    """Sessions two weeks ago whose client has not been asked yet."""
    over = now - rules.CHECK_AFTER
    done = bookings.completed_between(db, from_=over - rules.CHECK_AFTER, until=over, now=now)
    asked = set(db.scalars(select(Check.booking_id).where(Check.booking_id == any_of([one.id for one in done]))))
    return [one.id for one in done if one.id not in asked][: rules.CHECKS_AT_ONCE]


def helped_share(db: Session) -> tuple[float, int]:
    """The share of "yes" among the answers two weeks later (0–1), and how many answers."""
    said = Check.helped.is_not(None)
    yes, count = db.execute(select(func.count().filter(Check.helped == "yes"), func.count()).where(said)).one()
    return (yes / count if count else 0.0), count


def open_matters(db: Session, person_id: str, now: datetime) -> list[OpenMatter]:
    """Why this person cannot be erased yet. A suggestion owes them no answer; a complaint and a
    report do."""
    waiting = select(Matter.id).where(
        Matter.person_id == person_id, Matter.kind != "suggestion", Matter.state != State.ANSWERED
    )
    said = N_("A complaint of yours has no answer yet.")
    return [OpenMatter(said, "/help/complaint")] if db.scalar(waiting.limit(1)) else []


def _page(
    db: Session, person: Person, history: Sequence[BookingView], owner: str, reader: Actor, now: datetime, language: str
) -> ClientPage:
    house = owner == HOUSE
    done = [one for one in history if one.state is BookingState.COMPLETED]
    since = now - rules.VALUE_PERIOD
    feedback = quality.given_by(db, person.user_id, consultant_id="" if house else owner)
    notes = _notes(db, person.user_id, owner, reader)
    people = accounts.people(db, {one.consultant_id for one in history} | {note.author for note in notes})
    names = {who: one.name for who, one in catalog.called(db, people, language).items()}
    return ClientPage(
        person=person, history=tuple(history), names=names, held=len(done),
        value=sum((one.price for one in done if one.starts_at >= since), Money(0)),
        last_nps=feedback[0].nps if feedback else None, helped=_helped(db, person.user_id, "" if house else owner),
        notes=tuple(notes), tags=_tags(db, [person.user_id]).get(person.user_id, ()) if house else (),
        matters=tuple(_matters_about(db, person.user_id)) if house else (), feedback=tuple(feedback),
    )  # fmt: skip


def _notes(db: Session, client_id: str, owner: str, reader: Actor) -> list[NoteLine]:
    mine = select(Note).where(Note.client_id == client_id, Note.owner == owner).order_by(Note.at.desc(), Note.id)
    rows = list(db.scalars(mine))
    texts = unseal_many(db, Note.text, [Letter(row.id, row.client_id, row.text) for row in rows], reader=reader)
    return [NoteLine(row.id, row.author_id, text, row.at) for row, text in zip(rows, texts, strict=True)]


def _tags(db: Session, client_ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    rows = db.execute(select(Tag.client_id, Tag.tag).where(Tag.client_id == any_of(client_ids)).order_by(Tag.tag))
    found: dict[str, tuple[str, ...]] = {}
    for client_id, tag in rows:
        found[client_id] = (*found.get(client_id, ()), tag)
    return found


def _matters_about(db: Session, person_id: str) -> list[MatterLine]:
    mine = select(Matter).where(Matter.person_id == person_id).order_by(Matter.filed_at.desc())
    return [_matter(row) for row in db.scalars(mine.limit(MATTERS_SHOWN))]


def _helped(db: Session, client_id: str, consultant_id: str) -> tuple[int, int]:
    said: list[ColumnElement[bool]] = [Check.client_id == client_id, Check.helped.is_not(None)]
    if consultant_id:
        said.append(Check.consultant_id == consultant_id)
    yes, count = db.execute(select(func.count().filter(Check.helped == "yes"), func.count()).where(*said)).one()
    return yes, count


def _matter(row: Matter) -> MatterLine:
    return MatterLine(
        row.id, row.person_id, row.kind, State(row.state), row.filed_at, row.due_at, row.owner_id, row.answered_at,
        row.about_id,
    )  # fmt: skip
