"""Fields and topics, and what the house asks and judges in each."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from importlib import resources

from sqlalchemy import select
from sqlalchemy.orm import Session

from zhixun.features.catalog import rules
from zhixun.features.catalog.models import Field, Topic
from zhixun.features.catalog.rules import (
    FieldView,
    IntakeQuestion,
    RubricLine,
    TopicView,
)
from zhixun.kernel.errors import NotFound


def fields(db: Session) -> list[FieldView]:
    """Every field with its topics, in the house's order. Two statements."""
    topics: dict[str, list[TopicView]] = defaultdict(list)
    for row in db.scalars(select(Topic).order_by(Topic.position)):
        topics[row.field_id].append(TopicView(row.id, row.name, tuple(row.synonyms), row.crisis))
    return [replace(field, topics=tuple(topics[field.id])) for field in bare_fields(db)]


def bare_fields(db: Session) -> list[FieldView]:
    """The same without their topics. One statement."""
    return [_field(row, ()) for row in db.scalars(select(Field).order_by(Field.position))]


def field(db: Session, field_id: str) -> FieldView:
    """One field with its topics. Raises NotFound. One statement."""
    wanted = select(Field, Topic).outerjoin(Topic, Topic.field_id == Field.id).where(Field.id == field_id)
    rows = db.execute(wanted.order_by(Topic.position)).all()
    if not rows:
        raise NotFound
    topics = [TopicView(row.id, row.name, tuple(row.synonyms), row.crisis) for _, row in rows if row is not None]
    return _field(rows[0][0], topics)


def rubric_of(db: Session, field_id: str) -> tuple[RubricLine, ...]:
    """What a reviewer of this field judges; the weights make 10,000 basis points. Raises NotFound. One statement."""
    stored = db.scalar(select(Field.rubric).where(Field.id == field_id))
    if stored is None:
        raise NotFound
    return rules.read_rubric(stored)


def intake_of(db: Session, field_id: str) -> tuple[IntakeQuestion, ...]:
    """What a client of this field is asked before a session. Raises NotFound. One statement."""
    stored = db.scalar(select(Field.intake).where(Field.id == field_id))
    if stored is None:
        raise NotFound
    return rules.read_intake(stored)


@lru_cache(maxsize=1)
def house_fields() -> tuple[FieldView, ...]:
    """The fields that ship with the house, in its order, read from the files in `data/`."""
    files = resources.files("zhixun.features.catalog").joinpath("data").iterdir()
    found = [json.loads(file.read_text("utf-8")) for file in files if file.name.endswith(".json")]
    return tuple(rules.read_field(one) for one in sorted(found, key=lambda one: int(one["position"])))


def _field(row: Field, topics: Sequence[TopicView]) -> FieldView:
    return FieldView(
        row.id, row.name, row.summary, row.glyph, tuple(topics), row.disclaimer, tuple(row.crisis_words),
        row.crisis_help, rules.read_intake(row.intake), rules.read_rubric(row.rubric),
        rules.read_credentials_required(row.credentials_required),
    )  # fmt: skip
