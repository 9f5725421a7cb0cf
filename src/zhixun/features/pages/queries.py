"""What the pages of people and of the house show, put together from several features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from zhixun.features.accounts import queries as accounts
from zhixun.features.booking import queries as bookings
from zhixun.features.booking.queries import BookingView
from zhixun.features.ledger import queries as ledger
from zhixun.features.ledger.queries import AccountMonth, EarningsLine, EntryLine
from zhixun.features.ledger.rules import consultant_account, escrow_of, shares
from zhixun.features.messaging import queries as messaging
from zhixun.features.payments.rules import booking_of
from zhixun.features.payouts import queries as payouts
from zhixun.features.privacy import queries as privacy
from zhixun.features.privacy.queries import ConsentLine
from zhixun.features.privacy.rules import PURPOSES, Purpose
from zhixun.features.scheduling import queries as scheduling
from zhixun.kernel import personal
from zhixun.kernel.tables import Table
from zhixun.kernel.values import Actor, Money, Words

from . import rules


@dataclass(frozen=True)
class ConsentState:
    """Where one purpose stands: `at` is when it was given, `withdrawn_at` when the last yes was taken back."""

    purpose: Purpose
    given: bool
    version: str | None
    at: datetime | None
    withdrawn_at: datetime | None


@dataclass(frozen=True)
class HeldData:
    """One table with personal data: what it holds in words, and why it outlives an erased account (empty: it does not)."""

    table: str
    holds: Words
    kept_because: str


def standing(lines: Sequence[ConsentLine]) -> list[ConsentState]:
    """Each purpose with its latest yes or its withdrawal. `lines` are the newest first."""
    found = []
    for purpose in PURPOSES.values():
        mine = [line for line in lines if line.purpose == purpose.name]
        last = next((line for line in mine if line.withdrawn_at is None), mine[0] if mine else None)
        found.append(
            ConsentState(
                purpose,
                given=bool(last and last.withdrawn_at is None),
                version=last.version if last else None,
                at=last.given_at if last else None,
                withdrawn_at=last.withdrawn_at if last else None,
            )
        )
    return found


def personal_data() -> list[HeldData]:
    """Every table that says it holds personal data, in the order the house describes them. No statement."""
    held = {mapper.class_.__tablename__: mapper.class_.personal_data for mapper in Table.registry.mappers}
    order = {name: at for at, name in enumerate(rules.TABLES)}
    return [
        HeldData(
            name, rules.TABLES.get(name, Words(name, name)), held[name].removeprefix("erase").removeprefix("keep: ")
        )
        for name in sorted(held, key=lambda name: (order.get(name, len(order)), name))
        if held[name] != "none"
    ]


@dataclass(frozen=True)
class ProDay:
    """A consultant's sessions of today and of the following days, in their own zone, with the clients' names."""

    asked: tuple[BookingView, ...]
    """Requests that wait for an answer."""
    today: tuple[BookingView, ...]
    briefs: dict[str, str]
    """What today's clients wrote, by booking."""
    later_by_day: tuple[tuple[BookingView, ...], ...]
    names: dict[str, str]
    zones: dict[str, str]
    """Client id → the zone of the clock they read."""
    unread: int
    is_new: bool
    """Nobody has booked yet: the page shows what to do first."""
    has_hours: bool


@dataclass(frozen=True)
class WaitingLine:
    """Money of one booking that waits in escrow: `net` is what the consultant gets of `gross` once it is released."""

    booking: BookingView
    gross: Money
    net: Money


@dataclass(frozen=True)
class StatementLine:
    """One release, with the booking it came from and every ledger entry of that booking."""

    earned: EarningsLine
    booking: BookingView | None
    entries: tuple[EntryLine, ...]


@dataclass(frozen=True)
class Earnings:
    balance: Money
    waiting_net: Money
    this_month: Money
    waiting: tuple[WaitingLine, ...]
    lines: tuple[StatementLine, ...]
    names: dict[str, str]
    next_before: datetime | None
    last_payout: tuple[Money, datetime] | None


def pro_day(db: Session, actor: Actor, now: datetime) -> ProDay:
    """The consultant's desk for today and the next DAYS_SHOWN days. At most eight statements."""
    zone = ZoneInfo(actor.zone)
    midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    until = midnight + timedelta(days=rules.DAYS_SHOWN)
    found = bookings.day_of(db, actor.user_id, from_=midnight, until=until, now=now)
    days = [
        (day, tuple(ones)) for day, ones in groupby(found, key=lambda one: one.starts_at.astimezone(zone).date())
    ]  # fmt: skip
    asked = tuple(bookings.requests_of(db, actor.user_id, now))
    is_new = not found and not asked and not bookings.bookings_of(db, actor, now, limit=1)
    today = next((ones for day, ones in days if day == midnight.date()), ())
    people = accounts.people(db, {one.client_id for one in (*asked, *found)})
    return ProDay(
        asked=asked,
        today=today,
        briefs=bookings.briefs_of(db, today, actor),
        later_by_day=tuple(ones for day, ones in days if day != midnight.date()),
        names={who: person.name for who, person in people.items()},
        zones={who: person.zone for who, person in people.items()},
        unread=messaging.unread_total(db, actor),
        is_new=is_new,
        has_hours=bool(is_new and scheduling.hours_of(db, actor.user_id)),
    )


