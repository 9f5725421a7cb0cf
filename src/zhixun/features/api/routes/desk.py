"""The desk: which programs hear what happens here."""

from __future__ import annotations

import json

from flask import current_app
from sqlalchemy.orm import Session

from zhixun.features.accounts.rules import RightNeeded, check_right
from zhixun.features.api.forms import desk as forms
from zhixun.features.webhooks import actions, queries
from zhixun.features.webhooks.queries import DeliveryView, EndpointView
from zhixun.features.webhooks.rules import State
from zhixun.kernel.errors import N_, NotFound
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import new_id
from zhixun.web import pagination, security

from .endpoint import reads, writes

TAG = N_("Desk")


@reads(
    "/webhooks",
    N_("The addresses that hear what happens here."),
    tag=TAG,
    answer=forms.Webhooks,
    refusals=(RightNeeded,),
)
def webhooks(db: Session) -> forms.Webhooks:
    check_right(security.current_actor(), actions.RIGHT)
    return forms.Webhooks(items=[_shown(one) for one in queries.endpoints(db)])


@reads(
    "/webhooks/{webhook_id}", N_("One of them, with the secret of its signatures."), tag=TAG,
    answer=forms.WebhookWithSecret, refusals=(NotFound, RightNeeded, security.KeyReadsOnly),
)  # fmt: skip
def webhook(db: Session, webhook_id: str) -> forms.WebhookWithSecret:
    check_right(security.current_actor(), actions.RIGHT)
    if security.current_actor().read_only:
        raise security.KeyReadsOnly  # with the secret one can write in the house's name
    one = queries.endpoint(db, webhook_id)
    return forms.WebhookWithSecret(**_shown(one).model_dump(), secret=queries.secret_of(one))


@writes(
    "/webhooks", N_("Add an address, or change one by its id."), tag=TAG, asked=forms.WebhookWanted,
    answer=forms.WebhookShown, status=201, refusals=(RightNeeded, actions.TooManyEndpoints),
)  # fmt: skip
def put_webhook(uow: UnitOfWork, wanted: forms.WebhookWanted) -> forms.WebhookShown:
    actions.put_endpoint(
        uow, endpoint_id=wanted.id, url=wanted.url, description=wanted.description, kinds=wanted.kinds,
        active=wanted.active, private_allowed=current_app.config["PRIVATE_WEBHOOKS"],
    )  # fmt: skip
    return _shown(queries.endpoint(uow.db, wanted.id))


@writes(
    "/webhooks/{webhook_id}/removal", N_("Take an address away; it hears nothing any more."), tag=TAG,
    answer=forms.Webhooks, refusals=(RightNeeded,),
)  # fmt: skip
def remove_webhook(uow: UnitOfWork, webhook_id: str) -> forms.Webhooks:
    actions.remove_endpoint(uow, endpoint_id=webhook_id)
    return forms.Webhooks(items=[_shown(one) for one in queries.endpoints(uow.db)])


@writes(
    "/webhooks/{webhook_id}/test", N_("Send it a `ping`."), tag=TAG, answer=forms.WebhookShown, status=202,
    refusals=(NotFound, RightNeeded, actions.SwitchedOff),
)  # fmt: skip
def test_webhook(uow: UnitOfWork, webhook_id: str) -> forms.WebhookShown:
    actions.send_test(uow, endpoint_id=webhook_id, delivery_id=new_id())
    return _shown(queries.endpoint(uow.db, webhook_id))


@reads(
    "/webhooks/{webhook_id}/deliveries", N_("What it was told in the last thirty days, the newest first."), tag=TAG,
    asked=forms.DeliveriesWanted, answer=forms.Deliveries, refusals=(NotFound, RightNeeded),
)  # fmt: skip
def deliveries(db: Session, page: forms.DeliveriesWanted, webhook_id: str) -> forms.Deliveries:
    check_right(security.current_actor(), actions.RIGHT)
    queries.endpoint(db, webhook_id)
    before = pagination.time_of(page.cursor)
    found = queries.deliveries_of(db, webhook_id, limit=page.limit + 1, before=before)
    more = len(found) > page.limit
    seen = found[: page.limit]
    return forms.Deliveries(
        items=[_delivery(one) for one in seen],
        next=pagination.time_cursor(seen[-1].created_at) if more else None,
    )


def _shown(one: EndpointView) -> forms.WebhookShown:
    return forms.WebhookShown(
        id=one.id, url=one.url, description=one.description, kinds=list(one.kinds), active=one.active,
        created_at=one.created_at, failing_since=one.failing_since, waiting=one.waiting, given_up=one.given_up,
    )  # fmt: skip


def _delivery(one: DeliveryView) -> forms.DeliveryShown:
    return forms.DeliveryShown(
        id=one.id, kind=one.kind, state=one.state.value, tries=one.tries, created_at=one.created_at,
        next_at=one.next_at if one.state is State.WAITING else None, status=one.status, problem=one.problem,
        body=json.loads(one.body),
    )  # fmt: skip
