from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from zhixun.kernel.values import Words
from zhixun.web import pagination
from zhixun.web.formats import say
from zhixun.web.security import current_actor, read, require, work

from . import actions, queries, rules
from .queries import NoticeLine

bp = Blueprint("notifications", __name__, template_folder="templates")

LINES_SHOWN = 20


@bp.get("/notices")
@require()
def notices() -> str:
    before = pagination.time_of(request.args.get("before"))
    with read() as db:
        found = queries.notices_of(db, current_actor().user_id, limit=LINES_SHOWN + 1, before=before)
    lines = [(line, _sentence(line)) for line in found[:LINES_SHOWN]]
    older = pagination.time_cursor(found[LINES_SHOWN - 1].at) if len(found) > LINES_SHOWN else None
    return render_template("notifications/notices.html", lines=lines, older=older)


@bp.post("/notices")
@require()
def mark_notices_read() -> Response:
    with work() as uow:
        actions.mark_all_read(uow)
    flash(gettext("All read."))
    return redirect(url_for("notifications.notices"), 303)


def _sentence(line: NoticeLine) -> str:
    """The notice in the reader's language. A kind this version does not know yet says its name rather than nothing."""
    values = {name: say(Words.of(value)) if isinstance(value, dict) else value for name, value in line.values.items()}
    sentence = rules.SENTENCES.get(line.kind)
    return gettext(sentence) % values if sentence else line.kind
