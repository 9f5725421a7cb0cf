"""The OpenAPI 3.1 description, assembled from the declarations themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

import zhixun
from zhixun.features.api import actions, rules
from zhixun.features.api.forms.kinds import PATTERN_OF_ID, Asked
from zhixun.kernel.errors import N_, DomainError, Forbidden, Invalid, SignInRequired, TooMany
from zhixun.web.security import COOKIE

from . import assistant, bookings, desk, files, finding, instant, money, people, plans, talking, watching
from .elsewhere import ELSEWHERE
from .endpoint import PREFIX, REPLAYED_HEADER, Endpoint, Nothing, endpoints

Json = dict[str, Any]

DESCRIPTION = (
    "Times are RFC 3339 in UTC; any offset is understood, none is refused. Money is in the smallest unit of its "
    "currency. Lists are `items` and `next`; pass `next` as `cursor` for the page after. Refusals are "
    "`{code, message, fields?}`, the message in the language of Accept-Language (zh or en). Writes take an "
    "Idempotency-Key: the same request with the same key within 24 hours is done once and answered alike."
)
TAGS = (
    people.TAG, finding.TAG, bookings.TAG, instant.TAG, plans.TAG, money.TAG, talking.TAG, assistant.TAG, watching.TAG,
    desk.TAG,
)  # fmt: skip
ERROR: Json = {
    "type": "object",
    "required": ["code", "message"],
    "properties": {
        "code": {"type": "string", "description": "For programs."},
        "message": {"type": "string", "description": "For people."},
        "fields": {"type": "object", "additionalProperties": {"type": "string"}},
        "alternatives": {"type": "array", "items": {"type": "string", "format": "date-time"}},
        "groups": {"type": "array", "items": {"type": "object"}, "description": "Other dates that have seats."},
        "dates": {"type": "array", "items": {"type": "object"}, "description": "Of a series: the dates in the way."},
        "retry_after_seconds": {"type": "integer"},
        "reference": {"type": "string"},
        "kind": {"type": "string", "description": "Of contact_found: phone, mail, wechat, qq or payment."},
    },
}
MEANINGS = {
    400: N_("The request makes no sense."), 401: N_("Nobody is signed in."), 403: N_("Not from our own pages, or not allowed."),
    404: N_("Not there, or not for your eyes."), 409: N_("True a moment ago, no longer."), 413: N_("Too much at once."),
    415: N_("Not JSON."), 422: N_("The key belongs to another request."), 429: N_("Too often."), 500: N_("Broken on our side."),
}  # fmt: skip


@cache
def description() -> Json:
    """The whole description. The same for everyone, so it is made once."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Zhixun", "version": zhixun_version(), "description": DESCRIPTION,
                 "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        "servers": [{"url": PREFIX}],
        "tags": [{"name": tag} for tag in TAGS],
        "paths": _paths(),
        "components": {
            "schemas": {**_schemas(), "Error": ERROR},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": COOKIE},
            },
        },
    }  # fmt: skip


def zhixun_version() -> str:
    return getattr(zhixun, "__version__", "1")


def _paths() -> Json:
    paths: dict[str, Json] = {}
    for one in sorted(endpoints, key=lambda one: TAGS.index(one.tag)):
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one)
    for path, operations in (ELSEWHERE | files.FILES).items():
        paths.setdefault(path, {}).update(operations)
    return paths


def _operation(one: Endpoint) -> Json:
    said: Json = {
        "operationId": one.name,
        "summary": one.summary,
        "tags": [one.tag],
        "security": [{"token": []}, {"cookie": []}] if one.signed_in else [{}],
        "responses": {str(one.status): _success(one), **refusals(_refusals(one))},
    }
    if parameters := _parameters(one):
        said["parameters"] = parameters
    if one.writes and one.asked is not Nothing:
        said["requestBody"] = {"required": True, "content": _json_of({"$ref": _ref(one.asked)})}
    return said


def _success(one: Endpoint) -> Json:
    said: Json = {"description": "Done.", "content": _json_of({"$ref": _ref(one.answer)})}
    if one.takes_key and one.keeps_answer:
        said["headers"] = {
            REPLAYED_HEADER: {"description": "This was answered before.", "schema": {"const": "true"}},
        }
    return said


def _parameters(one: Endpoint) -> list[Json]:
    found: list[Json] = [
        {"name": name, "in": "path", "required": True, "schema": _of_path(name)}
        for name in re.findall(r"{(\w+)}", one.path)
    ]
    if not one.writes:
        found += _query(one.asked)
    if one.takes_key:
        key = {"type": "string", "minLength": 1, "maxLength": rules.KEY_LENGTH_MAX, "pattern": "^[!-~]+$"}
        found.append({"name": rules.KEY_HEADER, "in": "header", "schema": key})
    return found


def _of_path(name: str) -> Json:
    return {"type": "string", "pattern": PATTERN_OF_ID} if name.endswith("_id") else {"type": "string", "maxLength": 80}


def _query(asked: type[Asked]) -> list[Json]:
    shape = asked.model_json_schema(ref_template="#/components/schemas/{model}")
    found = []
    for name, schema in shape.get("properties", {}).items():
        plain = _without_null(schema)
        said: Json = {"name": name, "in": "query", "schema": plain}
        if words := plain.pop("description", ""):
            said["description"] = words
        said |= {"required": True} if name in shape.get("required", ()) else {"allowEmptyValue": True}
        found.append(said)
    return found


def _without_null(schema: Json) -> Json:
    """A query has no null: what is not meant is left out."""
    choices = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    plain = {**schema, **choices[0]} if len(choices) == 1 else dict(schema)
    drop = {"anyOf", "title"} if len(choices) == 1 else {"title"}
    return {
        name: value for name, value in plain.items() if name not in drop and not (name == "default" and value is None)
    }


def _refusals(one: Endpoint) -> list[type[DomainError]]:
    found: list[type[DomainError]] = [SignInRequired, *one.refusals]
    if one.asked is not Nothing or one.takes_key:
        found.append(Invalid)
    if one.writes:
        found += [Forbidden, TooMany]
    if one.takes_key:
        found += [actions.KeyReused, actions.InProgress]
    return found


def refusals(kinds: Iterable[type[DomainError]]) -> Json:
    """Responses per status, with the codes that may come."""
    codes: dict[int, list[str]] = {413: ["too_large"], 415: ["unsupported_media_type"]}
    for kind in kinds:
        codes.setdefault(kind.status, []).append(kind.code)
    if 400 in codes:
        codes[400].append("bad_request")
    said = {str(status): _refusal(MEANINGS[status], codes[status]) for status in sorted(codes)}
    return {**said, "default": _refusal(MEANINGS[500], ["broken"])}


def _refusal(meaning: str, codes: list[str]) -> Json:
    content = _json_of({"$ref": "#/components/schemas/Error"})
    return {"description": meaning, "x-codes": list(dict.fromkeys(codes)), "content": content}


def _json_of(schema: Json) -> Json:
    return {"application/json": {"schema": schema}}


def _ref(model: type[BaseModel]) -> str:
    return f"#/components/schemas/{model.__name__}"


def _schemas() -> Json:
    both: list[tuple[type[BaseModel], Literal["validation", "serialization"]]] = []
    for one in endpoints:
        both.append((one.answer, "serialization"))
        if one.writes and one.asked is not Nothing:
            both.append((one.asked, "validation"))
    _, found = models_json_schema(list(dict.fromkeys(both)), ref_template="#/components/schemas/{model}")
    definitions: Json = found["$defs"]
    return definitions
