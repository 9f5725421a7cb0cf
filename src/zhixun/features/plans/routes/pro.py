"""A consultant's editor: the packages they sell and the rules their prices follow."""

from __future__ import annotations

from collections.abc import Mapping

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from zhixun.features.catalog import queries as catalog
from zhixun.features.plans import actions, forms, queries, rules
from zhixun.kernel.errors import DomainError, NotFound
from zhixun.kernel.values import is_id, new_id, utc_now
from zhixun.web import errors
from zhixun.web.security import current_actor, read, require, work

from . import bp


@bp.get("/pro/plans")
@require("consultant")
def editor() -> AnyResponse:
    return _page()


@bp.post("/pro/plans")
@require("consultant")
def put_package() -> AnyResponse:
    """Put a package on sale."""
    package_id = request.form.get("package_id", "")
    try:
        service_id, terms = forms.read_package(request.form)
        with work() as uow:
            actions.put_package(
                uow, package_id=package_id if is_id(package_id) else new_id(), consultant_id=uow.actor.user_id,
                service_id=service_id, terms=terms,
            )  # fmt: skip
    except NotFound:
        raise
    except DomainError as error:
        return _page(package=request.form, error=error)
    flash(gettext("The package is on sale."))
    return redirect(url_for("plans.editor"), 303)


@bp.post("/pro/plans/<package_id>/withdrawal")
@require("consultant")
def withdraw(package_id: str) -> AnyResponse:
    """Sell a package no longer; those who bought it keep it."""
    if not is_id(package_id):
        raise NotFound
    with work() as uow:
        actions.withdraw_package(uow, package_id=package_id)
    flash(gettext("Withdrawn. Who bought it keeps it."))
    return redirect(url_for("plans.editor"), 303)


@bp.post("/pro/plans/prices")
@require("consultant")
def put_price() -> AnyResponse:
    """Add a line to one's price table, or change it."""
    try:
        rule = forms.read_price_rule(request.form)
        with work() as uow:
            actions.set_price_rule(uow, owner_id=uow.actor.user_id, rule=rule)
    except NotFound:
        raise
    except DomainError as error:
        return _page(rule=request.form, error=error)
    flash(gettext("Saved. Bookings made before keep their price."))
    return redirect(url_for("plans.editor", _anchor="prices"), 303)


@bp.post("/pro/plans/prices/removal")
@require("consultant")
def drop_price() -> AnyResponse:
    """Take a line out of one's price table."""
    with work() as uow:
        actions.drop_price_rule(
            uow, owner_id=uow.actor.user_id, kind=request.form.get("kind", ""), value=request.form.get("value", "")
        )
    flash(gettext("Taken away. Bookings made before keep their price."))
    return redirect(url_for("plans.editor", _anchor="prices"), 303)


def _page(
    *,
    package: Mapping[str, str] | None = None,
    rule: Mapping[str, str] | None = None,
    error: DomainError | None = None,
) -> AnyResponse:
    me = current_actor().user_id
    with read() as db:
        card = catalog.cards_of(db, [me]).get(me)
        packages = queries.packages_of(db, [me])
        own = queries.rules_of(db, me, utc_now())
        table = queries.price_table(db, me, utc_now())
    services = {service.id: service for service in card.services} if card else {}
    page = render_template(
        "plans/editor.html",
        services=services, packages=packages, own=own, table=table, rule_words=rules.rule_words, kinds=rules.KINDS,
        package=package or {}, rule=rule or {}, errors=errors.field_sentences(error) if error else {},
        sentence=errors.sentence_of(error) if error and not error.fields else "", title_length_max=rules.TITLE_LENGTH_MAX,
    )  # fmt: skip
    return make_response(page, error.status if error else 200)