def earnings(db: Session, actor: Actor, now: datetime, *, before: datetime | None = None) -> Earnings:
    """What a consultant has, waits for and was given, session by session. Nine statements."""
    zone = ZoneInfo(actor.zone)
    month = now.astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    unreleased = bookings.unreleased_of(db, actor.user_id, now)
    held = ledger.balances(db, [escrow_of(one.id) for one in unreleased])
    waiting = tuple(
        WaitingLine(one, gross, shares(gross, one.commission_bps)[1])
        for one in unreleased
        if (gross := held.get(escrow_of(one.id)))
    )
    released = ledger.statement(db, actor.user_id, limit=rules.LINES_SHOWN + 1, before=before)
    page = released[: rules.LINES_SHOWN]
    entries = ledger.transactions_for_many(db, [line.purpose for line in page])
    of = {line.purpose: booking_of(line.purpose) or "" for line in page}
    known = bookings.bookings_by_ids(db, list(of.values()), now)
    lines = tuple(StatementLine(line, known.get(of[line.purpose]), tuple(entries[line.purpose])) for line in page)
    return Earnings(
        balance=ledger.balance(db, consultant_account(actor.user_id)),
        waiting_net=sum((line.net for line in waiting), Money(0)),
        this_month=ledger.released_since(db, actor.user_id, month),
        waiting=waiting,
        lines=lines,
        names=_names(db, [*(line.booking for line in waiting), *known.values()]),
        next_before=page[-1].released_at if len(released) > rules.LINES_SHOWN else None,
        last_payout=payouts.last_payout(db, actor.user_id),
    )


@dataclass(frozen=True)
class Movement:
    """One movement of a consultant's account, the session it is for where it is for one, and all its entries."""

    entry: EntryLine
    booking: BookingView | None
    entries: tuple[EntryLine, ...]


@dataclass(frozen=True)
class MonthTold:
    month: AccountMonth
    lines: tuple[Movement, ...]
    names: dict[str, str]
    """Client id → name."""


def statement(db: Session, actor: Actor, month: str, now: datetime) -> MonthTold:
    """The asker's month, movement by movement. Raises Invalid for what is no month."""
    told = payouts.statement_of(db, actor.user_id, month, actor.zone)
    books = ledger.transactions_for_many(db, list({line.purpose for line in told.lines}))
    known = bookings.bookings_by_ids(db, [one for line in told.lines if (one := booking_of(line.purpose))], now)
    lines = tuple(
        Movement(
            line,
            known.get(booking_of(line.purpose) or ""),
            tuple(one for one in books[line.purpose] if one.transaction_id == line.transaction_id),
        )
        for line in told.lines
    )
    return MonthTold(told, lines, _names(db, list(known.values())))


def _names(db: Session, found: Sequence[BookingView]) -> dict[str, str]:
    """Client id → the name they chose."""
    return {person.user_id: person.name for person in accounts.people(db, {one.client_id for one in found}).values()}


@dataclass(frozen=True)
class ErasurePlan:
    """What erasing somebody takes away; what stays, why, and until the end of which year at least; and what stands against
    it now (sentences). `at` is when it was done, or now."""

    at: datetime
    goes: tuple[tuple[Words, int], ...]
    stays: tuple[tuple[Words, int, str, int | None], ...]
    open_matters: tuple[personal.OpenMatter, ...] = ()


def erasure_plan(db: Session, person_id: str, now: datetime) -> ErasurePlan:
    plan = _erasure(personal.held(db, person_id), now)
    return replace(plan, open_matters=tuple(personal.open_matters(db, person_id, now)))


def erasure_done(db: Session, person_id: str) -> ErasurePlan | None:
    """The same of who has been erased; None for everybody else."""
    done = privacy.erasure_of(db, person_id)
    if done is None:
        return None
    return _erasure([personal.Held(one["table"], one["rows"], one["kept_because"]) for one in done.report], done.at)


def _erasure(held: Sequence[personal.Held], at: datetime) -> ErasurePlan:
    named = [(rules.TABLES.get(one.table, Words(one.table, one.table)), one) for one in held if one.rows]
    return ErasurePlan(
        at=at,
        goes=tuple((words, one.rows) for words, one in named if not one.kept_because),
        stays=tuple(
            (words, one.rows, one.kept_because, rules.kept_until(one.kept_because, at))
            for words, one in named
            if one.kept_because
        ),
    )
