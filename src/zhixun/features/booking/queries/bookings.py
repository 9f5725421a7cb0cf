from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session

from zhixun.features.accounts import queries as accounts
from zhixun.features.accounts.rules import may
from zhixun.features.booking import rules
from zhixun.features.booking.models import Booking, Step
from zhixun.features.booking.rules import LadderStep, State
from zhixun.features.loyalty.rules import points_worth
from zhixun.features.plans.rules import COVERS, PriceLine, read_lines
from zhixun.kernel import sealed
from zhixun.kernel.errors import N_, NotFound
from zhixun.kernel.personal import OpenMatter
from zhixun.kernel.sealed import Letter, Sealed
from zhixun.kernel.values import Actor, Money, Words


@dataclass(frozen=True)
class BookingView:
    id: str
    client_id: str
    consultant_id: str
    service_id: str
    payment_id: str
    state: State
    channel: str
    title: Words
    minutes: int
    starts_at: datetime
    ends_at: datetime
    hold_expires_at: datetime
    first_starts_at: datetime
    moves: int
    moves_by_client: int
    free_until: datetime | None
    """Where the consultant moved it: until then cancelling gives the client everything back."""
    on_request: bool
    """Whether the consultant has to accept it before it stands."""
    answer_by: datetime | None
    price: Money
    lines: tuple[PriceLine, ...]
    """How the price came about; empty for bookings from before it was written down."""
    commission_bps: int
    sealed_brief: Sealed
    """Opened by `brief_of`, where it is shown."""
    sensitive: bool
    ladder: tuple[LadderStep, ...]
    refund_now: Money
    share_now: int
    """Which share of it, or of what a plan paid for it, the client gets back by cancelling now, in hundredths of a percent."""
    """What cancelling at `seen_at` would give back to the client."""
    created_at: datetime
    client_joined_at: datetime | None
    consultant_joined_at: datetime | None
    began_at: datetime | None
    completed_at: datetime | None
    ended_reason: str | None
    release_at: datetime | None
    released_at: datetime | None
    seen_at: datetime
    series_id: str | None = None
    group_id: str | None = None
    courtesy_points: int = 0
    """What the client has besides, where the consultant calls it off or does not come."""

    @property
    def courtesy(self) -> Money:
        return points_worth(self.courtesy_points)

    @property
    def room_opens_at(self) -> datetime:
        return self.starts_at - rules.ROOM_OPENS_BEFORE

    @property
    def may_start_from(self) -> datetime:
        """From then on the consultant may start early, with a client who is there."""
        return self.starts_at - rules.EARLY_START

    @property
    def both_joined(self) -> bool:
        return bool(self.client_joined_at and self.consultant_joined_at)

    @property
    def with_plan(self) -> bool:
        """Whether a package or a membership pays for it, so that nothing is left to pay in money."""
        return any(line.kind in COVERS for line in self.lines)

    @property
    def may_cancel(self) -> bool:
        return self.state in rules.CANCELLABLE and self.seen_at < self.starts_at

    @property
    def has_brief(self) -> bool:
        return bool(self.sealed_brief)

    @property
    def sequence(self) -> int:
        """Which version of its calendar entry this is: a yes, a move and a cancellation each make a new one."""
        answered = self.on_request and self.state is not State.REQUESTED
        return self.moves + answered + (self.state in (State.CANCELLED, State.NO_SHOW))

    def may_move(self, user_id: str) -> bool:
        if self.state is not State.CONFIRMED or self.seen_at >= self.starts_at or self.group_id:
            return False
        if user_id == self.client_id:
            return self.moves_by_client < rules.MOVES_MAX and self.seen_at <= self.starts_at - rules.MOVE_UNTIL
        return True

    def may_leave_at(self, user_id: str) -> datetime | None:
        """From when the one who is there may stop waiting for the other; None where nobody waits."""
        came = {self.client_id: self.client_joined_at, self.consultant_id: self.consultant_joined_at}
        mine, theirs = (
            rules.has_come(came[who], starts_at=self.starts_at) for who in (user_id, self.other_party(user_id))
        )
        return self.starts_at + rules.LEAVE_AFTER if self.state is State.CONFIRMED and mine and not theirs else None

    def other_party(self, user_id: str) -> str:
        return self.consultant_id if user_id == self.client_id else self.client_id


