"""Which function answers which frame, and how to reach everyone's open screens."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from zhixun.kernel.feature import LiveFunction
from zhixun.kernel.ports import RealtimeHub
from zhixun.kernel.services import service
from zhixun.kernel.values import Actor

from .wire import THREADS, Frame

log = logging.getLogger(__name__)

OWN = frozenset({"hello", "catch_up"})
"""Functions only the gateway calls: `hello` → {"conversations": {id: last seq}}; `catch_up {conversation, after}` →
{"items": [message frames in order], "more": bool}."""

functions: dict[str, LiveFunction] = {}
workers = ThreadPoolExecutor(THREADS, thread_name_prefix="live")
open_of: Counter[str] = Counter()
"""Open connections per person."""
limits = {"on": True}


def configure(given: Mapping[str, LiveFunction], *, rate_limits: bool = True) -> None:
    """Say which function answers which frame type, and whether frames are counted against an allowance."""
    limits["on"] = rate_limits
    functions.clear()
    functions.update(given)


def announce(user_ids: Iterable[str], frame: Frame) -> None:
    """Show `frame` on every open screen of these people. Call it after the transaction, from any thread."""
    hub = service(RealtimeHub)
    for user_id in dict.fromkeys(user_ids):
        hub.publish(channel_of(user_id), frame)


def channel_of(user_id: str) -> str:
    return f"user:{user_id}"


def open_connections() -> int:
    """How many live connections this process holds."""
    return sum(open_of.values())


def call_later(kind: str, actor: Actor, frame: Frame) -> None:
    """Call a function whose answer nobody waits for any more."""
    workers.submit(_quietly, kind, actor, frame)


def _quietly(kind: str, actor: Actor, frame: Frame) -> None:
    try:
        if kind in functions:
            functions[kind](actor, frame)
    except Exception:  # nobody is left to be told
        log.exception("live %s broke after its connection had ended", kind)
