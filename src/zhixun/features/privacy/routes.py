"""What a person can see and do about their own data, and the desk's page of what was done with power."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from zhixun.features.accounts import queries as accounts
from zhixun.features.accounts.rules import may
from zhixun.kernel import audit
from zhixun.kernel.errors import NotFound
from zhixun.web import pagination, shell
from zhixun.web.security import current_actor, read, require

from . import queries, rules

bp = Blueprint("privacy", __name__, template_folder="templates")


@bp.get("/me/access")
@require()
def access() -> str:
    """Who has read what the asker wrote or told us, apart from themselves."""
    before = pagination.time_of(request.args.get("before"))
    with read() as db:
        found = queries.reads_of(db, current_actor().user_id, before=before, limit=rules.LINES_SHOWN + 1)
        page = found[: rules.LINES_SHOWN]
        people = shell.called(db, accounts.people(db, {line.reader_id for line in page}))
    older = pagination.time_cursor(page[-1].at) if len(found) > len(page) else None
    return render_template(
        "privacy/access.html", lines=page, people=people, fields=rules.FIELDS, older=older, paged=before is not None
    )


@bp.get("/ops/audit")
@require("operator")
def audit_log() -> str:
    """What people at the desk did, the newest first, and whether the chain still holds."""
    if not may(current_actor(), "see_audit"):
        raise NotFound
    before = rules.line_number(request.args.get("before", ""))
    with read() as db:
        found = audit.lines(db, before=before, limit=rules.LINES_SHOWN + 1)
        page = found[: rules.LINES_SHOWN]
        people = accounts.people(db, {line.actor_id for line in page})
        chain = audit.verify(db) if before is None else None
    older = page[-1].number if len(found) > len(page) else None
    return render_template("privacy/audit.html", lines=page, people=people, chain=chain, older=older, paged=before)


@bp.get("/ops/erasures")
@require("operator")
def erasures() -> str:
    """Who was erased, by number: what went, what stayed and why, and what a second look found."""
    if not may(current_actor(), "erase_people"):
        raise NotFound
    before = pagination.time_of(request.args.get("before"))
    with read() as db:
        found = queries.erasures(db, before=before, limit=rules.LINES_SHOWN + 1)
        page = found[: rules.LINES_SHOWN]
        people = accounts.people(db, {one.by for one in page})
    older = pagination.time_cursor(page[-1].at) if len(found) > len(page) else None
    return render_template("privacy/erasures.html", erasures=page, people=people, older=older, paged=before is not None)
