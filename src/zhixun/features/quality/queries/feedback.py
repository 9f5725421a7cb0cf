from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Numeric, Select, and_, case, cast, func, select, true
from sqlalchemy.orm import Session, aliased

from zhixun.features.quality import rules
from zhixun.features.quality.models import Feedback
from zhixun.features.quality.rules import Estimate, Group
from zhixun.kernel.sealed import unseal
from zhixun.kernel.tables import any_of
from zhixun.kernel.values import Actor, Words

_COUNTS = Feedback.set_aside_at.is_(None)
_OVERALL = (
    Feedback.accuracy + Feedback.clarity + Feedback.actionable + Feedback.boundaries + Feedback.punctual
) / cast(len(rules.DIMENSIONS), Numeric)


@dataclass(frozen=True)
class Satisfaction:
    """`mean` is on the 1–5 scale; `solved_share` is the share of "yes", 0 to 1."""

    mean: float
    count: int
    solved_share: float

    @property
    def shown(self) -> bool:
        return self.count >= rules.SCORE_SHOWN_FROM


NOTHING_YET = Satisfaction(0.0, 0, 0.0)


@dataclass(frozen=True)
class ReviewLine:
    client_id: str
    words: str
    solved: str
    score: float
    service_title: Words
    at: datetime


@dataclass(frozen=True)
class QualityView:
    satisfaction: Satisfaction
    dimensions: dict[str, float]
    """Mean per dimension, 1–5."""
    distribution: dict[int, int]
    """Stars (rounded mean of one feedback) → how many."""


@dataclass(frozen=True)
class FeedbackView:
    id: str
    scores: dict[str, int]
    nps: int
    solved: str
    words: str
    public: bool
    at: datetime


def satisfaction_of(db: Session, consultant_ids: Sequence[str]) -> dict[str, Satisfaction]:
    """Satisfaction per consultant; a consultant without feedback is not in the answer. One statement."""
    rows = db.execute(
        select(Feedback.consultant_id, func.avg(_OVERALL), func.count(), func.avg(_solved()))
        .where(Feedback.consultant_id == any_of(consultant_ids), _COUNTS)
        .group_by(Feedback.consultant_id)
    )
    return {who: Satisfaction(float(mean), count, float(solved)) for who, mean, count, solved in rows}


def satisfaction_estimates_of(
    db: Session, consultant_ids: Sequence[str], *, since: datetime | None = None
) -> dict[str, Estimate]:
    """Satisfaction (of all time, or since then) with its shrunk estimate and interval. Who has no feedback is not in the
    answer. One statement."""
    counted = _COUNTS if since is None else and_(_COUNTS, Feedback.at >= since)
    rows = db.execute(
        select(Feedback.consultant_id, func.count(), func.sum(_OVERALL), func.sum(_OVERALL * _OVERALL))
        .where(counted).group_by(Feedback.consultant_id)
    )  # fmt: skip
    groups = {who: Group(count, float(total), float(squares)) for who, count, total, squares in rows}
    population = rules.population_of(list(groups.values()))
    return {who: rules.estimate(groups[who], population) for who in consultant_ids if who in groups}


def quality_of(db: Session, consultant_id: str) -> QualityView:
    """Everything a consultant's page shows about quality, but the words. One statement."""
    return _quality(tuple(db.execute(_judged(consultant_id)).one()))


def reviews_of(db: Session, consultant_id: str, *, limit: int = 10) -> list[ReviewLine]:
    """Public reviews with words, the newest first. One statement."""
    return [_review(row) for row in db.scalars(_said(consultant_id, limit))]


def quality_and_reviews(db: Session, consultant_id: str, *, limit: int) -> tuple[QualityView, list[ReviewLine]]:
    """Both of them, in one statement."""
    judged, said = _judged(consultant_id).subquery(), aliased(Feedback, _said(consultant_id, limit).subquery())
    rows = db.execute(select(judged, said).outerjoin(said, true()).order_by(said.at.desc())).all()
    return _quality(tuple(rows[0])), [_review(row[-1]) for row in rows if row[-1] is not None]


def _judged(consultant_id: str) -> Select[Any]:
    means = {name: func.avg(getattr(Feedback, name)).label(name) for name in rules.DIMENSIONS}
    stars = [func.count().filter(func.round(_OVERALL) == star).label(f"stars_{star}") for star in range(1, 6)]
    return select(
        func.count().label("count"), func.avg(_OVERALL).label("mean"), func.avg(_solved()).label("solved"),
        *means.values(), *stars,
    ).where(Feedback.consultant_id == consultant_id, _COUNTS)  # fmt: skip


