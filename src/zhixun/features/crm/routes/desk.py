"""The desk's queue of complaints and suggestions."""

from __future__ import annotations

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from zhixun.features.accounts import queries as accounts
from zhixun.features.accounts.rules import check_right
from zhixun.features.booking import queries as bookings
from zhixun.features.catalog import queries as catalog
from zhixun.features.crm import actions, queries, rules
from zhixun.features.crm.actions import Answered
from zhixun.features.messaging import queries as messaging
from zhixun.kernel.errors import DomainError, Invalid, NotFound
from zhixun.kernel.values import is_id, utc_now
from zhixun.web import errors
from zhixun.web.languages import language
from zhixun.web.security import current_actor, read, require, work

from . import bp


@bp.get("/ops/complaints")
@require("operator")
def complaints() -> str:
    check_right(current_actor(), "answer_complaints")
    state = "answered" if request.args.get("state") == "answered" else "open"
    now = utc_now()
    with read() as db:
        lines = queries.matters(db, state=state, now=now)
        ids = {one.person_id for one in lines} | {one.owner_id or "" for one in lines}
        people = catalog.called(db, accounts.people(db, ids), language())
        helped, answers = queries.helped_share(db)
        told, sent = messaging.contacts_told(db, now - rules.CONTACTS_PERIOD)
    names = {who: one.name for who, one in people.items()}
    return render_template(
        "crm/complaints.html",
        lines=lines,
        names=names,
        state=state,
        now=now,
        helped=helped,
        answers=answers,
        told=told,
        sent=sent,
    )


@bp.route("/ops/complaints/<matter_id>", methods=["GET", "POST"])
@require("operator")
def desk_matter(matter_id: str) -> AnyResponse:
    """Read one, take it (`deed=take`), answer it (`deed=answer`)."""
    check_right(current_actor(), "answer_complaints")
    if not is_id(matter_id):
        raise NotFound
    if request.method == "GET":
        return _matter_page(matter_id)
    try:
        with work() as uow:
            if request.form.get("deed") == "take":
                actions.take_matter(uow, matter_id=matter_id)
            else:
                actions.answer_matter(uow, matter_id=matter_id, answer=request.form.get("answer", ""))
    except (Invalid, Answered) as error:
        return _matter_page(matter_id, error)
    flash(gettext("Saved."))
    return redirect(url_for("crm.desk_matter", matter_id=matter_id), 303)


def _matter_page(matter_id: str, error: DomainError | None = None) -> AnyResponse:
    with read() as db:
        found = queries.matter(db, matter_id, current_actor())
        booked = bookings.bookings_by_ids(db, [found.booking_id], utc_now()) if found.booking_id else {}
        session = booked.get(found.booking_id or "")
        ids = {found.line.person_id, found.line.owner_id or "", found.line.about_id or ""}
        ids |= {session.consultant_id} if session else set()
        people = catalog.called(db, accounts.people(db, ids), language())
    page = render_template(
        "crm/matter.html", matter=found, session=session, line=found.line, names={who: one.name for who, one in people.items()},
        now=utc_now(), typed=request.form, errors=errors.field_sentences(error) if isinstance(error, Invalid) else {},
        said=errors.sentence_of(error) if error and not error.fields else "", text_length_max=rules.TEXT_LENGTH_MAX,
    )  # fmt: skip
    return make_response(page, error.status if error else 200)