@dataclass(frozen=True)
class StepLine:
    state: State
    at: datetime
    by: str
    starts_at: datetime | None = None
    """Set where this step was to another time."""


def booking(db: Session, booking_id: str, actor: Actor, now: datetime) -> BookingView:
    """One booking, for the two people in it and for operators who may see orders. Raises NotFound for everyone else."""
    row = db.scalar(_visible(actor).where(Booking.id == booking_id))
    if row is None:
        raise NotFound
    return view_of(row, now)


def brief_of(db: Session, view: BookingView, reader: Actor) -> str:
    """What the client wrote beforehand, for who may read it by the caller's word. The client sees who did."""
    return briefs_of(db, [view], reader)[view.id]


def briefs_of(db: Session, views: Sequence[BookingView], reader: Actor) -> dict[str, str]:
    """Booking id → brief; see `brief_of`."""
    letters = [Letter(view.id, view.client_id, view.sealed_brief) for view in views]
    texts = sealed.unseal_many(db, Booking.brief, letters, reader=reader)
    return {view.id: text for view, text in zip(views, texts, strict=True)}


def bookings_of(
    db: Session,
    actor: Actor,
    now: datetime,
    *,
    upcoming: bool | None = None,
    limit: int = 50,
    before: datetime | None = None,
    before_id: str = "",
) -> list[BookingView]:
    """The asker's own bookings, as client or consultant; upcoming ones soonest first, past ones latest first.

    `upcoming=None` gives all. `before` (a start) pages on through past ones; with the last one's id as `before_id`,
    others of the same start are not left out.
    """
    mine = select(Booking).where(_mine(actor))
    if upcoming is None:
        mine = mine.order_by(Booking.starts_at.desc(), Booking.id.desc())
    elif upcoming:
        mine = mine.where(_is_upcoming(now)).order_by(Booking.starts_at)
    else:
        mine = mine.where(~_is_upcoming(now)).order_by(Booking.starts_at.desc(), Booking.id.desc())
    if before is not None:
        mine = mine.where(tuple_(Booking.starts_at, Booking.id) < tuple_(before, before_id))
    return [view_of(row, now) for row in db.scalars(mine.limit(limit))]


def day_of(db: Session, consultant_id: str, *, from_: datetime, until: datetime, now: datetime) -> list[BookingView]:
    """A consultant's confirmed and running bookings that start in [from_, until), soonest first."""
    rows = db.scalars(
        select(Booking)
        .where(
            Booking.consultant_id == consultant_id,
            Booking.starts_at >= from_,
            Booking.starts_at < until,
            Booking.state.in_((State.CONFIRMED, State.IN_PROGRESS, State.COMPLETED)),
        )
        .order_by(Booking.starts_at)
    )
    return [view_of(row, now) for row in rows]


def starting_between(
    db: Session, *, from_: datetime, until: datetime, now: datetime, limit: int = 2_000
) -> list[BookingView]:
    """Confirmed bookings of the whole house that start in (from_, until], soonest first."""
    near = (Booking.state == State.CONFIRMED, Booking.starts_at > from_, Booking.starts_at <= until)
    return [
        view_of(row, now) for row in db.scalars(select(Booking).where(*near).order_by(Booking.starts_at).limit(limit))
    ]


def requests_of(db: Session, consultant_id: str, now: datetime, *, limit: int = 50) -> list[BookingView]:
    """What waits for a consultant's answer, the first to end first."""
    waiting = (Booking.consultant_id == consultant_id, Booking.state == State.REQUESTED, Booking.answer_by > now)
    return [
        view_of(row, now)
        for row in db.scalars(select(Booking).where(*waiting).order_by(Booking.answer_by).limit(limit))
    ]


def requests_waiting(db: Session, now: datetime, *, limit: int = 2_000) -> list[BookingView]:
    """All requests of the house that still wait for an answer, the first to end first."""
    waiting = (Booking.state == State.REQUESTED, Booking.answer_by > now)
    return [
        view_of(row, now)
        for row in db.scalars(select(Booking).where(*waiting).order_by(Booking.answer_by).limit(limit))
    ]


