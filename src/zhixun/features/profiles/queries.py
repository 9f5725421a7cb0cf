from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from zhixun.features.accounts import queries as accounts
from zhixun.features.behaviour import queries as behaviour
from zhixun.features.behaviour.rules import Interaction
from zhixun.features.catalog import queries as catalog
from zhixun.features.catalog.rules import FieldView
from zhixun.kernel.values import Words

from . import rules
from .models import Correction, Model, Profile, Saved, SegmentName
from .rules import Gathered, Habits, Segment

NO_HABITS = Habits()
ONE_MAX = 1_000
"""The latest interactions of one person that take part."""


@dataclass(frozen=True)
class ProfileView:
    """A person's profile with their own corrections in it."""

    user_id: str
    vector: Mapping[str, float] = field(default_factory=dict)
    sources: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    segment: str = ""
    segment_name: Words = Words()
    habits: Habits = NO_HABITS
    built_at: datetime | None = None
    corrections: Mapping[str, str] = field(default_factory=dict)
    """Label → verdict."""

    @property
    def known(self) -> bool:
        return self.built_at is not None

    @property
    def not_interested(self) -> frozenset[str]:
        """Ids of the consultants this person does not want to be shown."""
        prefix = "consultant="
        return frozenset(
            label.removeprefix(prefix)
            for label, verdict in self.corrections.items()
            if label.startswith(prefix) and verdict == "wrong"
        )


@dataclass(frozen=True)
class SegmentLine:
    key: str
    name: Words
    size: int


@dataclass(frozen=True)
class ModelView:
    idf: Mapping[str, float] = field(default_factory=dict)
    segments: tuple[Segment, ...] = ()
    people_count: int = 0
    silhouette: float = 0.0
    stability: float = 0.0
    built_at: datetime | None = None


NO_MODEL = ModelView()


def profile_of(db: Session, user_id: str) -> ProfileView:
    """What is known of a person, their corrections applied; empty where nothing is. Two statements, three with a segment."""
    corrections = corrections_of(db, user_id)
    row = db.get(Profile, user_id)
    if row is None:
        return ProfileView(user_id, corrections=corrections)
    said = [rules.Correction(label, verdict) for label, verdict in corrections.items()]
    segment = "" if corrections.get(f"segment={row.segment}") == "wrong" else row.segment
    name = db.scalar(select(SegmentName.name).where(SegmentName.key == segment)) if segment else None
    habits = Habits(
        row.last_at, row.sessions_count, row.value_minor, row.price_minor, _wanted(corrections, "channel") or row.channel,
        _wanted(corrections, "hours") or row.hours, _wanted(corrections, "language") or row.language,
    )  # fmt: skip
    return ProfileView(
        user_id, rules.corrected(row.vector, said), row.sources, segment, name or Words(), habits, row.built_at, corrections
    )  # fmt: skip


def corrections_of(db: Session, user_id: str) -> dict[str, str]:
    rows = db.execute(select(Correction.label, Correction.verdict).where(Correction.user_id == user_id))
    return dict(rows.all())


def vectors(db: Session, user_ids: Iterable[str] | None = None) -> dict[str, dict[str, float]]:
    """User id → vector as it was worked out, of these people or of all."""
    wanted = select(Profile.user_id, Profile.vector)
    if user_ids is not None:
        wanted = wanted.where(Profile.user_id.in_(set(user_ids)))
    return {user_id: dict(vector) for user_id, vector in db.execute(wanted)}


def model(db: Session) -> ModelView:
    """The newest; NO_MODEL where nothing was learnt yet."""
    row = db.scalar(select(Model).order_by(Model.built_at.desc(), Model.id.desc()).limit(1))
    if row is None:
        return NO_MODEL
    segments = tuple(Segment(one["key"], one["centre"], tuple(one["labels"]), int(one["size"])) for one in row.segments)
    return ModelView(row.idf, segments, row.people_count, row.silhouette, row.stability, row.built_at)


def segments(db: Session) -> list[SegmentLine]:
    """The largest first."""
    rows = db.scalars(select(SegmentName).order_by(SegmentName.size.desc(), SegmentName.key))
    return [SegmentLine(row.key, row.name, row.size) for row in rows]


def segments_of_people(db: Session) -> dict[str, str]:
    """Person → the segment they are in, but for who says that it is wrong. One statement."""
    wrong = select(Correction.user_id).where(
        Correction.user_id == Profile.user_id, Correction.label == "segment=" + Profile.segment,
        Correction.verdict == "wrong",
    )  # fmt: skip
    return dict(
        db.execute(select(Profile.user_id, Profile.segment).where(Profile.segment != "", ~wrong.exists())).all()
    )


def labels_of_consultants(db: Session, consultant_ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Consultant id → their field and topics as labels, also of who is no longer listed."""
    cards = catalog.cards_of(db, list(consultant_ids))
    return {
        one.id: (f"field={one.field_id}", f"seniority={one.seniority}", *(f"topic={topic}" for topic in one.topic_ids))
        for one in cards.values()
    }


def names_of_labels(fields: Iterable[FieldView]) -> dict[str, Words]:
    named: dict[str, Words] = {}
    for one in fields:
        named[f"field={one.id}"] = one.name
        named |= {f"topic={topic.id}": topic.name for topic in one.topics}
    return named


def _wanted(corrections: Mapping[str, str], name: str) -> str:
    prefix = f"{name}="
    return next(
        (label.removeprefix(prefix) for label, said in corrections.items() if label.startswith(prefix) and said == "wanted"), ""
    )  # fmt: skip


def gathered(db: Session) -> Gathered:
    """What everyone who agrees did, and what is needed to learn from it. Asks the log."""
    people = behaviour.people_seen(db)
    done: dict[str, list[Interaction]] = {}
    for logged in behaviour.everything():
        if user_id := people.get(logged.person):
            done.setdefault(user_id, []).append(logged.interaction)
    zones = {user_id: person.zone for user_id, person in accounts.people(db, done).items()}
    seen = {one.consultant_id for many in done.values() for one in many if one.consultant_id}
    return Gathered(
        {user_id: many[::-1][:ONE_MAX] for user_id, many in done.items() if user_id in zones}, zones,
        labels_of_consultants(db, seen), names_of_labels(catalog.fields(db)),
    )  # fmt: skip


def has_saved(db: Session, user_id: str, consultant_id: str) -> bool:
    """Whether a person saved this consultant. One statement, none for nobody."""
    return bool(user_id) and db.get(Saved, (user_id, consultant_id)) is not None


def saved_by(db: Session, user_id: str) -> list[str]:
    """Ids of the consultants a person saved, the latest first. One statement."""
    mine = select(Saved.consultant_id).where(Saved.user_id == user_id)
    return list(db.scalars(mine.order_by(Saved.saved_at.desc(), Saved.consultant_id))) if user_id else []
