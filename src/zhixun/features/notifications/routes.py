from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from zhixun.features.booking import queries as bookings
from zhixun.kernel.errors import Invalid
from zhixun.kernel.services import service
from zhixun.kernel.values import Words, utc_now
from zhixun.web import pagination
from zhixun.web.errors import field_sentences
from zhixun.web.formats import say
from zhixun.web.security import by_secret_address, current_actor, read, require, work

from . import actions, forms, queries, rules
from .ports import House
from .queries import NoticeLine
from .rules import Preferences

bp = Blueprint("notifications", __name__, template_folder="templates")

LINES_SHOWN = 20


@bp.get("/notices")
@require()
def notices() -> str:
    before = pagination.time_of(request.args.get("before"))
    with read() as db:
        found = queries.notices_of(db, current_actor().user_id, limit=LINES_SHOWN + 1, before=before)
        of_sessions = [line.subject_id for line in found if line.kind in rules.OF_A_SESSION]
        sessions = bookings.bookings_by_ids(db, of_sessions, utc_now())
    lines = [(line, _sentence(line)) for line in found[:LINES_SHOWN]]
    older = pagination.time_cursor(found[LINES_SHOWN - 1].at) if len(found) > LINES_SHOWN else None
    return render_template("notifications/notices.html", lines=lines, sessions=sessions, older=older)


@bp.post("/notices")
@require()
def mark_notices_read() -> Response:
    with work() as uow:
        actions.mark_all_read(uow)
    flash(gettext("All read."))
    return redirect(url_for("notifications.notices"), 303)


@bp.get("/me/notices")
@require()
def preferences() -> str:
    with read() as db:
        wanted = queries.preferences_of(db, current_actor().user_id)
    return _preferences_page(wanted, {})


@bp.post("/me/notices", endpoint="change_preferences")
@require()
def change_preferences() -> Response | tuple[str, int]:
    wanted = forms.read_preferences(request.form)
    try:
        with work() as uow:
            actions.prefer(uow, wanted=wanted)
    except Invalid as refusal:
        return _preferences_page(wanted, field_sentences(refusal)), refusal.status
    flash(gettext("Saved."))
    return redirect(url_for("notifications.preferences"), 303)


@bp.get("/notices/stop/<token>")
def stop(token: str) -> str:
    _, group = rules.read_stop_token(service(House).key, token)
    return render_template("notifications/stop.html", group=rules.GROUPS[group], done=False)


@bp.post("/notices/stop/<token>", endpoint="stopped")
@by_secret_address
def stopped(token: str) -> str:
    """Sent by the page's button, or by the reader's mail program (RFC 8058)."""
    user_id, group = rules.read_stop_token(service(House).key, token)
    with work() as uow:
        actions.stop_mails(uow, user_id=user_id, group=group)
    return render_template("notifications/stop.html", group=rules.GROUPS[group], done=True)


def _preferences_page(wanted: Preferences, errors: dict[str, str]) -> str:
    return render_template(
        "notifications/preferences.html", wanted=wanted, errors=errors, groups=rules.GROUPS,
        half_hours=rules.HALF_HOURS, now=utc_now(),
    )  # fmt: skip


def _sentence(line: NoticeLine) -> str:
    """The notice in the reader's language. A kind this version does not know yet says its name rather than nothing."""
    values = {name: say(Words.of(value)) if isinstance(value, dict) else value for name, value in line.values.items()}
    sentence = rules.SENTENCES.get(line.kind)
    return gettext(sentence) % values if sentence else line.kind