def unreleased_of(db: Session, consultant_id: str, now: datetime, *, limit: int = 200) -> list[BookingView]:
    """A consultant's bookings whose money may still wait in escrow, the soonest session first."""
    paid = Booking.state.in_((State.PAID, State.REQUESTED, State.CONFIRMED, State.IN_PROGRESS))
    waiting = and_(Booking.release_at.is_not(None), Booking.released_at.is_(None))
    rows = db.scalars(
        select(Booking)
        .where(Booking.consultant_id == consultant_id, or_(paid, waiting))
        .order_by(Booking.starts_at)
        .limit(limit)
    )
    return [view_of(row, now) for row in rows]


def latest(db: Session, now: datetime, *, limit: int = 20) -> list[BookingView]:
    """The newest bookings of the whole house, for operators."""
    return [view_of(row, now) for row in db.scalars(select(Booking).order_by(Booking.created_at.desc()).limit(limit))]


def timeline(db: Session, booking_id: str) -> list[StepLine]:
    rows = db.scalars(select(Step).where(Step.booking_id == booking_id).order_by(Step.number))
    return [StepLine(State(row.state), row.at, row.by, row.starts_at) for row in rows]


def is_first(db: Session, client_id: str) -> bool:
    """Whether this person has never had a booking that was agreed."""
    agreed = (State.PAID, State.REQUESTED, State.CONFIRMED, State.IN_PROGRESS, State.COMPLETED, State.NO_SHOW)
    found = select(Booking.id).where(Booking.client_id == client_id, Booking.state.in_(agreed)).limit(1)
    return db.scalar(found) is None


@dataclass(frozen=True)
class Asked:
    """What is known where somebody asks for a time: how many unpaid holds they have, whether they and the consultant keep
    apart, and whether a booking has the id already."""

    holds: int
    apart: bool
    known: bool


def asked(db: Session, *, booking_id: str, client_id: str, consultant_id: str, now: datetime) -> Asked:
    """One statement."""
    values = {"booking": booking_id, "client": client_id, "consultant": consultant_id, "now": now}
    return Asked(*db.execute(_ASKED, values).one())


def held_count(db: Session, client_id: str, now: datetime) -> int:
    """How many unpaid holds someone has; those of one series count as one."""
    return db.scalar(_HELD, {"client": client_id, "now": now}) or 0


_HELD = select(func.count(func.coalesce(Booking.series_id, Booking.id).distinct())).where(
    Booking.client_id == bindparam("client"), Booking.state == State.HELD, Booking.hold_expires_at > bindparam("now")
)
_ASKED = select(
    _HELD.scalar_subquery(),
    accounts.apart(bindparam("client"), bindparam("consultant")),
    exists().where(Booking.id == bindparam("booking")),
)


def due_by_time(db: Session, now: datetime, *, after: str = "", limit: int = 200) -> list[str]:
    """Ids of bookings whose exit by time has come, ascending; `after` (an id) pages on."""
    lapsed = and_(Booking.state.in_((State.HELD, State.PAID)), Booking.hold_expires_at <= now)
    unanswered = and_(Booking.state == State.REQUESTED, Booking.answer_by <= now)
    both = and_(Booking.client_joined_at.is_not(None), Booking.consultant_joined_at.is_not(None))
    waited = or_(both, Booking.starts_at <= now - rules.NO_SHOW_AFTER, Booking.ends_at <= now)
    begins = and_(Booking.state == State.CONFIRMED, Booking.starts_at <= now, waited)
    over = and_(Booking.state == State.IN_PROGRESS, Booking.ends_at <= now)
    due = select(Booking.id).where(or_(lapsed, unanswered, begins, over), Booking.id > after)
    return list(db.scalars(due.order_by(Booking.id).limit(limit)))


def due_for_release(db: Session, now: datetime, *, after: str = "", limit: int = 200) -> list[str]:
    """Ids of bookings whose money has waited long enough for a dispute, ascending; `after` (an id) pages on."""
    due = select(Booking.id).where(Booking.release_at <= now, Booking.released_at.is_(None), Booking.id > after)
    return list(db.scalars(due.order_by(Booking.id).limit(limit)))