def _said(consultant_id: str, limit: int) -> Select[Feedback]:
    public = (Feedback.public, Feedback.words != "", _COUNTS)
    wanted = select(Feedback).where(Feedback.consultant_id == consultant_id, *public)
    return wanted.order_by(Feedback.at.desc()).limit(limit)


def _quality(row: Sequence[Any]) -> QualityView:
    count, mean, solved = row[:3]
    if not count:
        return QualityView(NOTHING_YET, {}, {})
    return QualityView(
        Satisfaction(float(mean), count, float(solved)),
        {name: float(value) for name, value in zip(rules.DIMENSIONS, row[3:8], strict=True)},
        dict(zip(range(1, 6), row[8:13], strict=True)),
    )


def _review(row: Feedback) -> ReviewLine:
    return ReviewLine(row.client_id, row.words, row.solved, _score(row), row.service_title, row.at)


def feedback_for(db: Session, booking_id: str, reader: Actor) -> FeedbackView | None:
    """The feedback of a booking, private words included: for the client, and for who may read it by the caller's word."""
    row = db.scalar(select(Feedback).where(Feedback.booking_id == booking_id))
    if row is None:
        return None
    scores = {name: getattr(row, name) for name in rules.DIMENSIONS}
    words = row.words or unseal(
        db, Feedback.private_words, row=booking_id, person=row.client_id, sealed=row.private_words, reader=reader
    )
    return FeedbackView(row.id, scores, row.nps, row.solved, words, row.public, row.at)


@dataclass(frozen=True)
class GivenByClient:
    """A client's feedback without words."""

    booking_id: str
    score: float
    nps: int
    solved: str
    at: datetime


def given_by(db: Session, client_id: str, *, consultant_id: str = "", limit: int = 50) -> list[GivenByClient]:
    """What a client answered, about all or about one consultant, the newest first."""
    wanted = select(Feedback).where(Feedback.client_id == client_id)
    if consultant_id:
        wanted = wanted.where(Feedback.consultant_id == consultant_id)
    rows = db.scalars(wanted.order_by(Feedback.at.desc()).limit(limit))
    return [GivenByClient(row.booking_id, _score(row), row.nps, row.solved, row.at) for row in rows]


def feedback_given(db: Session, booking_ids: Sequence[str]) -> frozenset[str]:
    """Which of these bookings already have feedback."""
    return frozenset(db.scalars(select(Feedback.booking_id).where(Feedback.booking_id.in_(booking_ids))))


def nps(db: Session, *, since: datetime) -> tuple[int, int]:
    """Net promoter score (−100…100: share of 9–10 less share of 0–6) and the number of answers since then."""
    row = db.execute(
        select(
            func.count(),
            func.count().filter(Feedback.nps >= 9),
            func.count().filter(Feedback.nps <= 6),
        ).where(Feedback.at >= since, _COUNTS)
    ).one()
    count, promoters, detractors = row
    return (round(100 * (promoters - detractors) / count), count) if count else (0, 0)


@dataclass(frozen=True)
class HouseQuality:
    """The feedback of one period over all consultants; `mean` 1–5, `solved_share` 0–1, `nps` −100…100."""

    count: int
    mean: float
    solved_share: float
    promoters: int
    detractors: int

    @property
    def nps(self) -> int:
        return round(100 * (self.promoters - self.detractors) / self.count) if self.count else 0


def house_quality(db: Session, *, since: datetime, before: datetime) -> tuple[HouseQuality, HouseQuality]:
    """The feedback given from `since` on, and that from `before` to `since`. One statement."""
    recent = Feedback.at > since
    rows = db.execute(
        select(
            recent, func.count(), func.avg(_OVERALL), func.avg(_solved()),
            func.count().filter(Feedback.nps >= 9), func.count().filter(Feedback.nps <= 6),
        ).where(Feedback.at > before, _COUNTS).group_by(recent)
    )  # fmt: skip
    found = {
        this: HouseQuality(count, float(mean), float(solved), promoters, detractors)
        for this, count, mean, solved, promoters, detractors in rows
    }
    none = HouseQuality(0, 0.0, 0.0, 0, 0)
    return found.get(True, none), found.get(False, none)


def _solved() -> ColumnElement[int]:
    return case((Feedback.solved == "yes", 1), else_=0)


def _score(row: Feedback) -> float:
    return rules.mean([getattr(row, name) for name in rules.DIMENSIONS])
