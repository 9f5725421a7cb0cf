from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from zhixun.kernel.errors import NotFound
from zhixun.kernel.services import service

from .models import Delivery, Endpoint
from .ports import WebhookSender
from .rules import State


@dataclass(frozen=True)
class EndpointView:
    id: str
    url: str
    description: str
    kinds: tuple[str, ...]
    active: bool
    secret_version: int
    created_at: datetime
    failing_since: datetime | None
    waiting: int
    given_up: int


@dataclass(frozen=True)
class DeliveryView:
    id: str
    kind: str
    body: str
    state: State
    tries: int
    created_at: datetime
    next_at: datetime
    status: int | None
    problem: str
    answered_at: datetime | None


def endpoints(db: Session) -> list[EndpointView]:
    """Every program that hears us, the oldest first. Two statements."""
    counts = _counts(db)
    return [_view(row, counts) for row in db.scalars(select(Endpoint).order_by(Endpoint.created_at, Endpoint.id))]


def endpoint(db: Session, endpoint_id: str) -> EndpointView:
    """Raises NotFound."""
    row = db.get(Endpoint, endpoint_id)
    if row is None:
        raise NotFound
    return _view(row, _counts(db))


def secret_of(one: EndpointView) -> str:
    """What the program checks our signatures with. It is derived, so the database is not asked."""
    return service(WebhookSender).secret(one.id, one.secret_version)


def deliveries_of(db: Session, endpoint_id: str, *, limit: int, before: datetime | None = None) -> list[DeliveryView]:
    """What was told to one program, the newest first."""
    wanted = select(Delivery).where(Delivery.endpoint_id == endpoint_id)
    if before is not None:
        wanted = wanted.where(Delivery.created_at < before)
    rows = db.scalars(wanted.order_by(Delivery.created_at.desc(), Delivery.id.desc()).limit(limit))
    return [
        DeliveryView(
            row.id, row.kind, row.body, State(row.state), row.tries, row.created_at, row.next_at, row.status,
            row.problem, row.answered_at,
        )
        for row in rows
    ]  # fmt: skip


def _counts(db: Session) -> dict[tuple[str, str], int]:
    found = db.execute(
        select(Delivery.endpoint_id, Delivery.state, func.count())
        .where(Delivery.state != State.DELIVERED)
        .group_by(Delivery.endpoint_id, Delivery.state)
    )
    return {(endpoint_id, state): count for endpoint_id, state, count in found}


def _view(row: Endpoint, counts: dict[tuple[str, str], int]) -> EndpointView:
    return EndpointView(
        row.id, row.url, row.description, tuple(row.kinds), row.active, row.secret_version, row.created_at,
        row.failing_since, counts.get((row.id, State.WAITING), 0), counts.get((row.id, State.GIVEN_UP), 0),
    )  # fmt: skip
