"""Bodies are waited for here, where waiting costs nothing: a thread that builds pages is given a request that is whole,
and hands over its answer whole, however slowly it is read."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any

from .shell import BODY_BYTES_MAX

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

BODY_SECONDS_MAX = 30
"""How long whoever sends something may take, as far as most addresses take bodies; what is longer may pause so long."""
TOO_SLOW = b"The request did not arrive in time. Please send it again."
READ_SECONDS_MAX = 60
"""How long whoever reads an answer may pause before the line is closed."""
PIECE_BYTES = 65_536
LARGE_READ_AT_ONCE = 8
LARGE_READ_TOGETHER = 48
"""Answers longer than most addresses take bodies, on their way to one network address and to all: they wait in memory."""
TOO_MANY = b"Too many files are being read. Please try again when one has arrived."
RETRY_SECONDS = 10


class NotRead(Exception):
    """Whoever asked has stopped reading, or reads too much at once."""


def gathered(pages: Asgi) -> Asgi:
    """`pages`, asked once the body is here. What is longer than most addresses take (files) goes on as it comes, without
    long pauses: those addresses ask who it is before they read."""

    async def answer(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await pages(scope, receive, send)
            return
        try:
            rest = await _body_here(scope, receive)
        except TimeoutError:
            await _refuse(send, 408, TOO_SLOW)
            return
        reader = _Reader(str((scope.get("client") or ("",))[0]), send)
        try:
            await pages(scope, rest, reader.take)
        except NotRead:
            return
        finally:
            reader.done()

    return answer


async def _body_here(scope: MutableMapping[str, Any], receive: Receive) -> Receive:
    """A `receive` that says at once what has come. Raises TimeoutError."""
    kept: deque[Message] = deque()
    length = 0 if _said_length(scope) <= BODY_BYTES_MAX else BODY_BYTES_MAX + 1
    async with asyncio.timeout(BODY_SECONDS_MAX):
        while length <= BODY_BYTES_MAX:
            message = await receive()
            kept.append(message)
            length += len(message.get("body", b""))
            if not message.get("more_body"):
                break

    async def say() -> Message:
        if kept:
            return kept.popleft()
        try:
            return await asyncio.wait_for(receive(), BODY_SECONDS_MAX)
        except TimeoutError:
            return {"type": "http.disconnect"}

    return say


def _said_length(scope: MutableMapping[str, Any]) -> int:
    said = dict(scope["headers"]).get(b"content-length", b"0")
    return int(said) if said.isdigit() else 0


async def _refuse(send: Send, status: int, sentence: bytes) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.append((b"retry-after", str(RETRY_SECONDS).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": sentence})


class _Reader:
    """Whoever an answer goes to, piece by piece as they read."""

    _large: Counter[str] = Counter()

    def __init__(self, address: str, send: Send) -> None:
        self._address, self._send, self._counted = address, send, False

    async def take(self, message: Message) -> None:
        """Raises NotRead."""
        if message["type"] == "http.response.start" and _said_length(message) > BODY_BYTES_MAX:
            await self._count()
        body = message.get("body", b"")
        last = max(0, len(body) - 1) // PIECE_BYTES * PIECE_BYTES
        for begin in range(0, last, PIECE_BYTES):
            await self._give({**message, "body": body[begin : begin + PIECE_BYTES], "more_body": True})
        await self._give({**message, "body": body[last:]} if last else message)

    async def _give(self, message: Message) -> None:
        try:
            async with asyncio.timeout(READ_SECONDS_MAX):
                await self._send(message)
        except TimeoutError:
            raise NotRead from None

    async def _count(self) -> None:
        if self._large[self._address] >= LARGE_READ_AT_ONCE or self._large.total() >= LARGE_READ_TOGETHER:
            await _refuse(self._send, HTTPStatus.SERVICE_UNAVAILABLE, TOO_MANY)
            raise NotRead
        self._large[self._address] += 1
        self._counted = True

    def done(self) -> None:
        if self._counted:
            self._large[self._address] -= 1
            if not self._large[self._address]:
                del self._large[self._address]
