from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, insert

from zhixun.features.quality.models import Model, Prediction
from zhixun.features.quality.rules import Fitted
from zhixun.kernel.unit_of_work import UnitOfWork


def keep_model(uow: UnitOfWork, *, model_id: str, fitted: Fitted, held: Mapping[str, tuple[str, datetime]]) -> int:
    """Keep what was learned and, if it is better than the mean, its predictions in place of the ones before; returns how
    many stand. `held` says of each session whose it was and when."""
    uow.db.add(
        Model(
            id=model_id, trained_at=uow.now, sessions=fitted.count, mae=fitted.errors.mae, rmse=fitted.errors.rmse,
            r2=fitted.errors.r2, mean_mae=fitted.baseline.mae, mean_r2=fitted.baseline.r2, used=fitted.is_better,
            weights=fitted.weights,
        )
    )  # fmt: skip
    uow.db.execute(delete(Prediction))
    rows = [
        {
            "booking_id": booking_id, "consultant_id": held[booking_id][0], "model_id": model_id,
            "score": round(score, 3), "held_at": held[booking_id][1],
        }
        for booking_id, score in fitted.predictions.items()
        if fitted.is_better
    ]  # fmt: skip
    if rows:
        uow.db.execute(insert(Prediction), rows)
    return len(rows)
