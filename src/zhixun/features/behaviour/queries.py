from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from zhixun.features.privacy import queries as privacy
from zhixun.kernel.services import service as port

from . import rules
from .models import Pseudonym
from .ports import InteractionLog, Logged
from .rules import Interaction

TOLD_MAX = 100_000


def may_collect(db: Session, user_id: str) -> bool:
    """Whether this person agreed, to the text as it is now. One statement."""
    return bool(user_id) and privacy.has_consent(db, user_id, rules.PURPOSE)


def pseudonym_before(db: Session, user_id: str, moment: datetime) -> str | None:
    """The name of nobody that a person has had since before this moment; None where there is none so old."""
    return db.scalar(select(Pseudonym.person).where(Pseudonym.user_id == user_id, Pseudonym.made_at <= moment))


def pseudonym_of(db: Session, user_id: str) -> str | None:
    """The name of nobody that a person has now; None where nothing is kept of them."""
    return db.scalar(select(Pseudonym.person).where(Pseudonym.user_id == user_id))


def people_seen(db: Session) -> dict[str, str]:
    """The name of nobody → user id, of everyone with interactions that may be kept."""
    return dict(db.execute(select(Pseudonym.person, Pseudonym.user_id)).all())


def interactions_of(
    db: Session, user_id: str, *, since: datetime | None = None, limit: int = 1_000
) -> list[Interaction]:
    """What a person did, the latest first: for their profile, and for their own eyes. Asks the log."""
    person = pseudonym_of(db, user_id)
    return port(InteractionLog).of_person(person, since=since, limit=limit) if person else []


def told_of(db: Session, user_id: str) -> dict[str, list[dict[str, Any]]]:
    """All the log holds of a person, for their copy, the latest first, as JSON. Asks the log."""
    lines = interactions_of(db, user_id, limit=TOLD_MAX)
    return {"interactions": [json.loads(json.dumps(asdict(one), default=str)) for one in lines]}


def left_of(db: Session, user_id: str) -> list[str]:
    """What an erasure has left. The pseudonym goes when the log has been emptied."""
    return ["interactions"] if pseudonym_of(db, user_id) is not None else []


def everything(*, since: datetime | None = None) -> Iterator[Logged]:
    """What everyone did, the earliest first, for training. Asks the log."""
    return port(InteractionLog).everything(since=since)


def logged_count() -> int:
    return port(InteractionLog).count()
