from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from zhixun.features.accounts import queries as accounts
from zhixun.features.booking import queries as bookings
from zhixun.features.booking.queries import BookingView
from zhixun.features.catalog import queries as catalog
from zhixun.features.catalog.rules import RubricLine
from zhixun.features.messaging import queries as messaging
from zhixun.features.privacy import queries as privacy
from zhixun.features.quality import rules
from zhixun.features.quality.models import Case, ExpertReview
from zhixun.features.quality.rules import Bias, Candidate, Estimate, Group, Names, Population
from zhixun.kernel.errors import NotFound
from zhixun.kernel.tables import any_of
from zhixun.kernel.values import Actor, Words

from .summaries import summary_for

TRANSCRIPT_LINES_MAX = 300
TALK_BEFORE, TALK_AFTER = timedelta(days=3), timedelta(days=2)
"""What was written so long before and after a session belongs to it."""
CASES_SHOWN = 30


@dataclass(frozen=True)
class CaseLine:
    """A case in a list. `seat_due_at` is there for whoever holds a seat at it."""

    id: str
    field_id: str
    channel: str
    minutes: int
    opened_at: datetime
    due_at: datetime
    seats: int
    given: int
    seat_due_at: datetime | None = None


@dataclass(frozen=True)
class GivenLine:
    """A review of the asker's own that is handed in."""

    case_id: str
    field_id: str
    score: float
    at: datetime


@dataclass(frozen=True)
class ReviewBoard:
    taken: tuple[CaseLine, ...]
    open: tuple[CaseLine, ...]
    given: tuple[GivenLine, ...]
    given_count: int
    bias: Bias | None


@dataclass(frozen=True)
class Spoken:
    by_client: bool
    text: str
    at: datetime


@dataclass(frozen=True)
class CaseView:
    """What an expert reads of a session: its texts without the names. `given_score` once they have handed in."""

    id: str
    title: Words
    channel: str
    minutes: int
    brief: str
    lines: tuple[Spoken, ...]
    summary: str
    rubric: tuple[RubricLine, ...]
    due_at: datetime
    given_score: float | None


@dataclass(frozen=True)
class ReviewerLine:
    reviewer_id: str
    name: str
    given: int
    mean: float
    bias: Bias | None


@dataclass(frozen=True)
class Agreement:
    """Krippendorff's α over the lines of the rubrics, and over how many lines of how many sessions."""

    alpha: float | None
    lines: int
    cases: int


@dataclass(frozen=True)
class HouseCases:
    open: int
    waiting: int
    """Open cases that nobody has taken yet."""
    closed: int
    oldest_due_at: datetime | None


def review_board(db: Session, actor: Actor, now: datetime) -> ReviewBoard:
    """The asker's desk as an expert: what they took, what they may take, what they gave. Never their own sessions."""
    seats = _seats_of(db, actor.user_id)
    taken = [one for one in seats if one.given_at is None]
    given = [one for one in seats if one.given_at is not None]
    cases = _open_cases(db, actor, now)
    by_id = bookings.bookings_by_ids(db, [case.id for case, _, _ in cases], now)
    lines = [_line(case, count, by_id[case.id], taken) for case, count, _ in cases if case.id in by_id]
    fields = _fields_of_cases(db, [one.case_id for one in given[:CASES_SHOWN]])
    free = {case.id for case, _, held in cases if held < case.seats}
    known = {one.case_id for one in seats}
    return ReviewBoard(
        tuple(line for line in lines if line.seat_due_at),
        tuple(line for line in lines if line.id in free - known),
        tuple(
            GivenLine(one.case_id, fields[one.case_id], one.score or 0.0, one.given_at or now)
            for one in given[:CASES_SHOWN]
        ),
        len(given),
        _biases(db).get(actor.user_id),
    )


def seats_held(db: Session, reviewer_id: str) -> int:
    """Seats someone has taken and not filled."""
    held = and_(ExpertReview.reviewer_id == reviewer_id, ExpertReview.given_at.is_(None))
    return db.scalar(select(func.count()).select_from(ExpertReview).where(held)) or 0


