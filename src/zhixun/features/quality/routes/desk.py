"""What the desk sees of quality: how the experts work and how far they agree."""

from __future__ import annotations

from flask import render_template

from zhixun.features.accounts.rules import check_right
from zhixun.features.quality import queries, rules
from zhixun.kernel.values import utc_now
from zhixun.web.security import current_actor, read, require

from . import bp

ALPHA_GOOD, ALPHA_FAIR = 0.8, 0.667
"""Krippendorff's own advice: rely on 0.800 and more, draw tentative conclusions from 0.667 on."""


@bp.get("/ops/quality")
@require("operator")
def desk() -> str:
    check_right(current_actor(), "settle_disputes")
    with read() as db:
        agreement, people, cases = queries.agreement(db), queries.reviewers(db), queries.house_cases(db)
        population = queries.expert_population(db)
    return render_template(
        "quality/desk.html", agreement=agreement, reviewers=people, cases=cases, population=population, now=utc_now(),
        alpha_good=ALPHA_GOOD, alpha_fair=ALPHA_FAIR, difference_max=rules.DIFFERENCE_MAX,
    )  # fmt: skip
