"""A program that talks to the whole app, with Ada the client and Grace the consultant in an own database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import make, visitor
from zhixun.features.accounts import actions as accounts
from zhixun.features.booking import actions as bookings
from zhixun.features.messaging import actions as messaging
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, utc_now

V1 = "/api/v1"


@dataclass
class Program:
    """A REST client of one person, or of nobody where there is no token."""

    http: FlaskClient
    token: str = ""

    def get(self, path: str, **query: object) -> Any:
        return self.http.get(V1 + path, query_string=query, headers=self._headers({}))

    def post(self, path: str, body: object | None = None, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.post(V1 + path, json={} if body is None else body, headers=self._headers(named))

    def send(self, path: str, data: bytes, content_type: str | None = "application/json") -> Any:
        return self.http.post(V1 + path, data=data, content_type=content_type, headers=self._headers({}))

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", **more} if self.token else more


@dataclass
class House:
    app: Flask
    ada: Program
    """A client."""
    grace: Program
    """A consultant."""
    bob: Program
    """A client who has nothing to do with the two."""
    visitor: Program
    ada_id: str
    service_id: str
    grace_id: str
    slug: str

    def free(self, number: int = 0) -> str:
        """A free start of Grace's service."""
        return str(self.visitor.get(f"/services/{self.service_id}/slots").json["items"][number]["start"])

    def book(self, number: int = 0) -> dict[str, Any]:
        made = self.ada.post("/bookings", {"service_id": self.service_id, "start": self.free(number)})
        assert made.status_code == 201, made.text
        answer: dict[str, Any] = made.json
        return answer

    def settle(self, booking_id: str) -> None:
        """What the worker does with the fact of the payment."""
        with unit_of_work() as uow:
            bookings.confirm_if_paid(uow, booking_id=booking_id)

    def confirmed(self, number: int = 0) -> dict[str, Any]:
        made = self.book(number)
        paid = self.ada.post(f"/payments/{made['payment']['id']}/sandbox", {"outcome": "pay"})
        assert paid.status_code == 200, paid.text
        self.settle(made["id"])
        with unit_of_work() as uow:
            messaging.open_for_booking(uow, booking_id=made["id"])
        return made


@pytest.fixture
def app(db_url: str, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    app = visitor.house(db_url, tmp_path_factory.mktemp("data"))
    app.testing = False
    return app


@pytest.fixture
def house(app: Flask) -> House:
    with unit_of_work(now=utc_now()) as uow:
        ada, bob = make.client(uow), make.client(uow, "Bob")
        grace = make.consultant(uow, hours=make.AROUND_THE_CLOCK)

    def program(who: Actor) -> Program:
        with unit_of_work() as uow:
            token = accounts.sign_in(uow, user_id=who.user_id, kind="api").token
        return Program(app.test_client(), token)

    return House(
        app, program(ada), program(grace.actor), program(bob), Program(app.test_client()), ada.user_id,
        grace.service_id, grace.id, grace.slug,
    )  # fmt: skip