def case_for_reviewer(db: Session, case_id: str, actor: Actor, now: datetime) -> CaseView:
    """A session as the expert who took it reads it. Raises NotFound for everyone else, when the time for it has passed,
    and when its client has taken the consent back."""
    found = db.execute(
        select(Case, ExpertReview).join(ExpertReview, ExpertReview.case_id == Case.id)
        .where(Case.id == case_id, ExpertReview.reviewer_id == actor.user_id)
    ).first()  # fmt: skip
    if found is None:
        raise NotFound
    case, seat = found
    given = seat.given_at is not None
    if not given and (now >= seat.due_at or case.closed_at is not None):
        raise NotFound
    if not privacy.has_consent(db, case.client_id, "expert_review"):
        raise NotFound
    booking = bookings.bookings_by_ids(db, [case.id], now)[case.id]
    names = _names(db, booking)
    brief, summary = bookings.brief_of(db, booking, actor), summary_for(db, case.id, reader=actor)
    return CaseView(
        case.id, booking.title, booking.channel, booking.minutes,
        rules.disguise(brief, names), _transcript(db, booking, names, actor),
        rules.disguise(summary.text, names) if summary else "",
        catalog.rubric_of(db, case.field_id), seat.due_at, seat.score,
    )  # fmt: skip


def scores_of_case(db: Session, case_id: str) -> list[float]:
    """The scores handed in for a session."""
    return list(db.scalars(select(ExpertReview.score).where(ExpertReview.case_id == case_id, _counts())))


def candidates(db: Session, now: datetime) -> list[Candidate]:
    """Sessions the clock may choose from: completed lately, not chosen before, of a consultant whose sessions have
    rested, of a client who agreed."""
    rested = set(db.scalars(select(Case.consultant_id).where(Case.opened_at > now - rules.READ_AGAIN_AFTER)))
    done = bookings.completed_between(db, from_=now - rules.SAMPLED_WITHIN, until=now, now=now)
    done = [one for one in done if one.consultant_id not in rested]
    known = set(db.scalars(select(Case.id).where(Case.id == any_of([one.id for one in done]))))
    agreed = privacy.who_consented(db, {one.client_id for one in done}, "expert_review")
    counts = dict(
        db.execute(
            select(ExpertReview.consultant_id, func.count()).where(_counts()).group_by(ExpertReview.consultant_id)
        ).all()
    )
    return [
        Candidate(one.id, one.consultant_id, counts.get(one.consultant_id, 0))
        for one in done
        if one.id not in known and one.client_id in agreed
    ]


def expert_quality_of(
    db: Session, consultant_ids: Sequence[str], *, since: datetime | None = None
) -> dict[str, Estimate]:
    """Consultant quality: the mean of the scores of m expert reviews of closed cases (the published formula), its count,
    and the shrunk estimate; of all time, or since then. Who has no review is not in the answer. One statement."""
    groups = _groups(db, since)
    population = rules.population_of(list(groups.values()))
    return {who: rules.estimate(groups[who], population) for who in consultant_ids if who in groups}


def expert_population(db: Session) -> Population:
    return rules.population_of(list(_groups(db, None).values()))


def agreement(db: Session) -> Agreement:
    """How far the experts agree on what two or three of them read."""
    marks: dict[str, list[dict[str, int]]] = defaultdict(list)
    for case_id, given in db.execute(select(ExpertReview.case_id, ExpertReview.marks).where(_counts())):
        marks[case_id].append(given)
    shared = {case_id: given for case_id, given in marks.items() if len(given) > 1}
    units = [[one[name] for one in given] for given in shared.values() for name in given[0]]
    return Agreement(rules.alpha_ordinal(units), len(units), len(shared))


def reviewers(db: Session) -> list[ReviewerLine]:
    """Everyone who has handed in a review, with how much they do and how they mark, the busiest first."""
    rows = db.execute(
        select(ExpertReview.reviewer_id, func.count(), func.avg(ExpertReview.score))
        .where(_counts()).group_by(ExpertReview.reviewer_id).order_by(func.count().desc(), ExpertReview.reviewer_id)
    ).all()  # fmt: skip
    people, bias = accounts.people(db, [who for who, _, _ in rows]), _biases(db)
    return [
        ReviewerLine(who, people[who].name if who in people else "–", count, float(mean), bias.get(who))
        for who, count, mean in rows
    ]


