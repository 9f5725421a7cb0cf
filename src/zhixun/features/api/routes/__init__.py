"""The addresses under /api/v1, an area per module, and their description."""

from . import assistant, bookings, desk, docs, finding, money, people, plans, requests, series, talking, watching  # noqa: F401 - they hang their addresses on `bp`
from .endpoint import bp, endpoints
from .keys import keys

__all__ = ["bp", "endpoints", "keys"]
