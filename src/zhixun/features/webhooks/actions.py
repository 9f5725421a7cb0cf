from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from zhixun.events.webhooks import WebhookDue
from zhixun.features.accounts.rules import check_right
from zhixun.kernel.errors import N_, Conflict, NotFound
from zhixun.kernel.unit_of_work import UnitOfWork

from . import rules
from .models import Delivery, Endpoint
from .ports import Outcome, Parcel
from .rules import State

RIGHT = "run_house"
PROBLEM_LENGTH_MAX = 200


class TooManyEndpoints(Conflict):
    code, message = "too_many_webhooks", N_("At most 20 addresses can hear us. Please remove one first.")


class SwitchedOff(Conflict):
    code, message = "webhook_off", N_("This address is switched off. Switch it on first.")


def put_endpoint(
    uow: UnitOfWork, *, endpoint_id: str, url: str, description: str, kinds: list[str], active: bool = True,
    private_allowed: bool = False,
) -> None:  # fmt: skip
    """Add a program that hears facts, or change one. Switched on again, it starts with a clean slate. The same twice is
    done once. Raises RightNeeded, Invalid, TooManyEndpoints."""
    check_right(uow.actor, RIGHT)
    said = {
        "url": rules.clean_url(url, private_allowed=private_allowed),
        "description": rules.clean_description(description),
        "kinds": rules.clean_kinds(kinds),
        "active": active,
    }
    row = uow.db.get(Endpoint, endpoint_id, with_for_update=True)
    if row is None:
        if (uow.db.scalar(select(func.count()).select_from(Endpoint)) or 0) >= rules.ENDPOINTS_MAX:
            raise TooManyEndpoints
        fresh = {"id": endpoint_id, "secret_version": 1, "created_at": uow.now, "failing_since": None}
        uow.db.execute(insert(Endpoint).values(**fresh, **said).on_conflict_do_nothing())
        return
    if active and not row.active:
        row.failing_since = None
    for name, value in said.items():
        setattr(row, name, value)


def remove_endpoint(uow: UnitOfWork, *, endpoint_id: str) -> None:
    """Take an address away, with all that still waits for it. One that is gone already changes nothing."""
    check_right(uow.actor, RIGHT)
    uow.db.execute(delete(Endpoint).where(Endpoint.id == endpoint_id))


def renew_secret(uow: UnitOfWork, *, endpoint_id: str) -> None:
    """From now on sign with another secret. Raises NotFound, RightNeeded."""
    check_right(uow.actor, RIGHT)
    _endpoint(uow, endpoint_id).secret_version += 1


def send_test(uow: UnitOfWork, *, endpoint_id: str, delivery_id: str) -> None:
    """Tell one program nothing but that we are there. Raises NotFound, RightNeeded, SwitchedOff."""
    check_right(uow.actor, RIGHT)
    if not _endpoint(uow, endpoint_id).active:
        raise SwitchedOff
    _queue(uow, endpoint_id, delivery_id, rules.PING, {"type": rules.PING, "id": delivery_id, "data": {}})


def send_again(uow: UnitOfWork, *, endpoint_id: str, delivery_id: str) -> None:
    """Try one delivery again from the start, at once. Raises NotFound, RightNeeded, SwitchedOff."""
    check_right(uow.actor, RIGHT)
    if not _endpoint(uow, endpoint_id).active:
        raise SwitchedOff
    row = uow.db.get(Delivery, delivery_id, with_for_update=True)
    if row is None or row.endpoint_id != endpoint_id:
        raise NotFound
    row.state, row.tries, row.next_at, row.claimed_until = State.WAITING, 0, uow.now, None
    uow.emit(WebhookDue(delivery_id=delivery_id))


def tell(uow: UnitOfWork, *, kind: str, fact_id: str, data: Mapping[str, object]) -> None:
    """Queue a fact for every program that wants to hear its kind. Its id comes from the fact's: twice is once."""
    wanting = uow.db.scalars(select(Endpoint.id).where(Endpoint.active, Endpoint.kinds.contains([kind])))
    body = {"type": kind, "id": fact_id, "data": dict(data)}
    for endpoint_id in wanting:
        name = hashlib.sha256(f"{fact_id}:{endpoint_id}".encode()).hexdigest()[:32]
        _queue(uow, endpoint_id, name, kind, body)


