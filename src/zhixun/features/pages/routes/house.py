"""The consultant's desk, the house's own texts, the component page and the portraits."""

from __future__ import annotations

import re

from flask import Response, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from zhixun.features.booking.rules import BRIEF_LENGTH_MAX, CLIENT_CANCELS, HOLD, RELEASE_AFTER, ladder
from zhixun.features.catalog.rules import COMMISSION_BPS
from zhixun.features.pages import queries, rules
from zhixun.features.privacy.rules import PURPOSES
from zhixun.features.quality.rules import SCORE_SHOWN_FROM, WINDOW
from zhixun.features.recommend.queries import CANDIDATES
from zhixun.features.recommend.rules import EXPLORE_PLACE, NEWCOMER_BELOW, WEIGHTS_PERCENT
from zhixun.kernel.errors import NotFound
from zhixun.kernel.values import Money, utc_now
from zhixun.web import pagination, portraits
from zhixun.web.security import current_actor, read, require

from . import bp

PORTRAIT_SECONDS = 30 * 86_400
PORTRAIT_KEY = re.compile(r"[a-z0-9-]{1,64}")


@bp.get("/pro")
@require("consultant")
def pro_day() -> str:
    now = utc_now()
    with read() as db:
        desk = queries.pro_day(db, current_actor(), now)
    return render_template("pages/pro_day.html", desk=desk, now=now)


@bp.get("/pro/earnings")
@require("consultant")
def pro_earnings() -> str:
    now = utc_now()
    before = pagination.time_of(request.args.get("before"))
    with read() as db:
        earned = queries.earnings(db, current_actor(), now, before=before)
    older = pagination.time_cursor(earned.next_before) if earned.next_before else None
    return render_template(
        "pages/pro_earnings.html", earned=earned, older=older, now=now, commission_bps=COMMISSION_BPS,
        release_hours=int(RELEASE_AFTER.total_seconds() // 3600),
    )  # fmt: skip


@bp.get("/legal/<page>")
def legal(page: str) -> str:
    if page not in rules.LEGAL_PAGES:
        raise NotFound
    now = utc_now()
    return render_template(
        "pages/legal.html", page=page, pages=rules.LEGAL_PAGES, version=PURPOSES["terms"].version,
        published=rules.LEGAL_PUBLISHED, refund_steps=CLIENT_CANCELS, example=ladder(starts_at=now, price=Money(40_000)),
        held=queries.personal_data(), commission_bps=COMMISSION_BPS, hold_minutes=int(HOLD.total_seconds() // 60),
        release_hours=int(RELEASE_AFTER.total_seconds() // 3600), review_days=WINDOW.days,
        weights=WEIGHTS_PERCENT, explore_place=EXPLORE_PLACE, newcomer_below=NEWCOMER_BELOW, candidates=CANDIDATES,
        score_shown_from=SCORE_SHOWN_FROM, purposes=PURPOSES.values(), brief_length_max=BRIEF_LENGTH_MAX,
    )  # fmt: skip


@bp.get("/components")
def components() -> str:
    return render_template("pages/components.html", now=utc_now())


@bp.get("/portrait/<key>.svg")
def portrait(key: str) -> BaseResponse:
    """The drawing that stands in for a photo; the same key always gives the same one."""
    if not PORTRAIT_KEY.fullmatch(key):
        raise NotFound
    response = Response(portraits.portrait_svg(key), mimetype="image/svg+xml")
    response.headers["Cache-Control"] = f"public, max-age={PORTRAIT_SECONDS}"
    return response
