"""The desk's campaigns: planned, begun, stopped, and what they brought."""

from __future__ import annotations

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from zhixun.features.catalog import queries as catalog
from zhixun.features.crm import actions, forms, queries, rules
from zhixun.features.loyalty import queries as loyalty
from zhixun.features.loyalty.rules import TIERS
from zhixun.features.profiles import queries as profiles
from zhixun.kernel.errors import DomainError, NotFound
from zhixun.kernel.values import Words, is_id, new_id, utc_now
from zhixun.web import errors
from zhixun.web.security import current_actor, read, require, work

from . import bp


@bp.route("/ops/campaigns", methods=["GET", "POST"])
@require("operator")
def campaigns() -> AnyResponse:
    """All of them, and the form of a new one."""
    if request.method == "GET":
        return _list_page()
    campaign_id = request.form.get("campaign_id", "")
    try:
        with work() as uow:
            actions.plan_campaign(
                uow,
                campaign_id=campaign_id if is_id(campaign_id) else new_id(),
                terms=forms.read_campaign(request.form),
            )
    except DomainError as refusal:
        return _list_page(refusal)
    flash(gettext("Planned. Nothing is sent before you begin it."))
    return redirect(url_for("crm.campaign", campaign_id=campaign_id), 303)


@bp.route("/ops/campaigns/<campaign_id>", methods=["GET", "POST"])
@require("operator")
def campaign(campaign_id: str) -> AnyResponse:
    """What it is and what it brought; begin it (`deed=begin`) or stop it (`deed=stop`)."""
    if not is_id(campaign_id):
        raise NotFound
    if request.method == "GET":
        return _campaign_page(campaign_id)
    begins = request.form.get("deed") == "begin"
    try:
        with work() as uow:
            if begins:
                actions.begin_campaign(uow, campaign_id=campaign_id, segments=profiles.segments_of_people(uow.db))
            else:
                actions.stop_campaign(uow, campaign_id=campaign_id)
    except NotFound:
        raise
    except DomainError as refusal:
        return _campaign_page(campaign_id, refusal)
    flash(
        gettext("Begun. The clock sends it in batches.") if begins else gettext("Stopped. Nobody more is written to.")
    )
    return redirect(url_for("crm.campaign", campaign_id=campaign_id), 303)


def _list_page(refusal: DomainError | None = None) -> AnyResponse:
    now = utc_now()
    with read() as db:
        found = queries.campaigns(db, current_actor())
        coupons = [one for one in loyalty.coupons(db) if not one.paused and now < one.valid_until]
        sizes, segments, fields = queries.sizes(db), profiles.segments(db), catalog.bare_fields(db)
    page = render_template(
        "crm/campaigns.html", found=found, sizes=sizes, segments=segments, tiers=TIERS, fields=fields, typed=request.form,
        campaign_id=new_id(), coupons=coupons, errors=errors.field_sentences(refusal) if refusal else {},
        sentence=errors.sentence_of(refusal) if refusal and not refusal.fields else "", rest_days=rules.REST.days,
    )  # fmt: skip
    return make_response(page, refusal.status if refusal else 200)


def _campaign_page(campaign_id: str, refusal: DomainError | None = None) -> AnyResponse:
    now = utc_now()
    with read() as db:
        view = queries.campaign(db, campaign_id, current_actor())
        result = queries.result_of(db, view, now)
        would = 0
        if view.state is rules.CampaignState.DRAFT:
            segments = profiles.segments_of_people(db)
            would = len(queries.audience_of(db, view.audience, now, segments=segments))
        names = _names(
            {one.key: one.name for one in profiles.segments(db)}, {one.id: one.name for one in catalog.bare_fields(db)}
        )
    page = render_template(
        "crm/campaign.html", one=view, result=result, would=would, now=now, within_days=rules.OUTCOME_WITHIN.days,
        rest_days=rules.REST.days, names=names, sentence=errors.sentence_of(refusal) if refusal else "",
    )  # fmt: skip
    return make_response(page, refusal.status if refusal else 200)


def _names(segments: dict[str, Words], fields: dict[str, Words]) -> dict[str, dict[str, Words]]:
    return {"segment": segments, "field_id": fields, "tier": {one.name: one.title for one in TIERS}}
