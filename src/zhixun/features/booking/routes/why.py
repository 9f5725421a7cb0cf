"""Why one of my times is not offered: every rule, with the session or the setting that is in the way."""

from __future__ import annotations

from flask import render_template, request
from sqlalchemy.orm import Session

from zhixun.features.booking import forms, queries
from zhixun.features.booking.queries import Why
from zhixun.features.catalog import queries as catalog
from zhixun.features.catalog.rules import ServiceTiming
from zhixun.features.scheduling import queries as scheduling
from zhixun.features.scheduling.rules import Calendar
from zhixun.kernel import clocks
from zhixun.kernel.values import utc_now
from zhixun.web.security import current_actor, read, require

from . import bp
from .sessions import other_parties


@bp.get("/pro/hours/why")
@require("consultant")
def why() -> str:
    """The asker's own calendar alone. What was typed and makes no sense asks nothing, and is said."""
    me, typed = current_actor().user_id, request.args.get("at", "")
    with read() as db:
        calendar = scheduling.calendars_of(db, [me]).get(me) or Calendar(zone=current_actor().zone)
        services = catalog.timings_of(db, [me]).get(me, [])
        service = forms.one_of(services, request.args.get("service", ""))
        at = clocks.moment_of(typed, calendar.zone)
        found = _found(db, service, calendar, typed) if service else None
        others = other_parties(db, [one.booking for one in found.in_the_way if one.booking]) if found else {}
    return render_template(
        "booking/why.html", why=found, others=others, services=services, service=service, zone=calendar.zone,
        typed=typed[:16], nonsense=bool(typed) and at is None,
    )  # fmt: skip


def _found(db: Session, service: ServiceTiming, calendar: Calendar, typed: str) -> Why | None:
    at = clocks.moment_of(typed, calendar.zone)
    if at is None:
        return None
    sold = catalog.service(db, service.id)
    return queries.why(db, service=sold, at=at, now=utc_now(), calendar=calendar)
