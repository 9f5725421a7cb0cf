"""What was said after a session, asked once for all that its page says of it."""

from __future__ import annotations

from flask import g

from zhixun.features.quality import queries
from zhixun.web.security import read


def said_after(booking_id: str) -> queries.SaidAfter:
    known: dict[str, queries.SaidAfter] = g.setdefault("said_after_sessions", {})
    if booking_id not in known:
        with read() as db:
            known[booking_id] = queries.said_after(db, booking_id)
    return known[booking_id]
