from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from zhixun.web.security import require, safe_next, work

from . import actions

bp = Blueprint("recommend", __name__)


@bp.post("/recommendations/dismissed")
@require()
def dismiss() -> Response:
    """ "Not interested" in one consultant; it can be taken back in the profile."""
    with work() as uow:
        actions.dismiss(uow, consultant_id=request.form.get("consultant_id", ""))
    flash(gettext("You will not be shown this consultant again. Your profile has the way back."))
    return redirect(safe_next(request.form.get("next"), url_for("pages.home")), 303)
