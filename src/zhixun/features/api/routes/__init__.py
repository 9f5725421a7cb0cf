"""The addresses under /api/v1, an area per module, and their description."""

from . import (  # noqa: F401 - they hang their addresses on `bp`
    assistant,
    bookings,
    desk,
    docs,
    finding,
    groups,
    instant,
    money,
    people,
    plans,
    requests,
    series,
    talking,
    watching,
)
from .endpoint import bp, endpoints
from .keys import keys

__all__ = ["bp", "endpoints", "keys"]
