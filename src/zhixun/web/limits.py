"""How often someone may try: fixed windows, counted in the database so that every process counts together."""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from flask import Response, after_this_request, current_app
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from zhixun.kernel.errors import N_, TooMany
from zhixun.kernel.tables import Session, Table
from zhixun.kernel.values import utc_now

View = TypeVar("View")


class StillAnswering(TooMany):
    code = "still_answering"
    message = N_("What you asked for before is not finished yet. Please wait a moment, then try again.")


class AllAnswering(TooMany):
    code = "all_answering"
    message = N_("Many people ask for this just now. Please try again in a few seconds.")


RETRY_SECONDS = 5
SENT_SECONDS_MAX = 120
"""No answer takes so long: one whose end nobody told us of counts no more."""
_under_way: list[tuple[str, str, float]] = []
_under_way_lock = threading.Lock()


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


def few_at_once(name: str, whom: str, *, each: int, together: int) -> None:
    """Count an answer that is written slowly until it has been sent: at most `each` for one and `together` in this
    process, so that they never take every thread. Raises StillAnswering, AllAnswering. Off under ZHIXUN_RATE_LIMITS=off."""
    if not current_app.config["RATE_LIMITS"]:
        return
    mine, now = (name, whom, time.monotonic()), time.monotonic()
    with _under_way_lock:
        _under_way[:] = [one for one in _under_way if now - one[2] < SENT_SECONDS_MAX]
        named = [who for what, who, _ in _under_way if what == name]
        if named.count(whom) >= each:
            raise StillAnswering(extra={"retry_after_seconds": RETRY_SECONDS})
        if len(named) >= together:
            raise AllAnswering(extra={"retry_after_seconds": RETRY_SECONDS})
        _under_way.append(mine)

    def done() -> None:
        with _under_way_lock, contextlib.suppress(ValueError):  # it had taken too long and counts no more
            _under_way.remove(mine)

    @after_this_request
    def when_sent(response: Response) -> Response:
        response.call_on_close(done)
        return response


def _told_apart(whom: str) -> str:
    """Enough to count by; addresses and ids themselves have no business here."""
    return hashlib.sha256(whom.encode(errors="replace")).hexdigest()[:32]


def forget_old(before: datetime) -> None:
    with Session.begin() as db:
        db.execute(delete(Window).where(Window.began_at < before))
