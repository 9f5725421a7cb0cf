"""Campaigns: planned, begun, sent in batches, stopped."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from sqlalchemy import insert, select

from zhixun.events.crm import CampaignSent
from zhixun.features.accounts.rules import check_right
from zhixun.features.crm import queries, rules
from zhixun.features.crm.models import Campaign, Recipient
from zhixun.features.crm.rules import Arm, Audience, CampaignState, CampaignTerms
from zhixun.features.loyalty import queries as loyalty
from zhixun.features.privacy import queries as privacy
from zhixun.kernel import audit
from zhixun.kernel.errors import N_, Conflict, Invalid, NotFound
from zhixun.kernel.unit_of_work import UnitOfWork


class NobodyToReach(Conflict):
    code, message = (
        "nobody_to_reach",
        N_("Nobody belongs to it who agreed to be written to and rests from no other campaign."),
    )


class CampaignOver(Conflict):
    code, message = "campaign_over", N_("This campaign has begun or ended already.")


def plan_campaign(uow: UnitOfWork, *, campaign_id: str, terms: CampaignTerms) -> None:
    """Write down a campaign; nothing is sent. The same id again is once. Raises RightNeeded, Invalid."""
    check_right(uow.actor, "run_campaigns")
    kept = rules.check_campaign(terms)
    if not _is_good(uow, kept.code):
        raise Invalid(fields={"code": N_("There is no coupon of this code that can be used now.")})
    if uow.db.get(Campaign, campaign_id) is not None:
        return
    uow.db.add(
        Campaign(
            id=campaign_id, name=kept.name, text=kept.text, code=kept.code, audience=kept.audience.stored(),
            holdout_percent=kept.holdout_percent, key=secrets.token_hex(16), state=CampaignState.DRAFT,
            created_by=uow.actor.user_id, created_at=uow.now, started_at=None, ended_at=None, ended_reason="",
        )
    )  # fmt: skip
    uow.db.flush()
    audit.record(uow, "campaign_planned", subject_id=campaign_id)


def begin_campaign(uow: UnitOfWork, *, campaign_id: str, segments: Mapping[str, str]) -> None:
    """Choose its people, now and for good, and let the clock send; `segments` is person → segment. Raises RightNeeded, NotFound, CampaignOver, NobodyToReach."""
    check_right(uow.actor, "run_campaigns")
    row = _locked(uow, campaign_id)
    if row.state != CampaignState.DRAFT:
        raise CampaignOver
    people = queries.audience_of(uow.db, Audience(**row.audience), uow.now, segments=segments)
    if not people:
        raise NobodyToReach
    row.started_at = uow.now
    _change(row, CampaignState.RUNNING)
    parts = rules.arms(people, key=row.key, holdout_percent=row.holdout_percent)
    uow.db.execute(
        insert(Recipient),
        [
            {"campaign_id": row.id, "person_id": who, "arm": arm, "chosen_at": uow.now, "sent_at": None, "skipped": False}
            for who, arm in parts.items()
        ],
    )  # fmt: skip
    audit.record(uow, "campaign_begun", subject_id=campaign_id, people=len(people))


def send_batch(uow: UnitOfWork, *, campaign_id: str) -> int:
    """Write to the next of them, each once: the mark and the fact are one transaction, so that a kill loses and doubles
    nothing. Who no longer agrees is passed over; a coupon that is used up or paused ends the campaign. Returns how many
    had their turn."""
    row = _locked(uow, campaign_id)
    if row.state != CampaignState.RUNNING:
        return 0
    if not _is_good(uow, row.code):
        _end(uow, row, CampaignState.STOPPED, "coupon")
        return 0
    turn = list(
        uow.db.scalars(
            select(Recipient)
            .where(
                Recipient.campaign_id == campaign_id, Recipient.arm == Arm.SENT, Recipient.sent_at.is_(None),
                ~Recipient.skipped,
            ).order_by(Recipient.person_id).limit(rules.BATCH)
        )
    )  # fmt: skip
    agree = privacy.who_consented(uow.db, [one.person_id for one in turn], rules.CONSENT)
    for one in turn:
        if one.person_id not in agree:
            one.skipped = True
            continue
        one.sent_at = uow.now
        uow.emit(
            CampaignSent(
                campaign_id=campaign_id, person_id=one.person_id, text_zh=row.text.zh, text_en=row.text.en, code=row.code
            )
        )  # fmt: skip
    if len(turn) < rules.BATCH:
        _end(uow, row, CampaignState.DONE, "")
    uow.db.flush()
    return len(turn)


def stop_campaign(uow: UnitOfWork, *, campaign_id: str) -> None:
    """Nobody more is written to. Raises RightNeeded, NotFound, CampaignOver."""
    check_right(uow.actor, "run_campaigns")
    row = _locked(uow, campaign_id)
    _end(uow, row, CampaignState.STOPPED, "desk")
    audit.record(uow, "campaign_stopped", subject_id=campaign_id)


def _locked(uow: UnitOfWork, campaign_id: str) -> Campaign:
    row = uow.db.get(Campaign, campaign_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound
    return row


def _end(uow: UnitOfWork, row: Campaign, state: CampaignState, reason: str) -> None:
    _change(row, state)
    row.ended_at, row.ended_reason = uow.now, reason
    uow.db.flush()


def _change(row: Campaign, wanted: CampaignState) -> None:
    if wanted not in rules.NEXT_OF_CAMPAIGN[CampaignState(row.state)]:
        raise CampaignOver
    row.state = wanted


def _is_good(uow: UnitOfWork, code: str) -> bool:
    """Whether a coupon can still be used: within its days, its number and its budget."""
    coupon = loyalty.coupon_by_code(uow.db, code)
    if coupon is None or coupon.paused or not coupon.valid_from <= uow.now < coupon.valid_until:
        return False
    used_up = coupon.uses_max is not None and coupon.used >= coupon.uses_max
    return not used_up and (coupon.budget_minor is None or coupon.spent_minor < coupon.budget_minor)
