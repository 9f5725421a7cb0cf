from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from zhixun.features.accounts.rules import check_right
from zhixun.features.booking import queries as bookings
from zhixun.features.catalog import queries as catalog
from zhixun.features.crm import rules
from zhixun.features.crm.models import Campaign, Recipient
from zhixun.features.crm.rules import Arm, Audience, CampaignState, Facts, Share, Uplift
from zhixun.features.loyalty import queries as loyalty
from zhixun.features.loyalty.rules import tier_of
from zhixun.features.privacy import queries as privacy
from zhixun.kernel.errors import NotFound
from zhixun.kernel.values import Actor, Money, Words


@dataclass(frozen=True)
class CampaignView:
    id: str
    name: str
    text: Words
    code: str
    audience: Audience
    holdout_percent: int
    state: CampaignState
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    ended_reason: str


@dataclass(frozen=True)
class Result:
    """`sent` and `held`: who of each part booked within OUTCOME_WITHIN. `spent` is what the coupon has cost by now,
    `budget` what it may."""

    chosen: int
    written_to: int
    skipped: int
    sent: Share
    held: Share
    uplift: Uplift | None
    counted_until: datetime | None
    spent: Money
    budget: Money | None


def campaigns(db: Session, actor: Actor) -> list[CampaignView]:
    """The newest first. Raises RightNeeded."""
    check_right(actor, "run_campaigns")
    rows = db.scalars(select(Campaign).order_by(Campaign.created_at.desc(), Campaign.id).limit(rules.CAMPAIGNS_SHOWN))
    return [view_of(row) for row in rows]


def campaign(db: Session, campaign_id: str, actor: Actor) -> CampaignView:
    """Raises RightNeeded, NotFound."""
    check_right(actor, "run_campaigns")
    row = db.get(Campaign, campaign_id)
    if row is None:
        raise NotFound
    return view_of(row)


def running(db: Session) -> list[str]:
    return list(db.scalars(select(Campaign.id).where(Campaign.state == CampaignState.RUNNING).order_by(Campaign.id)))


def audience_of(db: Session, audience: Audience, now: datetime, *, segments: Mapping[str, str]) -> list[str]:
    """Clients it would go to now: they belong, agreed to be written to, and rest from no other campaign. `segments` is
    person → segment, as profiles has them. Five statements."""
    found = [one.person_id for one in _facts(db, now, segments) if rules.belongs(one, audience, now)]
    tired = select(Recipient.person_id).where(Recipient.chosen_at > now - rules.REST)
    allowed = privacy.who_consented(db, found, rules.CONSENT) - set(db.scalars(tired))
    return sorted(allowed)[: rules.PEOPLE_MAX]


def result_of(db: Session, view: CampaignView, now: datetime) -> Result:
    """What came of it until now. Those who took back their consent before their turn stay in their part: whoever is
    left out because of what they did would tilt the comparison. Three statements."""
    rows = db.execute(
        select(Recipient.person_id, Recipient.arm, Recipient.sent_at, Recipient.skipped).where(
            Recipient.campaign_id == view.id
        )
    ).all()
    until = min(now, view.started_at + rules.OUTCOME_WITHIN) if view.started_at else None
    booked: frozenset[str] = frozenset()
    if view.started_at and until:
        booked = bookings.who_booked(db, [row.person_id for row in rows], from_=view.started_at, until=until)
    sent, held = (
        Share(sum(row.person_id in booked for row in part), len(part))
        for part in ([row for row in rows if row.arm == arm] for arm in (Arm.SENT, Arm.HELD))
    )
    coupon = loyalty.coupon_by_code(db, view.code)
    spent, budget = (coupon.spent_minor, coupon.budget_minor) if coupon else (0, None)
    return Result(
        len(rows), sum(row.sent_at is not None for row in rows), sum(row.skipped for row in rows), sent, held,
        rules.uplift(sent, held), until, Money(spent), Money(budget) if budget is not None else None,
    )  # fmt: skip


def sizes(db: Session) -> dict[str, int]:
    """Campaign → how many are in it. One statement."""
    return dict(db.execute(select(Recipient.campaign_id, func.count()).group_by(Recipient.campaign_id)).all())


def view_of(row: Campaign) -> CampaignView:
    return CampaignView(
        row.id, row.name, row.text, row.code, Audience(**row.audience), row.holdout_percent, CampaignState(row.state),
        row.created_at, row.started_at, row.ended_at, row.ended_reason,
    )  # fmt: skip


def _facts(db: Session, now: datetime, segments: Mapping[str, str]) -> list[Facts]:
    """What is known of everyone who ever agreed on a session."""
    fields = {who: home.field_id for who, home in catalog.fields_of_consultants(db).items()}
    values = loyalty.values_of(db, now)
    met: dict[str, set[str]] = {}
    last: dict[str, datetime] = {}
    for client, consultant, at in bookings.visits(db):
        met.setdefault(client, set()).add(fields.get(consultant, ""))
        last[client] = max(at, last.get(client, at))
    return [
        Facts(who, segments.get(who, ""), tier_of(values.get(who, 0)).name, frozenset(met[who]), last[who])
        for who in sorted(met)
    ]
