"""A consultant's statements: a month of their account, each figure with its session and the entries it is made of."""

from __future__ import annotations

from flask import Response, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from zhixun.features.catalog import queries as catalog
from zhixun.features.ledger.rules import consultant_account
from zhixun.features.pages import queries
from zhixun.features.pages.queries import MonthTold, Movement
from zhixun.features.payouts import queries as payouts
from zhixun.features.payouts.rules import month_bounds
from zhixun.kernel.papers import Figure, Figures, Row, Table
from zhixun.kernel.values import utc_now
from zhixun.web.formats import local, money, say, zone_label
from zhixun.web.papers import handed_out, in_the_words_of_pages, paper
from zhixun.web.security import current_actor, read, require

from . import bp


@bp.get("/pro/statements")
@require("consultant")
def statements() -> AnyResponse:
    """The newest month there is, or this one."""
    actor = current_actor()
    with read() as db:
        months = payouts.months_of(db, actor.user_id, actor.zone)
    month = months[0] if months else f"{utc_now():%Y-%m}"
    return redirect(url_for("pages.statement", month=month))


@bp.get("/pro/statements/<month>")
@require("consultant")
def statement(month: str) -> str:
    """One month, each figure with the entries it is made of."""
    actor = current_actor()
    with read() as db:
        told = queries.statement(db, actor, month, utc_now())
        months = payouts.months_of(db, actor.user_id, actor.zone)
    from_, _ = month_bounds(month, actor.zone)
    return render_template(
        "pages/statement.html", told=told, month=month, months=months, from_=from_,
    )  # fmt: skip


@bp.get("/pro/statements/<month>.pdf")
@require("consultant")
def statement_paper(month: str) -> Response:
    """The same month as a paper to keep."""
    actor = current_actor()
    with read() as db:
        told = queries.statement(db, actor, month, utc_now())
        name = say(catalog.name_of(db, actor.user_id)) or actor.name
    from_, _ = month_bounds(month, actor.zone)
    own = consultant_account(actor.user_id)
    rows = tuple(
        Row(
            (_movement(told, line), local(line.entry.at), money(line.entry.amount, exact=True)),
            tuple(
                (in_the_words_of_pages("account_name", one.key), money(one.amount, exact=True))
                for one in line.entries
                if one.key != own
            ),
        )
        for line in told.lines
    )
    figures = (
        (gettext("Balance before"), told.month.opening),
        (gettext("Moved this month"), told.month.closing - told.month.opening),
        (gettext("Balance after"), told.month.closing),
    )
    title = gettext("Statement %(month)s", month=local(from_, "month"))
    blocks = (
        Figures(tuple(Figure(label, money(amount, exact=True)) for label, amount in figures)),
        Table(
            gettext("What moved it"), (gettext("What"), gettext("When"), gettext("Amount")), rows,
            gettext("Nothing moved in this month."),
        ),
    )  # fmt: skip
    small = (gettext("Small lines are the other side of each movement in the double-entry books."),)
    number = f"{month} · {actor.user_id[-8:]}"
    return handed_out(
        paper(
            title,
            f"{name} · {zone_label(at=from_)}",
            number=number,
            made_at=utc_now(),
            blocks=blocks,
            small=small,
        ),
        gettext("zhixun-statement-%(month)s", month=month),
    )


def _movement(told: MonthTold, line: Movement) -> str:
    kind = in_the_words_of_pages("booked_as", line.entry.kind)
    if line.booking is None:
        return kind
    number = gettext("Booking number %(number)s", number=line.booking.id[-8:])
    who = told.names.get(line.booking.client_id, "")
    return " · ".join(part for part in (say(line.booking.title), who, kind, number) if part)
