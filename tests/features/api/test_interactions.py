"""Batches of interactions: taken with 202, kept once and only with consent, refused whole when malformed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.features.api.conftest import House
from zhixun.features.behaviour import queries
from zhixun.features.behaviour.rules import BATCH_MAX
from zhixun.features.privacy import actions as privacy
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import new_id, utc_now


def event(house: House, **changes: object) -> dict[str, Any]:
    usual = {"id": new_id(), "kind": "view", "subject": f"consultant:{house.grace_id}", "at": utc_now().isoformat()}
    return usual | changes


@pytest.fixture
def agreed(house: House) -> House:
    with unit_of_work() as uow:
        privacy.give_consent(uow, user_id=house.ada_id, purpose="behaviour")
    return house


def kept(house: House) -> list[Any]:
    with Session() as db:
        return queries.interactions_of(db, house.ada_id)


def test_a_batch_sent_twice_is_kept_once(agreed: House, deliver_all: Callable[[], None]) -> None:
    body = {"events": [event(agreed), event(agreed, kind="search", subject="house", text="裁员 offer")]}
    for _ in range(2):
        answer = agreed.ada.post("/interactions", body)
        assert (answer.status_code, answer.json) == (202, {"received": 2, "kept": 2})
    deliver_all()
    assert {one.kind for one in kept(agreed)} == {"view", "search"}
    assert len(kept(agreed)) == 2


def test_without_consent_or_a_name_it_is_taken_and_nothing_is_kept(
    house: House, deliver_all: Callable[[], None]
) -> None:
    for program in (house.visitor, house.ada):
        answer = program.post("/interactions", {"events": [event(house)]})
        assert (answer.status_code, answer.json) == (202, {"received": 1, "kept": 0})
    deliver_all()
    assert kept(house) == []


@pytest.mark.parametrize(
    ("events", "field"),
    [
        ([], "events"),
        ([{}] * (BATCH_MAX + 1), "events"),
        ([{"id": "", "kind": "view", "subject": "house", "at": "2026-11-25T09:30:00Z"}], "events.0.id"),
        ([{"id": "1", "kind": "steal", "subject": "house", "at": "2026-11-25T09:30:00Z"}], "events.0.kind"),
        ([{"id": "1", "kind": "view", "subject": "x" * 201, "at": "2026-11-25T09:30:00Z"}], "events.0.subject"),
        ([{"id": "1", "kind": "view", "subject": "house", "at": "yesterday"}], "events.0.at"),
        ([{"id": "1", "kind": "view", "subject": "house", "at": "2026-11-25T09:30:00Z", "text": "x" * 2001}], "events.0.text"),
        ("all", "events"),
    ],
)  # fmt: skip
def test_a_malformed_batch_is_refused_whole(agreed: House, events: object, field: str) -> None:
    answer = agreed.ada.post("/interactions", {"events": events})
    assert answer.status_code == 400
    assert field in answer.json["fields"]


def test_a_browser_without_our_origin_cannot_speak_for_its_owner(agreed: House) -> None:
    forged = agreed.app.test_client()
    forged.set_cookie("zhixun_sign_in", agreed.ada.token)
    answer = forged.post(
        "/api/v1/interactions", json={"events": [event(agreed)]}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 403