def completed_between(
    db: Session, *, from_: datetime, until: datetime, now: datetime, consultant_id: str = ""
) -> list[BookingView]:
    """Sessions completed in [from_, until), of all or of one consultant, the first first, for callers that have already
    decided who may see them."""
    done = select(Booking).where(
        Booking.state == State.COMPLETED, Booking.completed_at >= from_, Booking.completed_at < until
    )
    if consultant_id:
        done = done.where(Booking.consultant_id == consultant_id)
    return [view_of(row, now) for row in db.scalars(done.order_by(Booking.completed_at, Booking.id))]


def bookings_by_ids(db: Session, booking_ids: Sequence[str], now: datetime) -> dict[str, BookingView]:
    """Several bookings at once, for callers that have already decided who may see them."""
    rows = db.scalars(select(Booking).where(Booking.id.in_(booking_ids)))
    return {row.id: view_of(row, now) for row in rows}


def _visible(actor: Actor) -> Select[Booking]:
    return select(Booking) if may(actor, "see_orders") else select(Booking).where(_mine(actor))


def _mine(actor: Actor) -> ColumnElement[bool]:
    return or_(Booking.client_id == actor.user_id, Booking.consultant_id == actor.user_id)


def _is_upcoming(now: datetime) -> ColumnElement[bool]:
    held = and_(Booking.state == State.HELD, Booking.hold_expires_at > now)
    return or_(held, Booking.state.in_((State.PAID, State.REQUESTED, State.CONFIRMED, State.IN_PROGRESS)))


def view_of(row: Booking, now: datetime) -> BookingView:
    price, policy = Money(row.price_minor, row.currency), rules.read_policy(row.policy)
    lapsed = row.state == State.HELD and row.hold_expires_at <= now
    share = 10_000
    if row.state != State.REQUESTED:
        share = rules.refund_bps_at(now, starts_at=row.first_starts_at, policy=policy, free_until=row.free_until)
    return BookingView(
        id=row.id, client_id=row.client_id, consultant_id=row.consultant_id, service_id=row.service_id,
        payment_id=row.payment_id, state=State.EXPIRED if lapsed else State(row.state), channel=row.channel,
        title=row.title, minutes=row.minutes, starts_at=row.starts_at, ends_at=row.ends_at,
        hold_expires_at=row.hold_expires_at, price=price, lines=read_lines(row.lines, row.currency),
        commission_bps=row.commission_bps, sealed_brief=row.brief,
        sensitive=row.sensitive, first_starts_at=row.first_starts_at, moves=row.moves,
        moves_by_client=row.moves_by_client, free_until=row.free_until, on_request=row.on_request,
        answer_by=row.answer_by, ladder=_ladder(row, price),
        refund_now=price.share_bps(share), share_now=share,
        created_at=row.created_at, client_joined_at=row.client_joined_at,
        consultant_joined_at=row.consultant_joined_at, began_at=row.began_at, completed_at=row.completed_at,
        ended_reason=row.ended_reason, release_at=row.release_at, released_at=row.released_at, seen_at=now,
        series_id=row.series_id, group_id=row.group_id, courtesy_points=row.courtesy_points,
    )  # fmt: skip


def _ladder(row: Booking, price: Money) -> tuple[LadderStep, ...]:
    steps = rules.ladder(
        starts_at=row.first_starts_at, price=price, policy=rules.read_policy(row.policy),
        moved_to=row.starts_at if row.moves else None, free_until=row.free_until,
    )  # fmt: skip
    return tuple(steps)


def open_matters(db: Session, person_id: str, now: datetime) -> list[OpenMatter]:
    """Why this person cannot be erased yet."""
    theirs = or_(Booking.client_id == person_id, Booking.consultant_id == person_id)
    to_come = select(Booking.id).where(theirs, _is_upcoming(now))
    unreleased = select(Booking.id).where(theirs, Booking.release_at.is_not(None), Booking.released_at.is_(None))
    found = []
    if one := db.scalar(to_come.order_by(Booking.starts_at).limit(1)):
        said = N_("A session is still to come. Cancel it, or let it take place.")
        found.append(OpenMatter(said, f"/sessions/{one}"))
    if one := db.scalar(unreleased.order_by(Booking.release_at).limit(1)):
        said = N_("The money of a session is not released yet. That takes 48 hours after it.")
        found.append(OpenMatter(said, f"/sessions/{one}"))
    return found
