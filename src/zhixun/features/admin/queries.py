"""What the house keeper's pages show, put together from the features below."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from sqlalchemy import NullPool, create_engine, func, select, text
from sqlalchemy.orm import Session

from zhixun.features.accounts import queries as accounts
from zhixun.features.booking import queries as bookings
from zhixun.features.booking.queries import BookingView, HouseFigures, StepLine, Why
from zhixun.features.catalog import queries as catalog
from zhixun.features.catalog.queries import ConsultantName, Home
from zhixun.features.catalog.rules import ServiceView
from zhixun.features.ledger import queries as ledger
from zhixun.features.ledger.queries import EntryLine
from zhixun.features.payments import queries as payments
from zhixun.features.payments.queries import HouseRefunds, PaymentView, RefundLine
from zhixun.features.payments.rules import purpose_of_booking
from zhixun.features.quality import queries as quality
from zhixun.features.quality.queries import HouseQuality
from zhixun.features.scheduling import queries as scheduling
from zhixun.kernel import audit, clocks, outbox, vault
from zhixun.kernel.database import sqlalchemy_url
from zhixun.kernel.errors import NotFound
from zhixun.kernel.outbox import Delivery, QueueState
from zhixun.kernel.values import Actor, Words

from . import rules
from .rules import Compared, FieldSupply, FunnelStep

CONSULTANTS_FOUND_MAX = 12
STEPS = ("asked", "paid", "completed", "feedback")


@dataclass(frozen=True)
class Overview:
    """Amounts are in the smallest unit; `gmv` and `gmv_before` hold one number a day, the oldest first."""

    days: tuple[date, ...]
    gmv: tuple[int, ...]
    gmv_before: tuple[int, ...]
    total: Compared
    kept: int
    """What was paid in, less what went back in the same days."""
    sessions: Compared
    refund_share: Compared
    quality: HouseQuality
    quality_before: HouseQuality
    funnel: tuple[FunnelStep, ...]
    fields: dict[str, Words]
    supply: tuple[FieldSupply, ...]
    latest: tuple[BookingView, ...]
    names: dict[str, str]
    figures: HouseFigures
    refunds: HouseRefunds
    queue: QueueState


@dataclass(frozen=True)
class TransactionView:
    """One transaction of the books with its lines."""

    id: str
    at: datetime
    kind: str
    lines: tuple[EntryLine, ...]


@dataclass(frozen=True)
class Moment:
    """One line of a booking's story; exactly one of the four is there."""

    at: datetime
    step: StepLine | None = None
    refund: RefundLine | None = None
    transaction: TransactionView | None = None
    delivery: Delivery | None = None


@dataclass(frozen=True)
class BookingStory:
    booking: BookingView
    payment: PaymentView | None
    refunds: tuple[RefundLine, ...]
    moments: tuple[Moment, ...]
    names: dict[str, str]


def overview(db: Session, now: datetime, *, zone: str, language: str = "zh") -> Overview:
    """The house in the last DAYS days of its own zone, today among them, against those before. Eleven statements."""
    days, today = rules.DAYS, now.astimezone(ZoneInfo(zone)).date()
    since, before = (rules.begins(today - timedelta(days=back), zone) for back in (days - 1, 2 * days - 1))
    figures = bookings.house_figures(db, now, since=since, before=before)
    told, told_before = quality.house_quality(db, since=since, before=before)
    refunds = payments.house_refunds(db, since=since, before=before)
    captured = rules.by_day(dict(ledger.captured_between(db, before, now, zone=zone)), last=today, days=2 * days)
    gmv_before, gmv = captured[:days], captured[days:]
    homes = catalog.fields_of_consultants(db)
    supply = _supply(db, homes, since=since, until=now)
    latest = bookings.house_list(db, now, limit=rules.LATEST_SHOWN)
    this, last = figures.now, figures.before
    return Overview(
        days=tuple(today - timedelta(days=back) for back in range(days - 1, -1, -1)),
        gmv=tuple(gmv),
        gmv_before=tuple(gmv_before),
        total=Compared(sum(gmv), sum(gmv_before)),
        kept=sum(gmv) - refunds.now.amount_minor,
        sessions=Compared(figures.sessions_now, figures.sessions_before),
        refund_share=Compared(
            _percent(refunds.now.amount_minor, sum(gmv)), _percent(refunds.before.amount_minor, sum(gmv_before))
        ),
        quality=told,
        quality_before=told_before,
        funnel=tuple(
            rules.funnel(
                (this.asked, this.paid, this.completed, told.count),
                (last.asked, last.paid, last.completed, told_before.count),
                STEPS,
                ahead=(this.ahead, last.ahead),
            )
        ),
        fields={home.field_id: home.field for home in homes.values()},
        supply=tuple(supply),
        latest=tuple(latest),
        names=_names(db, latest, language, homes),
        figures=figures,
        refunds=refunds,
        queue=outbox.queue_state(db),
    )


def booking_lines(
    db: Session, now: datetime, *, state: str, before: datetime | None, language: str, asked: str = ""
) -> tuple[list[BookingView], dict[str, str]]:
    """One page of bookings and one more, if there is one; and the names of the people in them. `asked` is the end of a
    booking's number, someone's address, or a part of a name in either language. At most six statements."""
    number = rules.number_in(asked)
    people = _sought(db, asked) if asked and not number else None
    found = bookings.house_list(
        db, now, state=state, before=before, limit=rules.LINES_SHOWN + 1, number=number, people=people
    )
    return found, _names(db, found, language)


