"""What everyone signed in may say: a complaint or suggestion, and whether a session helped."""

from __future__ import annotations

from collections.abc import Collection

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from zhixun.features.accounts import queries as accounts
from zhixun.features.booking import queries as bookings
from zhixun.features.catalog import queries as catalog
from zhixun.features.crm import actions, forms, queries, rules
from zhixun.features.crm.actions import CheckOver, TooManyOpen
from zhixun.features.messaging import queries as messaging
from zhixun.features.messaging import rules as messaging_rules
from zhixun.kernel.errors import DomainError, Invalid, NotFound
from zhixun.kernel.values import is_id, utc_now
from zhixun.web import errors
from zhixun.web.formats import local, say
from zhixun.web.languages import language
from zhixun.web.security import current_actor, read, require, work

from . import bp


@bp.route("/help/complaint", methods=["GET", "POST"])
@require()
def complaint() -> AnyResponse:
    """Say what went wrong or could be better; below, what one said before and what was answered."""
    if request.method == "GET":
        return _page(forms.Typed(kind=request.args.get("kind", ""), booking_id=_booking_asked()))
    typed = forms.read_matter(request.form)
    try:
        with work() as uow:
            actions.file_matter(
                uow, matter_id=typed.matter_id, kind=typed.kind, text=typed.text, booking_id=typed.booking_id or None
            )
    except (Invalid, TooManyOpen) as error:
        return _page(typed, error)
    flash(gettext("Thank you. We answer by the time shown below."))
    return redirect(url_for("crm.complaint", _anchor="said"), 303)


@bp.route("/messages/<conversation_id>/report", methods=["GET", "POST"])
@require()
def report(conversation_id: str) -> AnyResponse:
    """Tell the house about the other person, or one of a group, with their latest messages where one says so."""
    if not is_id(conversation_id):
        raise NotFound
    me, typed = current_actor(), forms.read_report(request.form)
    with read() as db:
        talk = messaging.conversation(db, conversation_id, me)
        latest = messaging.messages_before(db, talk, limit=messaging_rules.PAGE_LENGTH)
        people = catalog.called(db, accounts.people(db, talk.others(me.user_id)), language())
    about = typed.about if len(people) > 1 else next(iter(people), "")
    theirs = [one.text for one in latest if one.sender_id == about and one.text][-rules.QUOTED :]
    wrong: Invalid | TooManyOpen | None = None
    if request.method == "POST":
        try:
            with work() as uow:
                actions.report_person(
                    uow, matter_id=typed.matter_id, conversation_id=conversation_id, reason=typed.reason,
                    text=typed.text, quoted=theirs if typed.shows else (), about_id=about,
                )  # fmt: skip
        except (Invalid, TooManyOpen) as error:
            wrong = error
        else:
            flash(gettext("Thank you. Someone at the desk looks at it and answers within a day."))
            return redirect(url_for("crm.complaint", _anchor="said"), 303)
    page = render_template(
        "crm/report.html", talk=talk, people={one: people[one].name for one in people}, typed=typed, reasons=rules.REPORTED, theirs=theirs,
        errors=errors.field_sentences(wrong) if wrong else {},
        said=errors.sentence_of(wrong) if wrong and not wrong.fields else "", text_length_max=rules.TEXT_LENGTH_MAX,
    )  # fmt: skip
    return make_response(page, wrong.status if wrong else 200)


@bp.route("/sessions/<booking_id>/help", methods=["GET", "POST"])
@require()
def help_check(booking_id: str) -> AnyResponse:
    """Two weeks later: did it help?"""
    if not is_id(booking_id):
        raise NotFound
    with read() as db:
        booking = bookings.booking(db, booking_id, current_actor(), utc_now())
        check = queries.check_for(db, booking_id)
    if check is None or booking.client_id != current_actor().user_id:
        raise NotFound
    wrong: DomainError | None = None
    if request.method == "POST":
        try:
            with work() as uow:
                actions.say_whether_it_helped(uow, booking_id=booking_id, helped=request.form.get("helped", ""))
        except (Invalid, CheckOver) as error:
            wrong = error
        else:
            flash(gettext("Thank you for telling us."))
            return redirect(url_for("booking.session", booking_id=booking_id), 303)
    page = render_template(
        "crm/check.html", booking=booking, check=check, is_open=check.is_open(booking.seen_at),
        errors=errors.field_sentences(wrong) if isinstance(wrong, Invalid) else {},
        said=errors.sentence_of(wrong) if wrong and not wrong.fields else "",
    )  # fmt: skip
    return make_response(page, wrong.status if wrong else 200)


def _sessions(db: Session, booking_ids: Collection[str]) -> dict[str, str]:
    """One's own sessions of these ids, each by the other person, what it is about and when. Three statements at most."""
    me = current_actor().user_id
    found = bookings.bookings_by_ids(db, list(booking_ids), utc_now()) if booking_ids else {}
    own = {one: view for one, view in found.items() if me in (view.client_id, view.consultant_id)}
    others = {view.other_party(me) for view in own.values()}
    people = catalog.called(db, accounts.people(db, others), language()) if others else {}
    return {
        one: gettext(
            "%(title)s with %(name)s, %(time)s", title=say(view.title), time=local(view.starts_at),
            name=people[view.other_party(me)].name if view.other_party(me) in people else gettext("Someone who has left"),
        )
        for one, view in own.items()
    }  # fmt: skip


def _booking_asked() -> str:
    asked = request.args.get("booking", "")
    return asked if is_id(asked) else ""


def _page(typed: forms.Typed, error: Invalid | TooManyOpen | None = None) -> AnyResponse:
    with read() as db:
        mine = queries.matters_of(db, current_actor().user_id)
        sessions = _sessions(db, {one for one in (typed.booking_id, *(line.booking_id for line in mine)) if one})
    page = render_template(
        "crm/complaint.html", typed=typed, mine=mine, sessions=sessions, errors=errors.field_sentences(error) if error else {},
        said=errors.sentence_of(error) if error and not error.fields else "", now=utc_now(),
        text_length_max=rules.TEXT_LENGTH_MAX,
    )  # fmt: skip
    return make_response(page, error.status if error else 200)
