"""The live model, and whether a newly learnt one may take its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from zhixun.features.behaviour import queries as behaviour
from zhixun.features.recommend.models import Model
from zhixun.features.recommend.ports import Trainer
from zhixun.features.recommend.rules import choices as rules
from zhixun.features.recommend.rules.choices import Choice
from zhixun.kernel.services import service as port


@dataclass(frozen=True)
class LiveModel:
    id: str = ""
    weights: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    trained_until: datetime | None = None
    figures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """`outcome`: "replaced", "worse" (the live one stays) or "too_little" (there is nothing to measure on)."""

    outcome: str
    trainer: str
    weights: Mapping[str, Mapping[str, float]]
    trained_until: datetime | None
    figures: Mapping[str, float | int]


NO_MODEL = LiveModel()


def live_model(db: Session) -> LiveModel:
    """NO_MODEL where nothing was learnt yet. One statement."""
    row = db.scalar(select(Model).where(Model.live))
    return LiveModel(row.id, row.weights, row.trained_until, row.figures) if row else NO_MODEL


def models(db: Session, *, limit: int = 10) -> list[LiveModel]:
    """The newest first, with their figures."""
    rows = db.scalars(select(Model).order_by(Model.made_at.desc(), Model.id.desc()).limit(limit))
    return [LiveModel(row.id, row.weights, row.trained_until, row.figures) for row in rows]


def verdict(db: Session) -> Verdict:
    """Learn from everyone who agrees, and hold it against the live model on later choices that neither has seen.

    What passes is learnt once more from everything. Asks the log and the trainer.
    """
    trainer, live, made = port(Trainer), live_model(db), _choices(db)
    parts = rules.parts_of(made, live.trained_until)
    counted = {"choices": len(made), "people": len({one.person for one in made})}
    if parts is None or not rules.is_measurable(parts):
        return Verdict("too_little", trainer.name, {}, None, counted)
    candidate = rules.quality_of(trainer.item_weights(parts.earlier), parts)
    standing = rules.quality_of(live.weights, parts)
    figures = {
        **counted, "held_out": len(parts.later), "ndcg10": round(candidate, 4), "ndcg10_live": round(standing, 4),
        "ndcg10_popularity": round(rules.quality_of({}, parts), 4),
    }  # fmt: skip
    if candidate < standing:
        return Verdict("worse", trainer.name, {}, None, figures)
    return Verdict("replaced", trainer.name, trainer.item_weights(made), max(one.at for one in made), figures)


def _choices(db: Session) -> list[Choice]:
    agreeing = behaviour.people_seen(db)
    return [
        Choice(logged.person, one.consultant_id, rules.CHOICE_WEIGHTS[one.kind], one.at)
        for logged in behaviour.everything()
        if logged.person in agreeing and (one := logged.interaction).consultant_id and one.kind in rules.CHOICE_WEIGHTS
    ]
