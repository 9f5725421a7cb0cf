"""A coupon to a part of the clients, with a share that gets nothing, so that what it brought can be told from what came
anyway."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import sqrt
from typing import Any

from zhixun.kernel.errors import N_, Invalid
from zhixun.kernel.values import Words, plain_text

CONSENT = "news"
"""Who has not said yes to this purpose is never written to."""
REST = timedelta(days=14)
"""So long nobody is in another campaign."""
OUTCOME_WITHIN = timedelta(days=14)
"""A booking so soon after the beginning counts as an outcome, in both parts alike."""
BATCH = 50
PEOPLE_MAX = 10_000
HOLDOUT_MIN, HOLDOUT_MAX = 5, 50
"""Percent. Below, nothing can be said about what came anyway; above, it is no campaign."""
NAME_LENGTH_MAX, TEXT_LENGTH_MAX, DAYS_MAX = 60, 120, 720
CAMPAIGNS_SHOWN = 50
Z_95 = 1.959964


class CampaignState(StrEnum):
    DRAFT = "draft"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"


NEXT_OF_CAMPAIGN: dict[CampaignState, frozenset[CampaignState]] = {
    CampaignState.DRAFT: frozenset({CampaignState.RUNNING, CampaignState.STOPPED}),
    CampaignState.RUNNING: frozenset({CampaignState.DONE, CampaignState.STOPPED}),
    CampaignState.DONE: frozenset(),
    CampaignState.STOPPED: frozenset(),
}


class Arm(StrEnum):
    SENT = "sent"
    HELD = "held"


@dataclass(frozen=True)
class Audience:
    """Whom it is for: all that is given must hold. `quiet_days` is how long their last session is over at least."""

    segment: str = ""
    tier: str = ""
    field_id: str = ""
    quiet_days: int = 0

    def stored(self) -> dict[str, Any]:
        return {"segment": self.segment, "tier": self.tier, "field_id": self.field_id, "quiet_days": self.quiet_days}


@dataclass(frozen=True)
class Facts:
    """What an audience is chosen by."""

    person_id: str
    segment: str
    tier: str
    field_ids: frozenset[str]
    last_at: datetime | None


@dataclass(frozen=True)
class CampaignTerms:
    name: str
    text: Words
    code: str
    audience: Audience
    holdout_percent: int


def check_campaign(terms: CampaignTerms) -> CampaignTerms:
    """The terms as they are kept. Raises Invalid naming all that is wrong."""
    wrong: dict[str, str] = {}
    name = " ".join(plain_text(terms.name).split())
    text = Words(*(" ".join(plain_text(said).split()) for said in (terms.text.zh, terms.text.en)))
    if not 0 < len(name) <= NAME_LENGTH_MAX:
        wrong["name"] = N_("A campaign has a name of at most 60 characters.")
    if not (0 < len(text.zh) <= TEXT_LENGTH_MAX and 0 < len(text.en) <= TEXT_LENGTH_MAX):
        wrong["text_zh"] = N_("Please say it in both languages, in at most 120 characters.")
    if not HOLDOUT_MIN <= terms.holdout_percent <= HOLDOUT_MAX:
        wrong["holdout"] = N_("Please hold out 5 to 50 percent.")
    if not 0 <= terms.audience.quiet_days <= DAYS_MAX:
        wrong["quiet_days"] = N_("Please write 0 to 720 days.")
    if wrong:
        raise Invalid(fields=wrong)
    return CampaignTerms(name, text, terms.code, terms.audience, terms.holdout_percent)


def belongs(person: Facts, audience: Audience, now: datetime) -> bool:
    quiet = now - timedelta(days=audience.quiet_days)
    return (
        audience.segment in ("", person.segment)
        and audience.tier in ("", person.tier)
        and (not audience.field_id or audience.field_id in person.field_ids)
        and (not audience.quiet_days or (person.last_at is not None and person.last_at <= quiet))
    )


def arm_of(person_id: str, *, key: str, holdout_percent: int) -> Arm:
    """Which part someone falls into: by a hash under the campaign's own key, so always the same one, and for nobody to
    guess or to choose."""
    digest = hmac.new(key.encode(), person_id.encode(), hashlib.sha256).digest()
    return Arm.HELD if int.from_bytes(digest[:8], "big") % 10_000 < holdout_percent * 100 else Arm.SENT


def arms(people: Iterable[str], *, key: str, holdout_percent: int) -> dict[str, Arm]:
    return {who: arm_of(who, key=key, holdout_percent=holdout_percent) for who in sorted(people)}


@dataclass(frozen=True)
class Share:
    """How many of one part did it."""

    done: int
    of: int

    @property
    def value(self) -> float:
        return self.done / self.of if self.of else 0.0


@dataclass(frozen=True)
class Uplift:
    """The difference of two shares with its 95 % interval; `None` where one part is empty."""

    value: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether chance alone would hardly do it."""
        return self.low > 0 or self.high < 0


def uplift(sent: Share, held: Share) -> Uplift | None:
    """p1 − p0 with the hybrid score interval (Newcombe 1998, "Interval estimation for the difference between independent
    proportions", Statistics in Medicine 17, method 10): honest for small parts and for shares of none or all."""
    if not sent.of or not held.of:
        return None
    (low1, high1), (low0, high0) = _wilson(sent), _wilson(held)
    p1, p0 = sent.value, held.value
    return Uplift(
        p1 - p0,
        p1 - p0 - sqrt((p1 - low1) ** 2 + (high0 - p0) ** 2),
        p1 - p0 + sqrt((high1 - p1) ** 2 + (p0 - low0) ** 2),
    )


def _wilson(share: Share) -> tuple[float, float]:
    """The score interval of one share (Wilson 1927)."""
    n, p, z = share.of, share.value, Z_95
    middle, half = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)
