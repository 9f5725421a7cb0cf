"""The live gateway: one WebSocket address, /live, thin; it calls the features' sockets in a thread pool."""

from __future__ import annotations

from collections.abc import Mapping

from zhixun.kernel.feature import LiveFunction

_functions: dict[str, LiveFunction] = {}


def configure(functions: Mapping[str, LiveFunction]) -> None:
    """Say which function answers which frame type."""
    _functions.clear()
    _functions.update(functions)
