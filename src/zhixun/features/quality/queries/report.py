from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import mean

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from zhixun.features.booking import queries as bookings
from zhixun.features.catalog import queries as catalog
from zhixun.features.quality import rules
from zhixun.features.quality.models import Appeal, Case, ExpertReview, Feedback, Model, Prediction
from zhixun.features.quality.rules import ConductFigures, Estimate, Mover, RubricLine
from zhixun.kernel.values import Words

from .conduct import conduct_of
from .experts import expert_quality_of
from .feedback import satisfaction_estimates_of
from .summaries import OwedLine, after_sessions

APPEALS_SHOWN = 50


@dataclass(frozen=True)
class AppealState:
    id: str
    filed_at: datetime
    due_at: datetime
    upheld: bool | None
    answer: str


@dataclass(frozen=True)
class ExpertLine:
    """One expert's review as its consultant reads it, without the expert's name."""

    id: str
    score: float
    good: str
    learn: str
    at: datetime
    counts: bool
    appeal: AppealState | None


@dataclass(frozen=True)
class ClientLine:
    """A client's feedback; the words only where the client showed them to others."""

    id: str
    score: float
    words: str
    at: datetime
    counts: bool
    appeal: AppealState | None


@dataclass(frozen=True)
class Point:
    """The mean of the feedback given in one part of the period, None where nobody answered."""

    from_: datetime
    mean: float | None
    count: int


@dataclass(frozen=True)
class Predicted:
    """Sessions no expert read, and the mean of what the regression says of them."""

    mean: float
    count: int


@dataclass(frozen=True)
class Report:
    consultant_id: str
    field: Words
    from_: datetime
    until: datetime
    satisfaction: Estimate | None
    expert: Estimate | None
    predicted: Predicted | None
    satisfaction_median: float | None
    expert_median: float | None
    points: tuple[Point, ...]
    dimensions: dict[str, float]
    movers: tuple[Mover, ...]
    lines: dict[str, float]
    """Rubric line → mean mark."""
    rubric: tuple[RubricLine, ...]
    conduct: ConductFigures
    owed: tuple[OwedLine, ...]
    lessons: tuple[str, ...]
    suggestions: tuple[str, ...]
    expert_reviews: tuple[ExpertLine, ...]
    client_reviews: tuple[ClientLine, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.conduct.sessions or self.client_reviews or self.expert_reviews)


@dataclass(frozen=True)
class AppealLine:
    """An appeal on the desk, with what it is about."""

    id: str
    kind: str
    consultant_id: str
    reason: str
    filed_at: datetime
    due_at: datetime
    score: float
    words: str
    upheld: bool | None
    answer: str


@dataclass(frozen=True)
class ModelLine:
    trained_at: datetime
    sessions: int
    mae: float
    r2: float
    mean_mae: float
    used: bool
    weights: dict[str, float]


def report_of(db: Session, consultant_id: str, *, period: timedelta, now: datetime) -> Report:
    """A consultant's period in numbers and words, beside their peers of the same field. Ten statements."""
    from_ = now - period
    told = _told(db, consultant_id, since=from_ - period)
    recent = [one for one in told if one[0].at >= from_]
    homes = catalog.fields_of_consultants(db)
    own = homes.get(consultant_id)
    field_id, field = (own.field_id, own.field) if own else ("", Words())
    peers = [who for who, home in homes.items() if home.field_id == field_id and who != consultant_id]
    liked = satisfaction_estimates_of(db, [consultant_id, *peers], since=from_)
    judged = expert_quality_of(db, [consultant_id, *peers], since=from_)
    read = _read(db, consultant_id, since=from_)
    rubric = catalog.rubric_of(db, field_id) if field_id else ()
    sessions = bookings.completed_between(db, from_=from_, until=now, now=now, consultant_id=consultant_id)
    written, owed = after_sessions(db, consultant_id, sessions)
    conduct = rules.conduct_figures(list(conduct_of(db, sessions, written, now).values()))
    dimensions, lines = _dimensions(recent), _lines(read, rubric)
    return Report(
        consultant_id=consultant_id, field=field, from_=from_, until=now,
        satisfaction=liked.get(consultant_id), expert=judged.get(consultant_id),
        predicted=_predicted(db, consultant_id, since=from_),
        satisfaction_median=rules.median_of([liked[one].value for one in peers if one in liked]),
        expert_median=rules.median_of([judged[one].value for one in peers if one in judged]),
        points=_points(recent, from_=from_, period=period), dimensions=dimensions,
        movers=tuple(rules.movers(dimensions, _dimensions([one for one in told if one[0].at < from_]))),
        lines=lines, rubric=rubric, conduct=conduct, owed=tuple(owed), lessons=_lessons(read),
        suggestions=tuple(rules.suggestions(conduct, dimensions, lines)),
        expert_reviews=tuple(
            ExpertLine(row.id, row.score or 0.0, row.good, row.learn, row.given_at or now, row.set_aside_at is None, _state(appeal))
            for row, appeal in read
        ),
        client_reviews=tuple(
            ClientLine(row.id, _score(row), row.words if row.public else "", row.at, row.set_aside_at is None, _state(appeal))
            for row, appeal in recent
        ),
    )  # fmt: skip