def claim(uow: UnitOfWork, *, delivery_id: str) -> Parcel | None:
    """Take a delivery for one try; None where it is not waiting, or someone is trying it, or its program is off."""
    row = uow.db.scalar(select(Delivery).where(Delivery.id == delivery_id).with_for_update(skip_locked=True))
    if row is None or row.state != State.WAITING or (row.claimed_until and row.claimed_until > uow.now):
        return None
    endpoint = uow.db.get(Endpoint, row.endpoint_id)
    if endpoint is None or not endpoint.active:
        row.state, row.problem = State.GIVEN_UP, "switched off"
        return None
    row.claimed_until = uow.now + rules.CLAIM_LASTS
    row.tries += 1
    return Parcel(row.id, endpoint.url, endpoint.id, endpoint.secret_version, row.body, uow.now)


def note_outcome(uow: UnitOfWork, *, delivery_id: str, outcome: Outcome) -> None:
    """Write down what came of a try: delivered, to be tried again, or given up. An address that says it is gone, or that
    has answered nothing well for SILENT_FOR, is switched off."""
    row = uow.db.get(Delivery, delivery_id, with_for_update=True)
    if row is None or row.state != State.WAITING:
        return
    row.status, row.problem, row.claimed_until = outcome.status, outcome.problem[:PROBLEM_LENGTH_MAX], None
    endpoint = uow.db.get(Endpoint, row.endpoint_id, with_for_update=True)
    assert endpoint is not None, "a delivery goes with its endpoint"
    if rules.is_fine(outcome.status):
        row.state, row.answered_at, endpoint.failing_since = State.DELIVERED, uow.now, None
        return
    endpoint.failing_since = endpoint.failing_since or uow.now
    pause = rules.pause_after(row.tries)
    gone = outcome.status == rules.GONE_STATUS
    if gone or uow.now - endpoint.failing_since >= rules.SILENT_FOR:
        endpoint.active = False
    if gone or pause is None or not endpoint.active:
        row.state = State.GIVEN_UP
    else:
        row.next_at = uow.now + pause


def wake_due(uow: UnitOfWork, *, limit: int) -> int:
    """State once more that deliveries are due whose time has come, or whose last try was lost. Returns how many."""
    free = or_(Delivery.claimed_until.is_(None), Delivery.claimed_until <= uow.now)
    due = select(Delivery.id).where(Delivery.state == State.WAITING, Delivery.next_at <= uow.now, free)
    ids = list(uow.db.scalars(due.order_by(Delivery.next_at).limit(limit).with_for_update(skip_locked=True)))
    uow.db.execute(update(Delivery).where(Delivery.id.in_(ids)).values(next_at=uow.now + rules.WAKE_AGAIN))
    for delivery_id in ids:
        uow.emit(WebhookDue(delivery_id=delivery_id))
    return len(ids)


def forget_old(uow: UnitOfWork) -> None:
    """Delete what was told more than KEPT ago."""
    over = Delivery.state != State.WAITING
    uow.db.execute(delete(Delivery).where(over, Delivery.created_at < uow.now - rules.KEPT))


def _queue(uow: UnitOfWork, endpoint_id: str, delivery_id: str, kind: str, body: Mapping[str, object]) -> None:
    text = json.dumps({**body, "at": _stamp(uow.now)}, ensure_ascii=False, separators=(",", ":"))
    new = uow.db.scalar(
        insert(Delivery)
        .values(
            id=delivery_id, endpoint_id=endpoint_id, kind=kind, body=text, state=State.WAITING, tries=0, problem="",
            created_at=uow.now, next_at=uow.now + rules.WAKE_AGAIN,
        )
        .on_conflict_do_nothing()
        .returning(Delivery.id)
    )  # fmt: skip
    if new is not None:
        uow.emit(WebhookDue(delivery_id=delivery_id))


def _endpoint(uow: UnitOfWork, endpoint_id: str) -> Endpoint:
    row = uow.db.get(Endpoint, endpoint_id, with_for_update=True)
    if row is None:
        raise NotFound
    return row


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