def house_cases(db: Session) -> HouseCases:
    """How many sessions are with the experts. One statement."""
    is_open = Case.closed_at.is_(None)
    seat = select(ExpertReview.id).where(ExpertReview.case_id == Case.id).exists()
    row = db.execute(
        select(
            func.count().filter(is_open), func.count().filter(is_open, ~seat), func.count().filter(~is_open),
            func.min(Case.due_at).filter(is_open),
        )
    ).one()  # fmt: skip
    return HouseCases(*row)


def _counts() -> ColumnElement[bool]:
    """Handed in, and not set aside by an appeal."""
    return and_(ExpertReview.given_at.is_not(None), ExpertReview.set_aside_at.is_(None))


def _groups(db: Session, since: datetime | None) -> dict[str, Group]:
    score = ExpertReview.score
    counted = _counts() if since is None else and_(_counts(), ExpertReview.given_at >= since)
    rows = db.execute(
        select(ExpertReview.consultant_id, func.count(), func.sum(score), func.sum(score * score))
        .join(Case, Case.id == ExpertReview.case_id)
        .where(counted, Case.closed_at.is_not(None))
        .group_by(ExpertReview.consultant_id)
    )
    return {who: Group(count, float(total or 0), float(squares or 0)) for who, count, total, squares in rows}


def _biases(db: Session) -> dict[str, Bias]:
    scores: dict[str, dict[str, float]] = defaultdict(dict)
    rows = db.execute(select(ExpertReview.case_id, ExpertReview.reviewer_id, ExpertReview.score).where(_counts()))
    for case_id, reviewer_id, score in rows:
        scores[case_id][reviewer_id] = score or 0.0
    return rules.biases(scores)


def _seats_of(db: Session, reviewer_id: str) -> list[ExpertReview]:
    mine = select(ExpertReview).where(ExpertReview.reviewer_id == reviewer_id)
    return list(db.scalars(mine.order_by(ExpertReview.given_at.desc().nulls_first(), ExpertReview.taken_at)))


def _open_cases(db: Session, actor: Actor, now: datetime) -> list[tuple[Case, int, int]]:
    """Open cases of others with the reviews handed in and the seats taken, the longest waiting first."""
    seats = (
        select(
            ExpertReview.case_id, func.count().filter(ExpertReview.given_at.is_not(None)).label("given"),
            func.count().label("held"),
        ).group_by(ExpertReview.case_id).subquery()
    )  # fmt: skip
    rows = db.execute(
        select(Case, func.coalesce(seats.c.given, 0), func.coalesce(seats.c.held, 0))
        .outerjoin(seats, seats.c.case_id == Case.id)
        .where(
            Case.closed_at.is_(None), Case.due_at > now, Case.client_id != actor.user_id,
            Case.consultant_id != actor.user_id,
        )
        .order_by(Case.opened_at, Case.id)
        .limit(CASES_SHOWN)
    )  # fmt: skip
    return [(case, given, held) for case, given, held in rows]


def _line(case: Case, given: int, booking: BookingView, taken: Sequence[ExpertReview]) -> CaseLine:
    seat = next((one for one in taken if one.case_id == case.id), None)
    return CaseLine(
        case.id, case.field_id, booking.channel, booking.minutes, case.opened_at, case.due_at, case.seats, given,
        seat.due_at if seat else None,
    )  # fmt: skip


def _fields_of_cases(db: Session, case_ids: Sequence[str]) -> dict[str, str]:
    return dict(db.execute(select(Case.id, Case.field_id).where(Case.id == any_of(case_ids))).all())


def _names(db: Session, booking: BookingView) -> Names:
    people = accounts.people(db, [booking.client_id, booking.consultant_id])
    called = {who: (people[who].name,) if who in people else () for who in (booking.client_id, booking.consultant_id)}
    listed = catalog.name_of(db, booking.consultant_id)
    return Names(called[booking.client_id], (*called[booking.consultant_id], listed.zh, listed.en))


def _transcript(db: Session, booking: BookingView, names: Names, reader: Actor) -> tuple[Spoken, ...]:
    said = messaging.said_between(
        db, client_id=booking.client_id, consultant_id=booking.consultant_id, from_=booking.starts_at - TALK_BEFORE,
        until=booking.ends_at + TALK_AFTER, limit=TRANSCRIPT_LINES_MAX, reader=reader,
    )  # fmt: skip
    return tuple(
        Spoken(line.sender_id == booking.client_id, rules.disguise(line.text, names), line.at) for line in said
    )
