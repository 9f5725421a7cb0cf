"""Asking now and waiting for the first answer; being available, being rung, and answering."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from markupsafe import escape
from werkzeug.wrappers import Response

from zhixun.features.accounts import queries as accounts
from zhixun.features.catalog import queries as catalog
from zhixun.features.payments import queries as payments
from zhixun.features.payments.queries import PaymentView
from zhixun.features.payments.rules import call_of, purpose_of_call
from zhixun.features.recommend.rules import crisis_of
from zhixun.features.scheduling import queries as scheduling
from zhixun.features.scheduling.actions import CalendarStale, SlotTaken
from zhixun.kernel.errors import Conflict, DomainError, Invalid
from zhixun.kernel.values import Words, new_id, utc_now
from zhixun.web import errors, limits
from zhixun.web.security import current_actor, read, require, work

from . import actions, forms, queries, rules
from .actions import CallOpen, CallOver, CallTaken, NobodyFree, NotAvailable
from .rules import QUESTION_LENGTH_MAX, State

bp = Blueprint("instant", __name__, template_folder="templates")


@bp.route("/now", methods=["GET", "POST"])
def ask() -> Response:
    """Who is free now, and asking them. Words of danger are answered with help before anything is sold."""
    if request.method == "GET" or "look" in request.form:
        return _ask_page({})
    if not current_actor().user_id:
        return redirect(url_for("pages.sign_in", next=url_for("instant.ask")), 303)
    limits.limit("ask_now", current_actor().user_id, tries=rules.ASKS_MAX, seconds=rules.ASKS_SECONDS)
    try:
        asked = forms.read_asked(request.form)
        rules.clean_question(asked.question)
        if (crisis := _crisis(asked)) and request.form.get("seen_help") != "yes":
            return _ask_page({}, crisis=crisis)
        with work() as uow:
            view = actions.ask_now(
                uow, call_id=request.form.get("call_id", ""), question=asked.question, field_id=asked.field_id,
                channel=asked.channel, minutes=asked.minutes, cap=asked.cap,
            )  # fmt: skip
    except Invalid as error:
        return _ask_page(errors.field_sentences(error), status=error.status)
    except (CallOpen, NobodyFree) as refusal:
        return _ask_page({}, status=refusal.status, refusal=refusal)
    if not view.amount:
        return redirect(url_for("instant.waiting", call_id=view.id), 303)
    return redirect(url_for("payments.pay", payment_id=view.payment_id), 303)


@bp.get("/now/<call_id>")
@require()
def waiting(call_id: str) -> Response:
    """Who is being rung and how long still; once somebody has answered, the room."""
    view = _settled(forms.own_id(call_id))
    if view.state is State.ANSWERED:
        return redirect(url_for("messaging.room", booking_id=view.id), 303)
    now = utc_now()
    with read() as db:
        rung = queries.rung(db, view.id)
        names = catalog.names_of(db, [consultant_id for consultant_id, _ in rung])
        refunds = payments.refunds_for(db, purpose_of_call(view.id))
    until = view.rings_until if view.state is State.RINGING else view.pay_by
    page = render_template(
        "instant/waiting.html", call=view, rung=rung, names=names, refund=refunds[0] if refunds else None,
        left=max(0, int((until - now).total_seconds())) if until else 0, whole=int(rules.RING_FOR.total_seconds()),
    )  # fmt: skip
    return make_response(page)


@bp.post("/now/<call_id>/withdrawal")
@require()
def withdraw(call_id: str) -> Response:
    try:
        with work() as uow:
            actions.withdraw_call(uow, call_id=forms.own_id(call_id))
    except CallTaken:
        flash(gettext("Somebody has just answered: your session has begun."))
        return redirect(url_for("instant.waiting", call_id=call_id), 303)
    return redirect(url_for("instant.waiting", call_id=call_id), 303)


@bp.get("/pro/now")
@require("consultant")
def desk() -> Response:
    """Whether the asker is available, and what rings for them."""
    return _desk_page()


@bp.post("/pro/now")
@require("consultant")
def switch() -> Response:
    """Available until a time, or no longer."""
    try:
        with work() as uow:
            if request.form.get("wanted") == "off":
                actions.end_availability(uow)
            else:
                actions.make_available(uow, until=forms.read_until(request.form, uow.now))
    except (Invalid, CalendarStale) as refusal:
        return _desk_page(refusal)
    return redirect(url_for("instant.desk"), 303)


@bp.post("/pro/now/<call_id>/acceptance")
@require("consultant")
def accept(call_id: str) -> Response:
    """The first to answer has it, and is in the room."""
    try:
        with work() as uow:
            booking_id = actions.accept_call(uow, call_id=forms.own_id(call_id))
    except (CallTaken, CallOver, NotAvailable, SlotTaken, CalendarStale) as refusal:
        return _desk_page(refusal)
    return redirect(url_for("messaging.room", booking_id=booking_id), 303)


@bp.post("/pro/now/<call_id>/passing")
@require("consultant")
def pass_on(call_id: str) -> Response:
    """I cannot take this one."""
    with work() as uow:
        actions.pass_call(uow, call_id=forms.own_id(call_id))
    return redirect(url_for("instant.desk"), 303)


def called_thing(payment: PaymentView) -> str:
    """Where a payment is for an instant consultation: for how long."""
    call_id = call_of(payment.purpose)
    if not call_id:
        return ""
    with read() as db:
        call = queries.call(db, call_id, current_actor())
    return str(escape(gettext("Instant consultation of %(minutes)s minutes", minutes=call.minutes)))


def _settled(call_id: str) -> queries.CallView:
    """One's own call; who has just paid rings at once, if nobody has done it yet."""
    with read() as db:
        view = queries.call(db, call_id, current_actor())
        payment = payments.payment_for(db, purpose_of_call(view.id))
    if view.state not in (State.UNPAID, State.LAPSED) or payment is None or not payment.captured:
        return view
    with work() as uow:
        actions.ring_if_paid(uow, call_id=view.id)
    with read() as db:
        return queries.call(db, call_id, current_actor())


