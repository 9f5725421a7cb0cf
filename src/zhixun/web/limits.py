"""How often someone may try: fixed windows, counted in the database so that every process counts together."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from flask import current_app
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from zhixun.kernel.errors import TooMany
from zhixun.kernel.tables import Session, Table
from zhixun.kernel.values import utc_now

View = TypeVar("View")


class Window(Table):
    __tablename__ = "web_windows"
    __table_args__ = {"prefixes": ["UNLOGGED"]}
    personal_data = "erase"
    kept_for = ("began_at", 1)

    name: Mapped[str] = mapped_column(primary_key=True)
    """What is limited and for whom: "sign_in:" and a hash of the network address."""
    began_at: Mapped[datetime] = mapped_column(primary_key=True)
    tries: Mapped[int]


def takes_body(bytes_max: int) -> Callable[[View], View]:
    """For a form that carries files: its address takes a larger body than others do."""

    def decorate(view: View) -> View:
        view.body_bytes_max = bytes_max  # type: ignore[attr-defined]  # the shell reads it before anyone reads the body
        return view

    return decorate


def limit(name: str, whom: str, *, tries: int, seconds: int) -> None:
    """Count one try. Raises TooMany past `tries` in the current window of `seconds`. Off under ZHIXUN_RATE_LIMITS=off."""
    if not current_app.config["RATE_LIMITS"]:
        return
    now = utc_now()
    began = datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, now.tzinfo)
    counted = (
        insert(Window)
        .values(name=f"{name}:{_told_apart(whom)}", began_at=began, tries=1)
        .on_conflict_do_update(index_elements=["name", "began_at"], set_={"tries": Window.tries + 1})
        .returning(Window.tries)
    )
    with Session.begin() as db:
        if db.scalars(counted).one() > tries:
            wait = seconds - int(now.timestamp()) % seconds
            raise TooMany(extra={"retry_after_seconds": wait})


def _told_apart(whom: str) -> str:
    """Enough to count by; addresses and ids themselves have no business here."""
    return hashlib.sha256(whom.encode(errors="replace")).hexdigest()[:32]


def forget_old(before: datetime) -> None:
    with Session.begin() as db:
        db.execute(delete(Window).where(Window.began_at < before))
