"""The description, for programs as JSON and for people as a page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Response, jsonify, render_template

from zhixun.features.api import rules
from zhixun.features.api.forms.kinds import PATTERN_OF_ID
from zhixun.web.languages import house_url

from . import openapi
from .endpoint import PREFIX, bp

Json = dict[str, Any]
SHAPES = "#/components/schemas/"


@dataclass(frozen=True)
class Row:
    """One name in what is sent or answered; `shape` is the name of the shape it has, for a link."""

    name: str
    kind: str
    shape: str
    needed: bool
    words: str


@dataclass(frozen=True)
class Refusal:
    status: str
    words: str
    codes: tuple[str, ...]


@dataclass(frozen=True)
class Operation:
    id: str
    method: str
    path: str
    summary: str
    signed_in: bool
    takes_key: bool
    parameters: tuple[Row, ...]
    body: str
    fields: tuple[Row, ...]
    status: str
    answer: str
    refusals: tuple[Refusal, ...]


@bp.get("/openapi.json")
def openapi_json() -> Response:
    response = jsonify(openapi.description())
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


@bp.get("/docs")
def docs() -> str:
    said = openapi.description()
    sections = {tag["name"]: [one for one in _operations(said) if one[0] == tag["name"]] for tag in said["tags"]}
    return render_template(
        "api/docs.html",
        sections={tag: [operation for _, operation in found] for tag, found in sections.items()},
        shapes={name: _rows(shape) for name, shape in said["components"]["schemas"].items()},
        base=house_url(PREFIX),
        key_hours=int(rules.KEY_LASTS.total_seconds() // 3600),
    )


def _operations(said: Json) -> Iterator[tuple[str, Operation]]:
    for path, methods in said["paths"].items():
        for method, operation in methods.items():
            yield operation["tags"][0], _operation(method.upper(), path, operation)


def _operation(method: str, path: str, said: Json) -> Operation:
    parameters = said.get("parameters", [])
    body = said.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    done = next(status for status in said["responses"] if status.startswith("2"))
    answer = said["responses"][done]["content"].get("application/json", {}).get("schema", {})  # a file has no shape
    return Operation(
        id=said["operationId"],
        method=method,
        path=path,
        summary=said["summary"],
        signed_in={} not in said["security"],
        takes_key=any(one["name"] == rules.KEY_HEADER for one in parameters),
        parameters=tuple(_parameter(one) for one in parameters if one["in"] != "header"),
        body=_shape(body),
        fields=() if _shape(body) else tuple(_rows(body)),
        status=done,
        answer=_shape(answer),
        refusals=tuple(
            Refusal(status, one["description"], tuple(one.get("x-codes", ())))
            for status, one in said["responses"].items()
            if not status.startswith("2") and status != "default"
        ),
    )


def _parameter(said: Json) -> Row:
    schema = said["schema"]
    words = said.get("description") or schema.get("description", "")
    return Row(said["name"], _kind(schema), _shape(schema), said.get("required", False), words)


def _rows(shape: Json) -> list[Row]:
    needed = shape.get("required", ())
    return [
        Row(name, _kind(one), _shape(one), name in needed, one.get("description", ""))
        for name, one in shape.get("properties", {}).items()
    ]


def _kind(schema: Json) -> str:
    """ "integer 1…100", "date-time", "video | voice | text", "[SlotShown]", "MoneyShown | null"."""
    if "$ref" in schema:
        return _name(schema["$ref"])
    if "anyOf" in schema:
        return " | ".join(_kind(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    if schema.get("type") == "array":
        return f"[{_kind(schema['items'])}]"
    return _plain(schema)


def _plain(schema: Json) -> str:
    kind = str(schema.get("format") or schema.get("type", "any"))
    if schema.get("pattern") == PATTERN_OF_ID:
        return "id"
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None or high is not None:
        return f"{kind} {'' if low is None else low}…{'' if high is None else high}"
    return f"{kind} …{schema['maxLength']}" if "maxLength" in schema else kind


def _shape(schema: Json) -> str:
    """The one named shape in a schema, however wrapped; empty where there is none."""
    if "$ref" in schema:
        return _name(schema["$ref"])
    inner = [*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else [])]
    return next((name for one in inner if (name := _shape(one))), "")


def _name(reference: str) -> str:
    return reference.removeprefix(SHAPES)