def _crisis(asked: forms.Asked) -> Words | None:
    with read() as db:
        return crisis_of(asked.question, catalog.fields(db), field=asked.field_id)


def _ask_page(
    wrong: Mapping[str, str], *, status: int = 200, refusal: Conflict | None = None, crisis: Words | None = None
) -> Response:
    me, now, typed = current_actor().user_id, utc_now(), request.form or _from_address()
    place = forms.read_place(typed)
    with read() as db:
        fields = {one.id: one for one in catalog.bare_fields(db)}
        field = fields.get(place.field_id)
        every = queries.choices(db, me, now)
        mine = queries.open_call_of(db, me) if me else None
    found = [one for one in every if field and one.field_id == field.id]
    pages = max(1, -(-len(found) // rules.CHOICES_PER_PAGE))
    number = min(
        _page_of(found, typed.get("choice", "")) if "look" not in typed and "page" not in typed else place.page, pages
    )
    page = render_template(
        "instant/ask.html", choices=found[(number - 1) * rules.CHOICES_PER_PAGE :][: rules.CHOICES_PER_PAGE],
        field=field, fields=fields, free=queries.free_by_field(every), number=number, pages=pages, typed=typed,
        errors=wrong, call_id=new_id(), mine=mine, sentence=errors.sentence_of(refusal) if refusal else "",
        crisis=crisis, length_max=QUESTION_LENGTH_MAX, minutes=int(rules.RING_FOR.total_seconds() // 60),
    )  # fmt: skip
    return make_response(page, status)


def _from_address() -> dict[str, str]:
    """What an address may say: a question, a field, a choice in it, a page of the list."""
    return {"question": request.args.get("q", "")} | {
        name: request.args[name] for name in ("field", "choice", "page") if name in request.args
    }


def _page_of(found: list[queries.Choice], key: str) -> int:
    """The page of the list that what was chosen is on."""
    at = next((place for place, one in enumerate(found) if one.key == key), 0)
    return at // rules.CHOICES_PER_PAGE + 1


def _desk_page(refusal: DomainError | None = None) -> Response:
    actor, now = current_actor(), utc_now()
    with read() as db:
        until = queries.available_until(db, actor.user_id, now)
        rings = queries.rings_of(db, actor, now)
        fresh = actor.user_id in scheduling.calendars_fresh(db, [actor.user_id], now)
        people = accounts.people(db, {one.call.client_id for one in rings})
    page = render_template(
        "instant/desk.html", until=until, rings=rings, fresh=fresh, people=people, now=now,
        choices=forms.MINUTES_CHOICES, errors=errors.field_sentences(refusal) if refusal else {},
        sentence=errors.sentence_of(refusal) if refusal and not refusal.fields else "",
    )  # fmt: skip
    return make_response(page, refusal.status if refusal else 200)
