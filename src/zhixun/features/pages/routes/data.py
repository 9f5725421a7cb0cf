"""What the house holds about a person: the plan of an erasure, a copy of everything, and the erasure itself."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta

from flask import Response, make_response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as BaseResponse

from zhixun.features.pages import queries
from zhixun.features.privacy import actions as privacy
from zhixun.features.privacy import queries as privacy_queries
from zhixun.features.privacy.actions import StillOpen
from zhixun.kernel import audit
from zhixun.kernel.errors import DomainError, NotFound
from zhixun.kernel.values import utc_now
from zhixun.web import security
from zhixun.web.security import check_proof, current_actor, proved, read, require, work

from . import bp

ERASED, ERASED_SHOWN = "erased", timedelta(hours=1)
"""Where the browser of who has been erased keeps their number, and for how long it tells them what became of the rest."""

Page = str | BaseResponse | tuple[str, int]

README = """Zhixun 知询

data.json holds everything this site holds about you, table by table, with what was sealed opened.
data.json 是本站保存的、与你有关的全部数据，按数据表列出；加密保存的内容已解密。

Made at 生成于: {made_at} ({zone})
"""


@bp.get("/me/data")
@require()
def my_data() -> Page:
    """What is held, a copy of it, and what an erasure would take and leave."""
    return _data_page()


@bp.post("/me/data/copy")
@require()
@proved
def copy_my_data() -> Page:
    """A ZIP of everything."""
    with work() as uow:
        audit.record(uow, "copied_own_data", subject_id=uow.actor.user_id)
        told = privacy_queries.export_of(uow.db, uow.actor.user_id, uow.now)
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("README.txt", README.format(made_at=told["made_at"], zone=current_actor().zone))
        packed.writestr("data.json", json.dumps(told, ensure_ascii=False, indent=1))
    answer = Response(body.getvalue(), mimetype="application/zip")
    answer.headers["Content-Disposition"] = f'attachment; filename="zhixun-{told["made_at"][:10]}.zip"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.post("/me/data/erasure")
@require()
def erase_me() -> Page:
    """Erase the asker, who has said so and shown that it is them."""
    if not request.form.get("sure"):
        return _data_page(wanted="erasure", unsure=True)
    check_proof()
    try:
        with work() as uow:
            privacy.erase_person(uow, person_id=uow.actor.user_id)
    except StillOpen as refusal:
        return _data_page(refusal, wanted="erasure")
    erased_id = current_actor().user_id
    session.clear()
    session[ERASED] = erased_id
    response = redirect(url_for("pages.erased"), 303)
    security.forget(response)
    return response


@bp.get("/erased")
def erased() -> Page:
    """The last page for who was erased a moment ago, in the same browser: what is gone, what stays and until when."""
    with read() as db:
        done = queries.erasure_done(db, session.get(ERASED, ""))
    if done is None or utc_now() > done.at + ERASED_SHOWN:
        raise NotFound
    answer = make_response(render_template("pages/erased.html", done=done, number=session[ERASED]))
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _data_page(error: DomainError | None = None, *, wanted: str = "", unsure: bool = False) -> Page:
    with read() as db:
        plan = queries.erasure_plan(db, current_actor().user_id, utc_now())
    page = render_template("pages/data.html", plan=plan, wanted=wanted, unsure=unsure)
    return page, error.status if error else 400 if unsure else 200
