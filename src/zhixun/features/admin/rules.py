"""What the house keeper looks at first, and how two periods are compared."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from zhixun.kernel.errors import N_

DAYS = 30
"""Of the house's own zone; today is the last of them."""
HELD_AT = 2
"""Where in the funnel the session stands."""
LATEST_SHOWN = 8
LINES_SHOWN = 30
NAME_LENGTH_MAX = 80
REFUND_LATE = timedelta(minutes=30)
"""A refund that has not gone through after this needs a person to look."""
SOUGHT_MAX = 50
"""People of a name whose bookings are shown."""
ASKED_LENGTH_MAX = 100
NUMBER = re.compile(r"[0-9a-f]{6,32}")
"""The end of a booking's id: clients read the last eight on their pages."""
WORKER_SILENT_SECONDS = 120
QUEUE_LATE_SECONDS = 60

DELIVERED_TO = {
    "admin": N_("the keeping of this house"),
    "api": N_("keys for programs"),
    "assistant": N_("the assistant’s knowledge"),
    "behaviour": N_("the log of what people look at, where they agreed"),
    "booking": N_("the booking and its calendars"),
    "calls": N_("who was in the call"),
    "catalog": N_("the consultant’s page and photo"),
    "credentials": N_("the credentials and their scans"),
    "instant": N_("the ringing of an instant call"),
    "loyalty": N_("points and coupons"),
    "messaging": N_("the conversation and its room"),
    "notifications": N_("notices and mails to the people concerned"),
    "payments": N_("the payment provider"),
    "plans": N_("packages and memberships"),
    "privacy": N_("the check of an erasure"),
    "profiles": N_("interests, where they agreed"),
    "recommend": N_("suggestions"),
    "scheduling": N_("the consultant’s calendar"),
    "search": N_("search and free times"),
    "waitlist": N_("the waiting list"),
    "webhooks": N_("other programs, by webhook"),
}
"""Whom a fact goes to, by the feature that hears it, as the one who reads a booking's story says it."""


ROLE_WORDS = {
    "reviewer": N_("Reviewer: checks credentials, reviews sessions"),
    "support": N_("Support: orders, refunds, disputes, clients, complaints"),
    "finance": N_("Finance: orders, refunds, disputes, payouts, coupons"),
    "content": N_("Content: knowledge, fields, coupons, campaigns"),
    "privacy_officer": N_("Privacy officer: audit log, erasure"),
    "administrator": N_("Administrator: everything, and who may do what"),
}
"""What each role of the house is for, as the one who gives it reads it."""


def asked_for(text: str) -> str:
    """What a list is searched for."""
    return "".join(c for c in text if c.isprintable()).strip()[:ASKED_LENGTH_MAX]


def number_in(asked: str) -> str:
    """The booking number someone copied or read aloud, or "" where it is none."""
    told = re.sub(r"[\s#-]", "", asked).lower()
    return told if NUMBER.fullmatch(told) else ""


@dataclass(frozen=True)
class Compared:
    """A figure beside the one of the period before; `change_percent` is None where there was nothing."""

    now: float
    before: float

    @property
    def change_percent(self) -> float | None:
        return 100 * (self.now - self.before) / self.before if self.before else None

    @property
    def difference(self) -> float:
        return self.now - self.before


@dataclass(frozen=True)
class FunnelStep:
    """How many reached a step, as a share (0–100) of those at the step before who could have by now, and the same in the
    period before. `ahead` are those for whom the step is still to come."""

    name: str
    count: int
    share: float
    share_before: float | None
    ahead: int = 0


@dataclass(frozen=True)
class FieldSupply:
    """Hours of one field in the period: offered by weekly hours, and booked."""

    field_id: str
    consultants: int
    open_hours: int
    booked_hours: int

    @property
    def filled(self) -> float:
        """Share of the open hours that are booked, 0–100."""
        return min(100.0, 100 * self.booked_hours / self.open_hours) if self.open_hours else 0.0


def by_day(sums: Mapping[str, int], *, last: date, days: int) -> list[int]:
    """One number for each of the `days` days up to and with `last`; days without any are 0."""
    return [sums.get((last - timedelta(days=back)).isoformat(), 0) for back in range(days - 1, -1, -1)]


def funnel(
    now: Sequence[int], before: Sequence[int], names: Sequence[str], *, ahead: tuple[int, int] = (0, 0)
) -> list[FunnelStep]:
    """Each step as a share of the one before it; the first is 100. `ahead`, now and before: who has paid and whose session
    is still to come. They are not asked about the third step."""
    steps = []
    for at, name in enumerate(names):
        waits = ahead if at == HELD_AT else (0, 0)
        share = 100.0 if at == 0 else _share(now[at], now[at - 1] - waits[0]) or 0.0
        then = _share(before[at], before[at - 1] - waits[1]) if at else None
        steps.append(FunnelStep(name, now[at], share, then, waits[0]))
    return steps


def begins(day: date, zone: str) -> datetime:
    """The instant at which a day begins in a zone."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def weakest(steps: Sequence[FunnelStep]) -> FunnelStep | None:
    """The step that lost most against the period before, if any lost more than a point."""
    lost = [step for step in steps if step.share_before is not None and step.share < step.share_before - 1]
    return max(lost, key=lambda step: (step.share_before or 0) - step.share, default=None)


def is_late(since: datetime | None, now: datetime, patience: timedelta) -> bool:
    return since is not None and now - since > patience


def _share(part: int, whole: int) -> float | None:
    return min(100.0, 100 * part / whole) if whole > 0 else None


BACKUPS_KEPT = 14
"""Nightly backups that are kept; the newest that was rehearsed is kept as well, however old."""


def delivered_to(handler: str) -> str:
    """The words (English) for a handler by its name, "webhooks.handlers.tell_programs:BookingHeld"; else the name."""
    return DELIVERED_TO.get(handler.partition(".")[0], handler)
