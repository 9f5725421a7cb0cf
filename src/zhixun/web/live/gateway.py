"""One connection, from its hello to its end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from starlette.websockets import WebSocket, WebSocketDisconnect

from zhixun.kernel.errors import N_, DomainError, Invalid, SignInRequired, TooMany
from zhixun.kernel.ports import RealtimeHub
from zhixun.kernel.services import service
from zhixun.kernel.values import LANGUAGES, VISITOR
from zhixun.web import security

from . import switchboard, wire
from .wire import Close, Frame

log = logging.getLogger(__name__)


async def endpoint(websocket: WebSocket) -> None:
    """Serve one connection at /live."""
    await websocket.accept()
    connection = _Connection(websocket)
    try:
        await connection.serve()
    except* Close as ends:
        await _close(websocket, next(_leaves(ends)))
    except* WebSocketDisconnect:
        log.debug("a browser has gone")
    finally:
        connection.end()


async def _close(websocket: WebSocket, end: Close) -> None:
    try:
        async with asyncio.timeout(wire.CLOSE_SECONDS):
            await websocket.close(end.code, end.reason)
    except (TimeoutError, WebSocketDisconnect, RuntimeError):
        log.debug("a connection was gone before it could be closed with %s", end.code)


def _leaves(group: BaseExceptionGroup[Close]) -> Iterator[Close]:
    for one in group.exceptions:
        if isinstance(one, BaseExceptionGroup):
            yield from _leaves(one)
        else:
            yield one


class _Connection:
    def __init__(self, websocket: WebSocket) -> None:
        self._socket = websocket
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[Frame] = asyncio.Queue(wire.QUEUE_FRAMES_MAX)
        self._overflowed = False
        self._actor = VISITOR
        self._token = ""
        self._language = "zh" if "zh" in websocket.headers.get("accept-language", "") else "en"
        self._cursors: dict[str, int] = {}
        self._joined: set[str] = set()
        self._unsubscribe: Callable[[], None] | None = None
        self._allowance, self._counted_at, self._strikes = float(wire.FRAMES_BURST), self._loop.time(), 0

    async def serve(self) -> None:
        behind = await self._greet()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._pump(behind))
            await self._listen()

    def end(self) -> None:
        """Free what the connection held; whoever was in a room has left it."""
        if self._unsubscribe is None:
            return
        self._unsubscribe()
        switchboard.open_of[self._actor.user_id] -= 1
        if not switchboard.open_of[self._actor.user_id]:
            del switchboard.open_of[self._actor.user_id]
        for booking_id in self._joined:
            switchboard.call_later("leave", self._actor, {"type": "leave", "booking": booking_id})

    # Coming in: the hello

    async def _greet(self) -> list[str]:
        """Learn who it is and what they know; returns the conversations that have something new for them."""
        hello = await self._first_frame()
        chosen = hello.get("language")
        self._language = chosen if chosen in LANGUAGES else self._language
        self._token = self._token_of(hello)
        self._actor = await self._in_thread(security.identify, self._token) or VISITOR
        if self._actor is VISITOR:
            await self._refuse(SignInRequired(), wire.NOT_SIGNED_IN)
        if self._actor.read_only:
            await self._refuse(security.KeyReadsOnly(), wire.NOT_SIGNED_IN)
        if chosen not in LANGUAGES:
            self._language = self._actor.language
        if switchboard.open_of[self._actor.user_id] >= wire.CONNECTIONS_MAX:
            await self._refuse(TooMany(), wire.TOO_MUCH)
        last = await self._subscribed()
        after = wire.places(hello.get("after"))
        self._cursors = {one: min(after.get(one, seq), seq) for one, seq in last.items()}
        unknown = {one: seq for one, seq in after.items() if one not in last}
        self._cursors.update(unknown)
        await self._send({"type": "welcome", "user": self._actor.user_id, "conversations": last})
        return [one for one in after if one in unknown or self._cursors[one] < last[one]]

    async def _first_frame(self) -> Frame:
        try:
            async with asyncio.timeout(wire.HELLO_SECONDS):
                text = await self._receive()
        except TimeoutError:
            raise Close(wire.TOO_QUIET, "no hello") from None
        frame = wire.parsed(text)
        if frame is None or frame.get("type") != "hello" or not isinstance(frame.get("token") or "", str):
            raise Close(wire.NO_HELLO, "begin with hello")
        return frame

    def _token_of(self, hello: Frame) -> str:
        """The token said, else the cookie; a cookie counts only from our own pages (or from no page at all)."""
        if token := hello.get("token"):
            return str(token)
        origin = self._socket.headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != self._socket.headers.get("host"):
            raise Close(wire.FOREIGN_PAGE, "foreign page")
        return self._socket.cookies.get(security.COOKIE, "")

    async def _subscribed(self) -> dict[str, int]:
        """Hear the person's channel first, then ask how far each conversation goes: nothing falls in between."""
        channel = switchboard.channel_of(self._actor.user_id)
        self._unsubscribe = await self._in_thread(service(RealtimeHub).subscribe, channel, self._deliver)
        switchboard.open_of[self._actor.user_id] += 1
        answer = await self._call("hello", {"type": "hello"})
        return dict(answer.get("conversations", {})) if answer else {}

    # What the browser says

    async def _listen(self) -> None:
        checked_at = self._loop.time()
        while True:
            try:
                async with asyncio.timeout(wire.IDLE_SECONDS):
                    text = await self._receive()
            except TimeoutError:
                raise Close(wire.TOO_QUIET, "silent") from None
            if self._loop.time() - checked_at > wire.CHECK_SIGN_IN_SECONDS:
                checked_at = self._loop.time()
                if await self._in_thread(security.identify, self._token) is None:
                    await self._refuse(SignInRequired(), wire.NOT_SIGNED_IN)
            frame = wire.parsed(text)
            if not self._may_speak():
                await self._send(self._error(TooMany(), frame or {}))
            elif frame is None or not isinstance(frame.get("type"), str):
                await self._send(self._error(Invalid(N_("A frame is a JSON object with a type.")), {}))
            else:
                await self._hear(frame)

    def _may_speak(self) -> bool:
        """Count one frame against the connection's allowance."""
        now = self._loop.time()
        grown = self._allowance + (now - self._counted_at) * wire.FRAMES_PER_SECOND
        self._allowance, self._counted_at = min(float(wire.FRAMES_BURST), grown), now
        if self._allowance >= 1 or not switchboard.limits["on"]:
            self._allowance, self._strikes = self._allowance - 1, 0
            return True
        self._strikes += 1
        if self._strikes > wire.STRIKES_MAX:
            raise Close(wire.TOO_MUCH, "too many frames")
        return False

    async def _hear(self, frame: Frame) -> None:
        kind = frame["type"]
        if kind == "ping":
            await self._send({"type": "pong"})
            await self._say_still_here()
            return
        if kind not in switchboard.functions or kind in switchboard.OWN:
            await self._send(self._error(Invalid(N_("We do not know this kind of frame.")), frame))
            return
        try:
            answer = await self._call(kind, frame)
        except DomainError as error:
            await self._send(self._error(error, frame))
        except Exception:  # our fault: said to the browser, and its connection stays
            log.exception("live %s broke", kind)
            await self._send(self._error(wire.Broken(), frame))
        else:
            self._remember_rooms(kind, frame)
            if answer is not None:
                await self._answer(answer)

    async def _say_still_here(self) -> None:
        """A room whose people fall silent is shown empty after a while; so each sign of life is passed on."""
        for booking_id in list(self._joined):
            try:
                await self._call("join", {"type": "join", "booking": booking_id})
            except DomainError:
                self._joined.discard(booking_id)

    def _remember_rooms(self, kind: str, frame: Frame) -> None:
        if kind == "join" and len(self._joined) < wire.JOINED_MAX:
            self._joined.add(frame["booking"])
        elif kind == "leave":
            self._joined.discard(frame["booking"])

    async def _answer(self, frame: Frame) -> None:
        """Answers take their turn among what is published, so that only the pump writes messages."""
        if frame["type"] == "message":
            await self._queue.put(frame)
        else:
            await self._send(frame)

    # What the browser hears

    def _deliver(self, frame: Frame) -> None:
        """The hub's way in, from any thread; never blocks."""
        try:
            self._loop.call_soon_threadsafe(self._offer, frame)
        except RuntimeError:
            log.debug("a frame came for a loop that has ended")

    def _offer(self, frame: Frame) -> None:
        if self._queue.full():
            self._overflowed = True
        else:
            self._queue.put_nowait(frame)

    async def _pump(self, behind: list[str]) -> None:
        for conversation in behind:
            await self._catch_up(conversation)
        while True:
            frame = await self._queue.get()
            if self._overflowed:
                raise Close(wire.TOO_SLOW, "reads too slowly")
            kind = frame["type"]
            if kind == "message":
                await self._in_order(frame)
            elif kind == "resync":
                await self._resync()
            elif kind == "presence":
                await self._presence(frame)
            else:
                await self._send(frame)

    async def _in_order(self, frame: Frame) -> None:
        conversation, seq = frame["conversation"], frame["seq"]
        known = self._cursors.setdefault(conversation, 0 if len(self._cursors) < wire.AFTER_MAX else seq - 1)
        if seq == known + 1:
            self._cursors[conversation] = seq
            await self._send(frame)
        elif seq > known:
            await self._catch_up(conversation)

    async def _catch_up(self, conversation: str) -> None:
        """Send everything stored after the cursor, page by page."""
        more = True
        while more:
            asked = {"type": "catch_up", "conversation": conversation, "after": self._cursors[conversation]}
            try:
                answer = await self._call("catch_up", asked) or {"items": [], "more": False}
            except DomainError as error:
                del self._cursors[conversation]
                await self._send(self._error(error, asked))
                return
            for frame in answer["items"]:
                self._cursors[conversation] = frame["seq"]
                await self._send(frame)
            more = answer["more"]

    async def _resync(self) -> None:
        """The hub may have lost frames: look at every conversation again."""
        answer = await self._call("hello", {"type": "hello"}) or {"conversations": {}}
        for conversation, seq in answer["conversations"].items():
            if self._cursors.setdefault(conversation, 0) < seq:
                await self._catch_up(conversation)

    async def _presence(self, frame: Frame) -> None:
        """Whoever comes into a room learns from our side that we are in it: nobody needs to keep a list."""
        mine, in_room = frame["user"] == self._actor.user_id, frame["booking"] in self._joined
        if in_room and mine and not frame["here"]:  # left in another tab, but still here
            await self._say_still_here()
        if in_room and not mine and frame["here"]:
            here = {"type": "peer", "booking": frame["booking"], "user": self._actor.user_id, "here": True}
            await self._in_thread(switchboard.announce, [frame["user"]], here)
        if not mine:
            await self._send(frame)

    # The wire

    async def _receive(self) -> str:
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1005))
        text = message.get("text")
        if text is None:
            return ""
        if len(text) > wire.FRAME_BYTES_MAX:
            raise Close(wire.TOO_LARGE, "frame too large")
        return str(text)

    async def _send(self, frame: Frame) -> None:
        try:
            async with asyncio.timeout(wire.SEND_SECONDS):
                await self._socket.send_text(wire.dumped(frame))
        except TimeoutError:
            raise Close(wire.TOO_SLOW, "reads too slowly") from None
        except RuntimeError:  # Starlette's way to say that the socket was closed while we wrote
            raise WebSocketDisconnect from None

    async def _refuse(self, error: DomainError, code: int) -> None:
        await self._send(self._error(error, {}))
        raise Close(code, error.code)

    async def _call(self, kind: str, frame: Frame) -> Frame | None:
        function = switchboard.functions.get(kind)
        return await self._in_thread(function, self._actor, frame) if function else None

    async def _in_thread(self, function: Callable[..., Any], *arguments: object) -> Any:
        return await self._loop.run_in_executor(switchboard.workers, partial(function, *arguments))

    def _error(self, error: DomainError, frame: Frame) -> Frame:
        return wire.error_frame(error, frame, self._language)