def _sought(db: Session, asked: str) -> list[str]:
    """Also by the name a consultant's page has in the other language."""
    sought = (accounts.people_sought(db, asked, role=role, limit=rules.SOUGHT_MAX) for role in ("client", "consultant"))
    pages = catalog.named(db, asked, limit=rules.SOUGHT_MAX)
    return sorted({one.user_id for found in sought for one in found} | set(pages))


def story(db: Session, booking_id: str, actor: Actor, now: datetime, *, language: str) -> BookingStory:
    """Everything that happened to one booking, in the order it happened. Raises NotFound. Eight statements."""
    booking = bookings.booking(db, booking_id, actor, now)
    purpose = purpose_of_booking(booking_id)
    refunds = payments.refunds_for(db, purpose)
    about = [booking_id, purpose, booking.payment_id, *(refund.id for refund in refunds)]
    moments = [
        *(Moment(step.at, step=step) for step in bookings.timeline(db, booking_id)),
        *(Moment(refund.requested_at, refund=refund) for refund in refunds),
        *(Moment(one.at, transaction=one) for one in _transactions(ledger.transactions_for(db, purpose))),
        *(Moment(one.at, delivery=one) for one in outbox.deliveries_about(db, about)),
    ]
    return BookingStory(
        booking,
        payments.payment_for(db, purpose),
        tuple(refunds),
        tuple(sorted(moments, key=lambda moment: moment.at)),
        _names(db, [booking], language),
    )


def _supply(db: Session, homes: Mapping[str, Home], *, since: datetime, until: datetime) -> list[FieldSupply]:
    """Per field in the house's order: the hours its consultants' weeks offer in the period, and those booked."""
    weekly = scheduling.weekly_minutes(db)
    booked = bookings.booked_minutes(db, from_=since, until=until)
    weeks = (until - since) / timedelta(weeks=1)
    members: dict[str, list[str]] = defaultdict(list)
    for consultant_id, home in homes.items():
        members[home.field_id].append(consultant_id)
    return [
        FieldSupply(
            field_id,
            len(ids),
            round(sum(weekly.get(one, 0) for one in ids) * weeks / 60),
            round(sum(booked.get(one, 0) for one in ids) / 60),
        )
        for field_id, ids in members.items()
    ]


def _transactions(lines: Sequence[EntryLine]) -> list[TransactionView]:
    grouped: dict[str, list[EntryLine]] = defaultdict(list)
    for line in lines:
        grouped[line.transaction_id].append(line)
    return [TransactionView(key, ones[0].at, ones[0].kind, tuple(ones)) for key, ones in grouped.items()]


def _names(
    db: Session, found: Sequence[BookingView], language: str, homes: Mapping[str, Home] = MappingProxyType({})
) -> dict[str, str]:
    """Person id → name. Two statements; one where all the consultants are among the listed (`homes`)."""
    people = accounts.people(db, {person for one in found for person in (one.client_id, one.consultant_id)})
    if not {one.consultant_id for one in found} <= homes.keys():
        people = catalog.called(db, people, language)
    names = {who: person.name for who, person in people.items()}
    return names | {who: home.name.in_language(language) for who, home in homes.items() if who in names}


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 0.0


def problems_of_copy(address: str, counts: dict[str, int]) -> tuple[str, ...]:
    """What does not hold in a copy of the database at `address`: the books, the audit log, the rows of each table, and
    that the master keys of this house open what people wrote."""
    engine = create_engine(sqlalchemy_url(address), poolclass=NullPool)
    try:
        with Session(engine) as db:
            books, chain = ledger.verify(db), audit.verify(db)
            problems = list(books.problems)
            if not chain.holds:
                problems.append(f"the audit log is broken at line {chain.broken_at}")
            for table, expected in counts.items():
                found = db.scalar(select(func.count()).select_from(text(f'"{table}"')))
                if found != expected:
                    problems.append(f"{table} has {found} rows, not {expected}")
            problems += [f"the master key {name} does not open it" for name in vault.state(db).missing]
    finally:
        engine.dispose()
    return tuple(problems)


@dataclass(frozen=True)
class TimeAsked:
    """A time of one consultant that someone wonders about, and the answer where one was asked for."""

    consultant_id: str
    name: Words
    zone: str
    clock: str
    """On whose clock the time is meant and told."""
    services: tuple[ServiceView, ...]
    service_id: str
    typed: str
    why: Why | None
    names: dict[str, str]
    """Of the clients who are in the way."""

    @property
    def nonsense(self) -> bool:
        return bool(self.typed) and self.why is None


def consultants_named(db: Session, text: str) -> dict[str, ConsultantName]:
    return catalog.named(db, text, limit=CONSULTANTS_FOUND_MAX) if text else {}


def time_asked(db: Session, consultant_id: str, now: datetime, *, service_id: str, typed: str, clock: str) -> TimeAsked:
    """Raises NotFound for who has no calendar. Ten statements at most."""
    card, calendar = (
        catalog.cards_of(db, [consultant_id]).get(consultant_id),
        scheduling.calendars_of(db, [consultant_id]).get(consultant_id),
    )
    if card is None or calendar is None:
        raise NotFound
    zone = clock or calendar.zone
    service = next((one for one in card.services if one.id == service_id), card.services[0] if card.services else None)
    at = clocks.moment_of(typed, zone)
    why = bookings.why(db, service=service, at=at, now=now, calendar=calendar) if service and at else None
    people = accounts.people(db, {one.booking.client_id for one in why.in_the_way if one.booking}) if why else {}
    return TimeAsked(
        consultant_id, card.name, calendar.zone, zone, tuple(card.services), service.id if service else "", typed, why,
        {one.user_id: one.name for one in people.values()},
    )  # fmt: skip
