"""Who is asking, and whether they may."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import ParamSpec, TypeVar
from urllib.parse import urlsplit

from flask import current_app, g, request
from flask_wtf.csrf import CSRFProtect
from sqlalchemy.orm import Session as SqlSession
from werkzeug.wrappers import Response

from zhixun.kernel.errors import N_, Forbidden, ProofNeeded, SecondFactorNeeded, SignInRequired
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import UnitOfWork, unit_of_work
from zhixun.kernel.values import VISITOR, Actor, utc_now

from . import limits

COOKIE = "zhixun_sign_in"
BROWSER_COOKIE, BROWSER_SECONDS = "zhixun_browser", 400 * 86_400
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}

FILES_AT_ONCE, FILES_TOGETHER = 2, 4
"""Messages with files on their way up, of one person and in one process."""

P = ParamSpec("P")
R = TypeVar("R")


class KeyReadsOnly(Forbidden):
    code, message = "key_reads_only", N_("This key may only read.")


csrf = CSRFProtect()
_identify: Callable[[str], Actor | None] = lambda token: None  # noqa: E731 - replaced by app.py


def identify_with(function: Callable[[str], Actor | None]) -> None:
    """Say who can tell the holder of a sign-in token."""
    global _identify
    _identify = function


def identify(token: str) -> Actor | None:
    return _identify(token) if token else None


def current_actor() -> Actor:
    """Whoever is signed in, by bearer token (API) or cookie; VISITOR where nobody is."""
    if "actor" not in g:
        scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
        by_token = scheme.lower() == "bearer"
        g.actor = identify(bearer.strip() if by_token else request.cookies.get(COOKIE, "")) or VISITOR
        if by_token and g.actor is VISITOR:
            raise SignInRequired(N_("This token is not valid or has expired. Please sign in again."))
    found: Actor = g.actor
    return found


def require(*roles: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Only for people signed in and, where roles are given, holding one of them. What others may not see is not allowed."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            actor = current_actor()
            if not actor.user_id:
                raise SignInRequired
            if roles and not any(actor.is_a(role) for role in roles):
                raise SecondFactorNeeded if actor.withheld.intersection(roles) else Forbidden
            return view(*args, **kwargs)

        return guarded

    return decorate


def proved(view: Callable[P, R]) -> Callable[P, R]:
    """Only for who has just shown that it is really them; others are asked first, and what they sent is kept meanwhile.
    Stands below `require`."""

    @functools.wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        check_proof()
        return view(*args, **kwargs)

    return guarded


def check_proof() -> None:
    """Raises ProofNeeded."""
    if not current_actor().is_proved(utc_now()):
        raise ProofNeeded


@contextmanager
def work() -> Iterator[UnitOfWork]:
    """A unit of work in the name of whoever is signed in."""
    with unit_of_work(current_actor()) as uow:
        yield uow


@contextmanager
def read() -> Iterator[SqlSession]:
    """A session for reading."""
    with Session() as db:
        yield db


def remember(response: Response, token: str, expires_at: datetime) -> None:
    response.set_cookie(
        COOKIE, token, expires=expires_at, httponly=True, samesite="Lax", secure=current_app.config["SECURE"], path="/"
    )


def remember_browser(response: Response, token: str) -> None:
    """Know this browser again after signing out, so that only new ones are told of."""
    response.set_cookie(
        BROWSER_COOKIE, token, max_age=BROWSER_SECONDS, httponly=True, samesite="Lax",
        secure=current_app.config["SECURE"], path="/",
    )  # fmt: skip


def forget(response: Response) -> None:
    response.delete_cookie(COOKIE, path="/")


def safe_next(target: str | None, default: str) -> str:
    """A path of our own to go on to; anything that could lead elsewhere becomes `default`."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")) or "\\" in target:
        return default
    parts = urlsplit(target)
    return default if parts.scheme or parts.netloc or any(ord(c) < 32 for c in target) else target


def by_secret_address(view: Callable[P, R]) -> Callable[P, R]:
    """For a form that programs send too: whoever knows its address may send it, so it needs no CSRF token."""
    view.by_secret_address = True  # type: ignore[attr-defined]  # read by guard_writes
    return view


def _guard_long_body(actor: Actor) -> None:
    """Before a thread waits for files: for whom, and that the next person's page still finds one."""
    if not actor.user_id:
        raise SignInRequired
    limits.few_at_once("files", actor.user_id, each=FILES_AT_ONCE, together=FILES_TOGETHER)


def guard_writes() -> None:
    """Pages carry a CSRF token. API calls by cookie must come from our own pages; by token they need nothing more."""
    if request.method in SAFE_METHODS:
        return
    if current_actor().read_only:
        raise KeyReadsOnly
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, "body_bytes_max", 0):
        _guard_long_body(current_actor())
    if not request.path.startswith("/api/"):
        if not getattr(view, "by_secret_address", False):
            csrf.protect()
        return
    if request.headers.get("Authorization") or COOKIE not in request.cookies:
        return
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if site in {"same-origin", "none"} or (site is None and origin and urlsplit(origin).netloc == request.host):
        return
    raise Forbidden(N_("This request does not come from our own pages."))
