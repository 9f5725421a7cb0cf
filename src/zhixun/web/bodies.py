"""Bodies are waited for here, where waiting costs nothing: a thread that builds pages is given a request that is whole."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from .shell import BODY_BYTES_MAX

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

BODY_SECONDS_MAX = 30
"""How long whoever sends something may take, as far as most addresses take bodies; what is longer may pause so long."""
TOO_SLOW = b"The request did not arrive in time. Please send it again."


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
            await _too_slow(send)
            return
        await pages(scope, rest, send)

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


async def _too_slow(send: Send) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 408, "headers": headers})
    await send({"type": "http.response.body", "body": TOO_SLOW})
