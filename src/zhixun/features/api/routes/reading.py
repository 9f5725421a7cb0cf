"""From bytes to checked values: every refusal here has a sentence for each field and never repeats what was sent."""

from __future__ import annotations

from typing import Any, TypeVar

from flask import abort, request
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, from_json

from zhixun.features.api.forms.kinds import Asked
from zhixun.kernel.errors import N_, Invalid

A = TypeVar("A", bound=Asked)

_SENTENCES = {
    "missing": N_("This is needed."),
    "string_type": N_("This must be a text."),
    "string_too_long": N_("This text is too long."),
    "string_too_short": N_("This text is too short."),
    "too_long": N_("These are too many at once."),
    "too_short": N_("This is needed."),
    "list_type": N_("This must be a list."),
    "bool_type": N_("This must be true or false."),
    "literal_error": N_("This is not one of the choices."),
    "model_type": N_("This must be an object with names and values."),
    "model_attributes_type": N_("This must be an object with names and values."),
    "greater_than_equal": N_("This number is too small."),
    "less_than_equal": N_("This number is too large."),
}
_WRONG_NUMBER = N_("This must be a whole number.")
_WRONG = N_("This does not have the form we expect.")


def read_query(shape: type[A]) -> A:
    """The query of this request. A name given twice counts once, as first given. Raises Invalid."""
    given = {name: value for name, value in request.args.items() if value != ""}
    return _checked(shape, given, strict=False)


def read_json() -> Any:
    """The JSON of this request; {} where nothing was sent. Aborts with 413, 415 or 400."""
    body = request.get_data(cache=True)
    if not body:
        return {}
    if not request.is_json:
        abort(415)
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError:
        abort(400)


def checked_body(shape: type[A], given: Any) -> A:
    """The read JSON in the asked shape. Raises Invalid."""
    if not isinstance(given, dict):
        raise Invalid(N_("Please send a JSON object."))
    return _checked(shape, given, strict=True)


def _checked(shape: type[A], given: dict[str, Any], *, strict: bool) -> A:
    try:
        return shape.model_validate(given, strict=strict, by_alias=True, by_name=False)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)
        raise Invalid(fields={_place(one): _sentence(one) for one in reversed(wrong)}) from None


def _place(one: ErrorDetails) -> str:
    return ".".join(str(part) for part in one["loc"])


def _sentence(one: ErrorDetails) -> str:
    """Ours for the kind of mistake; checks of our own bring theirs along."""
    if one["type"] == "value_error":
        return str(one["ctx"]["error"])
    if one["type"].startswith("int"):
        return _WRONG_NUMBER
    return _SENTENCES.get(one["type"], _WRONG)


def names_of(shape: type[BaseModel]) -> list[str]:
    """The names of a shape as they are sent."""
    return [field.alias or name for name, field in shape.model_fields.items()]
