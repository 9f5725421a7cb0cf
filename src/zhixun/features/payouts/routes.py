"""The desk's payout runs and their bank file."""

from __future__ import annotations

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from zhixun.features.accounts import queries as accounts
from zhixun.features.accounts.rules import check_right
from zhixun.features.catalog import queries as catalog
from zhixun.features.ledger import queries as ledger
from zhixun.kernel.errors import DomainError, NotFound
from zhixun.kernel.values import Money, is_id, new_id
from zhixun.web import errors
from zhixun.web.languages import language
from zhixun.web.security import current_actor, proved, read, require, work

from . import actions, queries, rules
from .rules import RunState, Transfer

bp = Blueprint("payouts", __name__, template_folder="templates")


@bp.get("/ops/payouts")
@require("operator")
def runs() -> AnyResponse:
    """What could be paid now, and the runs so far."""
    return _runs_page()


@bp.post("/ops/payouts")
@require("operator")
@proved
def propose() -> AnyResponse:
    try:
        with work() as uow:
            actions.propose_run(uow, run_id=request.form.get("run_id", ""))
    except DomainError as refusal:
        return _runs_page(refusal)
    flash(gettext("Proposed. Someone else at the desk approves it."))
    return redirect(url_for("payouts.run", run_id=request.form["run_id"]), 303)


@bp.get("/ops/payouts/<run_id>")
@require("operator")
def run(run_id: str) -> AnyResponse:
    return _run_page(run_id)


@bp.post("/ops/payouts/<run_id>/decision")
@require("operator")
@proved
def decide(run_id: str) -> AnyResponse:
    """Yes from a second person, or no from anyone who may pay out."""
    approves = request.form.get("decision") == "approve"
    try:
        with work() as uow:
            if approves:
                actions.approve_run(uow, run_id=_id(run_id))
            else:
                actions.reject_run(uow, run_id=_id(run_id), reason=request.form.get("reason", ""))
    except NotFound:
        raise
    except DomainError as refusal:
        return _run_page(run_id, refusal)
    flash(gettext("Approved. The bank file is ready.") if approves else gettext("Rejected. Nothing was paid."))
    return redirect(url_for("payouts.run", run_id=run_id), 303)


@bp.get("/ops/payouts/<run_id>.csv")
@require("operator")
@proved
def bank_file(run_id: str) -> Response:
    """The approved transfers for the bank. What is not approved has no file."""
    check_right(current_actor(), "pay_out")
    with read() as db:
        view = queries.run(db, _id(run_id))
        if view.state is not RunState.APPROVED:
            raise NotFound
        lines = queries.payouts_of(db, view.id)
        people = accounts.people(db, {one.consultant_id for one in lines})
    names = {who: person.name for who, person in people.items()}
    text = rules.bank_file(
        [
            Transfer(one.consultant_id, names.get(one.consultant_id, ""), one.amount, f"{view.id[-8:]}-{number:03d}")
            for number, one in enumerate(lines, 1)
        ]
    )
    response = Response("\ufeff" + text, mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="payout-{view.id[-8:]}.csv"'
    return response


def _runs_page(refusal: DomainError | None = None) -> AnyResponse:
    check_right(current_actor(), "pay_out")
    with read() as db:
        balances = ledger.consultant_balances(db)
        found = queries.runs(db)
        payable, owing = rules.payable(balances), rules.owing(balances)
        ids = {*owing, *payable, *(one.proposed_by for one in found)}
        people = catalog.called(db, accounts.people(db, ids), language())
    page = render_template(
        "payouts/runs.html", runs=found, payable=payable, owing=owing, run_id=new_id(),
        names={who: person.name for who, person in people.items()},
        total=sum(payable.values(), Money(0)),
        open=next((one.id for one in found if one.state is RunState.PROPOSED), None),
        sentence=errors.sentence_of(refusal) if refusal else "",
    )  # fmt: skip
    return make_response(page, refusal.status if refusal else 200)


def _run_page(run_id: str, refusal: DomainError | None = None) -> AnyResponse:
    check_right(current_actor(), "pay_out")
    with read() as db:
        view = queries.run(db, _id(run_id))
        lines = queries.payouts_of(db, view.id)
        ids = {*(one.consultant_id for one in lines), view.proposed_by, view.decided_by or ""}
        people = catalog.called(db, accounts.people(db, ids), language())
    page = render_template(
        "payouts/run.html", run=view, lines=lines, names={who: person.name for who, person in people.items()},
        mine=view.proposed_by == current_actor().user_id, typed=request.form,
        errors=errors.field_sentences(refusal) if refusal else {},
        sentence=errors.sentence_of(refusal) if refusal and not refusal.fields else "",
    )  # fmt: skip
    return make_response(page, refusal.status if refusal else 200)


def _id(run_id: str) -> str:
    if not is_id(run_id):
        raise NotFound
    return run_id
