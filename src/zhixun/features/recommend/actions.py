from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from zhixun.features.profiles import actions as profiles
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import new_id

from .models import Model, Suggested

MODELS_KEPT = 10


def replace_model(
    uow: UnitOfWork,
    *,
    trainer: str,
    weights: Mapping[str, Mapping[str, float]],
    trained_until: datetime,
    figures: Mapping[str, Any],
) -> str:
    """What was learnt becomes the live model; the last MODELS_KEPT stay, so that one may go back. Returns its id."""
    uow.db.execute(update(Model).where(Model.live).values(live=False))
    made = Model(
        id=new_id(), made_at=uow.now, trainer=trainer, live=True, trained_until=trained_until, weights=dict(weights),
        figures=dict(figures),
    )  # fmt: skip
    uow.db.add(made)
    uow.db.flush()
    newest = select(Model.id).order_by(Model.made_at.desc(), Model.id.desc()).limit(MODELS_KEPT)
    uow.db.execute(delete(Model).where(Model.id.not_in(newest), ~Model.live))
    return made.id


def keep_suggestions(uow: UnitOfWork, *, user_id: str, items: Sequence[Mapping[str, Any]]) -> None:
    """Who is suggested to a person now; nobody leaves no row."""
    if not items:
        uow.db.execute(delete(Suggested).where(Suggested.user_id == user_id))
        return
    said = {"items": [dict(one) for one in items], "made_at": uow.now}
    put = insert(Suggested).values(user_id=user_id, **said)
    uow.db.execute(put.on_conflict_do_update(index_elements=["user_id"], set_=said))


def dismiss(uow: UnitOfWork, *, consultant_id: str) -> None:
    """The actor is not interested in this consultant: gone from their suggestions at once and from later ones too.
    Raises Invalid."""
    profiles.correct(uow, label=f"consultant={consultant_id}", verdict="wrong")
    row = uow.db.get(Suggested, uow.actor.user_id)
    if row is not None:
        row.items = [one for one in row.items if one["id"] != consultant_id]


def forget_person(uow: UnitOfWork, *, user_id: str) -> None:
    uow.db.execute(delete(Suggested).where(Suggested.user_id == user_id))