def appeals(db: Session, *, decided: bool) -> list[AppealLine]:
    """What consultants appealed against: what waits, the most urgent first, or what was decided last."""
    wanted = select(Appeal).where(Appeal.decided_at.is_not(None) if decided else Appeal.decided_at.is_(None))
    order = Appeal.decided_at.desc() if decided else Appeal.due_at
    rows = list(db.scalars(wanted.order_by(order, Appeal.id).limit(APPEALS_SHOWN)))
    ids = [row.subject_id for row in rows]
    told = {row.id: (_score(row), row.words) for row in db.scalars(select(Feedback).where(Feedback.id.in_(ids)))}
    read = {
        row.id: (row.score or 0.0, row.learn)
        for row in db.scalars(select(ExpertReview).where(ExpertReview.id.in_(ids)))
    }
    return [
        AppealLine(
            row.id, row.kind, row.consultant_id, row.reason, row.filed_at, row.due_at,
            *(told | read).get(row.subject_id, (0.0, "")), row.upheld, row.answer,
        )
        for row in rows
    ]  # fmt: skip


def newest_model(db: Session) -> ModelLine | None:
    row = db.scalar(select(Model).order_by(Model.trained_at.desc()).limit(1))
    return (
        ModelLine(row.trained_at, row.sessions, row.mae, row.r2, row.mean_mae, row.used, row.weights) if row else None
    )


def predicted_of(db: Session, consultant_ids: Sequence[str]) -> dict[str, Predicted]:
    """What the regression says of the sessions no expert read."""
    rows = db.execute(
        select(Prediction.consultant_id, func.avg(Prediction.score), func.count())
        .where(Prediction.consultant_id.in_(consultant_ids)).group_by(Prediction.consultant_id)
    )  # fmt: skip
    return {who: Predicted(float(score), count) for who, score, count in rows}


def _told(db: Session, consultant_id: str, *, since: datetime) -> list[tuple[Feedback, Appeal | None]]:
    rows = db.execute(
        select(Feedback, Appeal)
        .outerjoin(Appeal, and_(Appeal.kind == "feedback", Appeal.subject_id == Feedback.id))
        .where(Feedback.consultant_id == consultant_id, Feedback.at >= since).order_by(Feedback.at.desc())
    )  # fmt: skip
    return [(row, appeal) for row, appeal in rows]


def _read(db: Session, consultant_id: str, *, since: datetime) -> list[tuple[ExpertReview, Appeal | None]]:
    """Reviews of closed cases: before that one expert could learn of the other's through the consultant."""
    rows = db.execute(
        select(ExpertReview, Appeal)
        .join(Case, Case.id == ExpertReview.case_id)
        .outerjoin(Appeal, and_(Appeal.kind == "expert", Appeal.subject_id == ExpertReview.id))
        .where(
            ExpertReview.consultant_id == consultant_id, ExpertReview.given_at >= since, Case.closed_at.is_not(None)
        ).order_by(ExpertReview.given_at.desc())
    )  # fmt: skip
    return [(row, appeal) for row, appeal in rows]


def _predicted(db: Session, consultant_id: str, *, since: datetime) -> Predicted | None:
    score, count = db.execute(
        select(func.avg(Prediction.score), func.count())
        .where(Prediction.consultant_id == consultant_id, Prediction.held_at >= since)
    ).one()  # fmt: skip
    return Predicted(float(score), count) if count else None


def _dimensions(told: Sequence[tuple[Feedback, Appeal | None]]) -> dict[str, float]:
    counted = [row for row, _ in told if row.set_aside_at is None]
    return {name: mean(getattr(row, name) for row in counted) for name in rules.DIMENSIONS} if counted else {}


def _lines(read: Sequence[tuple[ExpertReview, Appeal | None]], rubric: Sequence[RubricLine]) -> dict[str, float]:
    marks: Mapping[str, list[int]] = defaultdict(list)
    for row, _ in read:
        if row.set_aside_at is None:
            for name, mark in row.marks.items():
                marks[name].append(mark)
    return {line.name: mean(marks[line.name]) for line in rubric if marks[line.name]}


def _lessons(read: Sequence[tuple[ExpertReview, Appeal | None]]) -> tuple[str, ...]:
    """The two comments to learn from: of the sessions marked lowest, each text once."""
    lowest = sorted((row for row, _ in read if row.set_aside_at is None), key=lambda row: (row.score or 0.0, row.id))
    return tuple(dict.fromkeys(row.learn for row in lowest))[: rules.LESSONS_SHOWN]


def _points(told: Sequence[tuple[Feedback, Appeal | None]], *, from_: datetime, period: timedelta) -> tuple[Point, ...]:
    width = period / rules.POINTS
    found: list[list[float]] = [[] for _ in range(rules.POINTS)]
    for row, _ in told:
        if row.set_aside_at is None:
            found[min(int((row.at - from_) / width), rules.POINTS - 1)].append(_score(row))
    return tuple(
        Point(from_ + at * width, mean(scores) if scores else None, len(scores)) for at, scores in enumerate(found)
    )


def _state(appeal: Appeal | None) -> AppealState | None:
    return AppealState(appeal.id, appeal.filed_at, appeal.due_at, appeal.upheld, appeal.answer) if appeal else None


def _score(row: Feedback) -> float:
    return rules.mean([getattr(row, name) for name in rules.DIMENSIONS])
