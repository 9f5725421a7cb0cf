"""A dispute as the two see it, on the page of their session, and as the desk does."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from zhixun.features.accounts import queries as accounts
from zhixun.features.accounts.rules import check_right
from zhixun.features.booking import queries as bookings
from zhixun.features.booking.queries import BookingView
from zhixun.features.catalog import queries as catalog
from zhixun.features.payments import queries as payments
from zhixun.features.payments.rules import purpose_of_booking
from zhixun.kernel.errors import DomainError, Forbidden, NotFound
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import new_id, utc_now
from zhixun.web import errors
from zhixun.web.languages import language
from zhixun.web.security import current_actor, proved, read, require, work

from . import actions, forms, queries, rules

bp = Blueprint("disputes", __name__, template_folder="templates")


@bp.get("/sessions/<booking_id>/dispute")
@require()
def dispute(booking_id: str) -> Response:
    """The dispute about this session; for its client the way to open one."""
    return _page(_own_booking(booking_id))


@bp.post("/sessions/<booking_id>/dispute")
@require()
def open_dispute(booking_id: str) -> Response:
    booking, form = _own_booking(booking_id), request.form
    return _do(
        booking,
        gettext("Opened. The money waits; your consultant has seven days to answer."),
        lambda uow: actions.open_dispute(
            uow, dispute_id=form.get("dispute_id", ""), booking_id=booking.id, reason=form.get("reason", ""),
            words=form.get("words", ""), asked=forms.read_amount(form, booking.price.currency),
        ),
    )  # fmt: skip


@bp.post("/sessions/<booking_id>/dispute/answer")
@require()
def answer(booking_id: str) -> Response:
    booking, form = _own_booking(booking_id), request.form
    return _do(
        booking,
        gettext("Your answer is with your client."),
        lambda uow: actions.answer_dispute(
            uow, statement_id=form.get("statement_id", ""), dispute_id=_about(booking), words=form.get("words", ""),
            agrees=form.get("agrees") == "yes",
        ),
    )  # fmt: skip


@bp.post("/sessions/<booking_id>/dispute/statements")
@require()
def say(booking_id: str) -> Response:
    booking, form = _own_booking(booking_id), request.form
    return _do(
        booking,
        gettext("Added."),
        lambda uow: actions.add_statement(
            uow, statement_id=form.get("statement_id", ""), dispute_id=_about(booking), words=form.get("words", "")
        ),
    )


@bp.post("/sessions/<booking_id>/dispute/withdrawal")
@require()
def withdraw(booking_id: str) -> Response:
    booking = _own_booking(booking_id)
    return _do(
        booking,
        gettext("Withdrawn. The money goes its way."),
        lambda uow: actions.withdraw_dispute(uow, dispute_id=_about(booking)),
    )


@bp.get("/ops/disputes")
@require("operator")
def desk() -> str:
    check_right(current_actor(), "settle_disputes")
    state = request.args.get("state", "")
    state = state if state in list(rules.State) else ""
    with read() as db:
        found = queries.disputes(db, state=state)
        people = _people(db, {who for one in found for who in (one.client_id, one.consultant_id)})
    return render_template(
        "disputes/desk.html", disputes=found, state=state, states=[one.value for one in rules.State], now=utc_now(),
        names={who: person.name for who, person in people.items()}, reasons=rules.REASONS,
    )  # fmt: skip


@bp.get("/ops/disputes/<dispute_id>")
@require("operator")
def desk_dispute(dispute_id: str) -> Response:
    return _desk_page(dispute_id)


@bp.post("/ops/disputes/<dispute_id>/ruling")
@require("operator")
@proved
def rule(dispute_id: str) -> Response:
    """How much goes back, and why; said to both."""
    form = request.form
    try:
        with work() as uow:
            view = queries.dispute(uow.db, forms.own_id(dispute_id))
            back = forms.read_amount(form, view.asked.currency)
            actions.rule_dispute(
                uow, statement_id=form.get("statement_id", ""), dispute_id=view.id, words=form.get("words", ""),
                back=view.asked if back is None else back,
            )  # fmt: skip
    except (NotFound, Forbidden):
        raise
    except DomainError as refusal:
        return _desk_page(dispute_id, refusal)
    flash(gettext("Decided. Both are told."))
    return redirect(url_for("disputes.desk_dispute", dispute_id=dispute_id), 303)


def _do(booking: BookingView, said: str, deed: Callable[[UnitOfWork], None]) -> Response:
    """One deed of one of the two; a refusal keeps what was typed."""
    try:
        with work() as uow:
            deed(uow)
    except NotFound:
        raise
    except DomainError as refusal:
        return _page(booking, refusal)
    flash(said)
    return redirect(url_for("disputes.dispute", booking_id=booking.id), 303)


def _own_booking(booking_id: str) -> BookingView:
    actor = current_actor()
    with read() as db:
        view = bookings.booking(db, forms.own_id(booking_id), actor, utc_now())
    if actor.user_id not in (view.client_id, view.consultant_id):
        raise NotFound
    return view


def _people(db: Session, ids: Iterable[str]) -> dict[str, accounts.Person]:
    return catalog.called(db, accounts.people(db, ids), language())


def _about(booking: BookingView) -> str:
    with read() as db:
        found = queries.dispute_about(db, booking.id)
    if found is None:
        raise NotFound
    return found.id


def _page(booking: BookingView, refusal: DomainError | None = None) -> Response:
    actor, purpose = current_actor(), purpose_of_booking(booking.id)
    is_client = actor.user_id == booking.client_id
    with read() as db:
        view = queries.dispute_about(db, booking.id)
        said = queries.statements_of(db, view.id, actor) if view else []
        people = _people(db, [booking.client_id, booking.consultant_id])
        paid = payments.captured_total(db, purpose, booking.price.currency)
        left = paid - payments.refunded_total(db, purpose, booking.price.currency)
    may_open = view is None and is_client and booking.release_at is not None and booking.seen_at < booking.release_at
    if view is None and not may_open and refusal is None:
        raise NotFound
    page = render_template(
        "disputes/dispute.html",
        booking=booking, dispute=view, said=said, is_client=is_client, left=left, may_open=may_open,
        names={who: person.name for who, person in people.items()}, reasons=rules.REASONS, typed=request.form,
        new_id=new_id(), words_length_max=rules.WORDS_LENGTH_MAX, errors=errors.field_sentences(refusal) if refusal else {},
        sentence=errors.sentence_of(refusal) if refusal and not refusal.fields else "",
    )  # fmt: skip
    return make_response(page, refusal.status if refusal else 200)


def _desk_page(dispute_id: str, refusal: DomainError | None = None) -> Response:
    check_right(current_actor(), "settle_disputes")
    with read() as db:
        view = queries.dispute(db, forms.own_id(dispute_id))
        said = queries.statements_of(db, view.id, current_actor())
        booking = bookings.booking(db, view.booking_id, current_actor(), utc_now())
        people = _people(db, [view.client_id, view.consultant_id])
    page = render_template(
        "disputes/desk_dispute.html",
        dispute=view, booking=booking, said=said, names={who: person.name for who, person in people.items()},
        reasons=rules.REASONS, typed=request.form, new_id=new_id(), words_length_max=rules.WORDS_LENGTH_MAX,
        errors=errors.field_sentences(refusal) if refusal else {},
        sentence=errors.sentence_of(refusal) if refusal and not refusal.fields else "",
    )  # fmt: skip
    return make_response(page, refusal.status if refusal else 200)
