"""The OpenAPI description is valid 3.1, complete, and true: the app keeps to it whatever is generated from it."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks as promised
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from tests import make, postgres
from tests.conftest import KEYS, SERVER, TEMPLATE
from zhixun.app import create_app
from zhixun.features.accounts import actions as accounts
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.settings import Settings

EXAMPLES = int(os.environ.get("CHAOS_EXAMPLES", "12"))
"""Generated requests per operation; a long run asks for more."""
CHECKS = [
    not_a_server_error, promised.status_code_conformance, promised.content_type_conformance,
    promised.response_schema_conformance, promised.response_headers_conformance, promised.negative_data_rejection,
]  # fmt: skip
PROMISED = {
    "/tokens": {"post"}, "/me": {"get", "delete"}, "/me/export": {"get"}, "/fields": {"get"}, "/consultants": {"get"},
    "/consultants/{consultant}": {"get"}, "/consultants/{consultant}/quality": {"get"},
    "/services/{service_id}/slots": {"get"}, "/services/{service_id}/quote": {"get"}, "/bookings": {"get", "post"},
    "/bookings/{booking_id}": {"get"}, "/bookings/{booking_id}/cancellation": {"post"},
    "/bookings/{booking_id}/start": {"post"}, "/bookings/{booking_id}/completion": {"post"},
    "/bookings/{booking_id}/reschedule": {"post"}, "/bookings/{booking_id}/absence": {"post"},
    "/consultants/{consultant_id}/packages": {"get"}, "/memberships": {"get"}, "/orders": {"post"}, "/me/plans": {"get"},
    "/bookings/{booking_id}/timeline": {"get"}, "/payments/{payment_id}": {"get"},
    "/payments/{payment_id}/sandbox": {"post"}, "/payments/webhooks/{gateway}": {"post"}, "/me/ledger": {"get"},
    "/conversations": {"get"}, "/conversations/{conversation_id}/messages": {"get", "post"},
    "/conversations/{conversation_id}/files": {"post"}, "/conversations/{conversation_id}/files/{file_id}": {"get"},
    "/series": {"post"}, "/series/{series_id}": {"get"}, "/series/{series_id}/cancellation": {"post"},
    "/services/{service_id}/series": {"get"}, "/services/{service_id}/asking": {"post"}, "/me/days-off": {"post"},
    "/bookings/{booking_id}/acceptance": {"post"}, "/bookings/{booking_id}/refusal": {"post"},
    "/consultants/{consultant_id}/groups": {"get"}, "/groups": {"post"}, "/groups/{group_id}/seats": {"post"},
    "/groups/{group_id}/cancellation": {"post"}, "/me/availability-now": {"post"}, "/instant/calls": {"post"},
    "/instant/choices": {"get"}, "/instant/rings": {"get"},
    "/instant/calls/{call_id}": {"get"}, "/instant/calls/{call_id}/acceptance": {"post"},
    "/instant/calls/{call_id}/passing": {"post"}, "/instant/calls/{call_id}/withdrawal": {"post"},
    "/recommendations": {"get"}, "/feedback": {"post"}, "/interactions": {"post"},
    "/webhooks": {"get", "post"}, "/webhooks/{webhook_id}": {"get"}, "/webhooks/{webhook_id}/deliveries": {"get"},
    "/webhooks/{webhook_id}/removal": {"post"}, "/webhooks/{webhook_id}/test": {"post"},
    "/assistant/answers": {"post"}, "/assistant/hand-overs": {"post"},
}  # fmt: skip


@pytest.fixture(scope="module")
def app_of_description(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    server, name = os.environ[SERVER], f"t_{uuid.uuid4().hex[:12]}"
    url = postgres.create(server, name, TEMPLATE)
    yield create_app(Settings(keys=KEYS, data_dir=tmp_path_factory.mktemp("data"), rate_limits=False), url)
    Session.kw["bind"].dispose()
    Session.configure(bind=None)
    postgres.drop(server, name)


@pytest.fixture(scope="module")
def api_schema(app_of_description):
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app_of_description)


@pytest.fixture(scope="module")
def token(app_of_description) -> str:
    with unit_of_work() as uow:
        make.consultant(uow, hours=make.AROUND_THE_CLOCK)
        return accounts.sign_in(uow, user_id=make.client(uow).user_id, kind="api").token


def test_the_description_is_valid_openapi_3_1(app_of_description):
    answer = app_of_description.test_client().get("/api/v1/openapi.json")
    assert answer.json["openapi"] == "3.1.0"
    errors = [
        f"{list(error.instance_path)}: {error.message}" for error in OPENAPI_31_VALIDATOR.iter_errors(answer.json)
    ]
    assert errors == []


def test_the_description_has_every_address_we_promise(app_of_description):
    paths = app_of_description.test_client().get("/api/v1/openapi.json").json["paths"]
    assert {path: set(operations) for path, operations in paths.items()} == PROMISED


def test_every_operation_says_how_it_refuses_and_every_write_takes_a_key(app_of_description):
    paths = app_of_description.test_client().get("/api/v1/openapi.json").json["paths"]
    for path, operations in paths.items():
        for method, operation in operations.items():
            assert operation["summary"], path
            refusals = {status for status in operation["responses"] if status >= "4"}
            assert refusals, (method, path)
            for status in refusals:
                schema = operation["responses"][status]["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Error"}, (method, path, status)
            taken = {parameter["name"] for parameter in operation.get("parameters", ())}
            free = path in ("/tokens", "/interactions", "/assistant/answers") or path.startswith("/payments/")
            free |= path.endswith("/files")  # their client_id is the key
            assert ("Idempotency-Key" in taken) == (method == "post" and not free), path


OPERATIONS = [(path, method) for path, methods in PROMISED.items() for method in sorted(methods)]


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_the_app_keeps_to_its_description(api_schema, token, path, method):
    operation = api_schema[path][method.upper()]

    @given(
        operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
        | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
    )
    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def keeps_to_it(case):
        # This client reads an answer as it comes, and a long refusal would come packed.
        headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}
        case.call_and_validate(headers=headers, checks=CHECKS)

    keeps_to_it()
