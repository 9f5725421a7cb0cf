"""One declaration per address: it routes, checks, works, answers, and describes itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Blueprint, Response, request, stream_with_context

from zhixun.features.api import actions, rules
from zhixun.features.api.forms.kinds import Answer, Asked
from zhixun.kernel.errors import DomainError, NotFound, SignInRequired
from zhixun.kernel.values import Actor, is_id
from zhixun.web import security
from zhixun.web.languages import language
from zhixun.web.limits import limit

from . import reading

PREFIX = "/api/v1"
WRITES_PER_MINUTE = 120
REPLAYED_HEADER = "Idempotency-Replayed"
JSON, EVENTS = "application/json", "text/event-stream"

bp = Blueprint("api", "zhixun.features.api", template_folder="templates", url_prefix=PREFIX)
endpoints: list[Endpoint] = []


@dataclass(frozen=True)
class Tries:
    """At most `most` in `seconds` by one person; a page that does the same counts under the same `name`."""

    name: str
    most: int
    seconds: int


class Nothing(Asked):
    """Nothing needs to be sent."""


@dataclass(frozen=True)
class Endpoint:
    """`run` gets the database session (reads) or the unit of work (writes), what was asked, and the ids of the address."""

    method: str
    path: str
    run: Callable[..., Answer]
    summary: str
    tag: str
    answer: type[Answer]
    status: int
    asked: type[Asked]
    signed_in: bool
    refusals: tuple[type[DomainError], ...]
    keeps_answer: bool = True
    then: Callable[[Answer], None] | None = None
    stream: Callable[..., Iterator[str]] | None = None
    tries: Tries | None = None

    @property
    def name(self) -> str:
        return self.run.__name__

    @property
    def writes(self) -> bool:
        return self.method != "GET"

    @property
    def takes_key(self) -> bool:
        return self.method == "POST" and self.signed_in


def reads(
    path: str,
    summary: str,
    *,
    tag: str,
    answer: type[Answer],
    asked: type[Asked] = Nothing,
    signed_in: bool = True,
    refusals: tuple[type[DomainError], ...] = (),
) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
    """A GET that only reads."""

    def declare(run: Callable[..., Answer]) -> Callable[..., Answer]:
        _add(Endpoint("GET", path, run, summary, tag, answer, 200, asked, signed_in, refusals), answer_read)
        return run

    return declare


def writes(
    path: str,
    summary: str,
    *,
    tag: str,
    answer: type[Answer],
    asked: type[Asked] = Nothing,
    status: int = 200,
    refusals: tuple[type[DomainError], ...] = (),
    keeps_answer: bool = True,
    then: Callable[[Any], None] | None = None,
    tries: Tries | None = None,
) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
    """A POST by someone signed in: one transaction, once per Idempotency-Key.

    `keeps_answer=False` for work whose own id makes it safe to do again and whose answer should not be stored a second
    time. `then` runs with the answer after the commit.
    """

    def declare(run: Callable[..., Answer]) -> Callable[..., Answer]:
        endpoint = Endpoint(
            "POST", path, run, summary, tag, answer, status, asked, True, refusals, keeps_answer, then, tries=tries
        )  # fmt: skip
        _add(endpoint, answer_write)
        return run

    return declare


def erases(
    path: str,
    summary: str,
    *,
    tag: str,
    answer: type[Answer],
    asked: type[Asked],
    refusals: tuple[type[DomainError], ...],
) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
    """A DELETE by someone signed in that opens its own transactions; done twice, the second time nobody is signed in."""

    def declare(run: Callable[..., Answer]) -> Callable[..., Answer]:
        _add(Endpoint("DELETE", path, run, summary, tag, answer, 200, asked, True, refusals, False), answer_erase)
        return run

    return declare


def public_write(
    path: str,
    summary: str,
    *,
    tag: str,
    answer: type[Answer],
    asked: type[Asked],
    status: int,
    refusals: tuple[type[DomainError], ...],
    stream: Callable[..., Iterator[str]] | None = None,
) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
    """A POST that anyone may send and that opens its own transactions; it keeps no answers, so it needs no key.

    `stream` answers whoever accepts text/event-stream, in server-sent events; what it refuses it refuses before the
    first of them.
    """

    def declare(run: Callable[..., Answer]) -> Callable[..., Answer]:
        endpoint = Endpoint(
            "POST", path, run, summary, tag, answer, status, asked, False, refusals, False, stream=stream
        )
        _add(endpoint, answer_public_write)
        return run

    return declare


def _add(endpoint: Endpoint, view: Callable[..., Response]) -> None:
    endpoints.append(endpoint)
    address = endpoint.path.replace("{", "<").replace("}", ">")
    bp.add_url_rule(address, endpoint.name, partial(view, endpoint), methods=[endpoint.method])


def answer_read(endpoint: Endpoint, **ids: str) -> Response:
    _asker(endpoint)
    _check_ids(ids)
    asked = reading.read_query(endpoint.asked)
    with security.read() as db:
        said = endpoint.run(db, *_given(endpoint, asked), **ids)
    return as_json(said.model_dump_json(), endpoint.status)


def answer_write(endpoint: Endpoint, **ids: str) -> Response:
    asker = _asker(endpoint)
    _check_ids(ids)
    limit("api_write", asker.user_id, tries=WRITES_PER_MINUTE, seconds=60)
    if endpoint.tries:
        limit(endpoint.tries.name, asker.user_id, tries=endpoint.tries.most, seconds=endpoint.tries.seconds)
    key = rules.clean_key(request.headers.get(rules.KEY_HEADER))
    given = reading.read_json()
    asked = reading.checked_body(endpoint.asked, given)
    said = None
    with security.work() as uow:
        earlier = key and actions.claim_key(
            uow, key=key, fingerprint=rules.fingerprint(request.method, request.path, given)
        )
        if earlier and earlier.status is not None and earlier.answer is not None:
            return _replayed(earlier.answer, earlier.status)
        said = endpoint.run(uow, *_given(endpoint, asked), **ids)
        uow.db.flush()
        text = said.model_dump_json()
        if key and endpoint.keeps_answer:
            actions.keep_answer(uow, key=key, status=endpoint.status, answer=text)
    if endpoint.then:
        endpoint.then(said)
    return as_json(text, endpoint.status)


def answer_public_write(endpoint: Endpoint) -> Response:
    asked = reading.checked_body(endpoint.asked, reading.read_json())
    if endpoint.stream and request.accept_mimetypes.best_match([JSON, EVENTS], JSON) == EVENTS:
        return Response(
            stream_with_context(endpoint.stream(asked)), mimetype=EVENTS, headers={"Cache-Control": "no-store"}
        )
    return as_json(endpoint.run(asked).model_dump_json(), endpoint.status)


def answer_erase(endpoint: Endpoint) -> Response:
    _asker(endpoint)
    asked = reading.checked_body(endpoint.asked, reading.read_json())
    return as_json(endpoint.run(asked).model_dump_json(), endpoint.status)


def as_json(text: str, status: int) -> Response:
    response = Response(text, status, mimetype="application/json")
    response.headers["Content-Language"] = language()
    response.headers["Vary"] = "Accept-Language, Authorization, Cookie"
    return response


def _asker(endpoint: Endpoint) -> Actor:
    asker = security.current_actor()
    if endpoint.signed_in and not asker.user_id:
        raise SignInRequired
    return asker


def _check_ids(ids: dict[str, str]) -> None:
    """What cannot be an id names nothing; the database is not asked."""
    if any(name.endswith("_id") and not is_id(value) for name, value in ids.items()):
        raise NotFound


def _given(endpoint: Endpoint, asked: Asked) -> tuple[Asked, ...]:
    return () if endpoint.asked is Nothing else (asked,)


def _replayed(answer: str, status: int) -> Response:
    response = as_json(answer, status)
    response.headers[REPLAYED_HEADER] = "true"
    return response
