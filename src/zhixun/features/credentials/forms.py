"""The forms of a credential and of an application, with everything that was typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from werkzeug.datastructures import MultiDict

from zhixun.kernel.errors import N_, Invalid
from zhixun.kernel.values import is_id, new_id

from . import rules
from .rules import Proof, Wish

NUMBER_DIGITS_MAX = 6
TOPICS_MAX = 200


@dataclass(frozen=True)
class Typed:
    """What was typed, by the names of the form."""

    id: str = field(default_factory=new_id)
    values: Mapping[str, str] = field(default_factory=dict)
    topics: tuple[str, ...] = ()
    """Those ticked under the field that was chosen."""

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")


def typed(form: MultiDict[str, str]) -> Typed:
    given, topics = form.get("id", ""), form.getlist(f"topic-{form.get('field', '')}")
    values = {name: value[:5_000] for name, value in form.items()}
    return Typed(given if is_id(given) else new_id(), values, tuple(topics[:TOPICS_MAX]))


def proof_of(given: Typed, *, today: date) -> Proof:
    """Raises Invalid naming everything that is wrong, dates that are none too."""
    wrong: dict[str, str] = {}
    issued, expires = _date(given["issued_on"]), _date(given["expires_on"])
    if issued is None:
        wrong["issued_on"] = N_("Please give the day it was issued.")
    if given["expires_on"].strip() and expires is None:
        wrong["expires_on"] = N_("There is no such day.")
    made = Proof(given["kind"], given["number"], given["issuer"], issued or today, expires, given["note"])
    try:
        kept = rules.check_proof(made, today=today)
    except Invalid as error:
        raise Invalid(fields={**error.fields, **wrong}) from None
    if wrong:
        raise Invalid(fields=wrong)
    return kept


def wish_of(given: Typed) -> Wish:
    """What is asked for, whether or not it can be."""
    return Wish(
        given["field"], given["title"], given["line"], given["about"], given["city"], _number(given["years"]),
        _number(given["price"]) * 100, given.topics,
    )  # fmt: skip


def typed_of(wish: Wish) -> Typed:
    return Typed(
        values={
            "field": wish.field_id, "title": wish.title, "line": wish.line, "about": wish.about, "city": wish.city,
            "years": str(wish.years), "price": str(wish.price_minor // 100),
        },
        topics=wish.topic_ids,
    )  # fmt: skip


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def _number(text: str) -> int:
    clean = text.strip()
    return int(clean) if clean.isascii() and clean.isdigit() and len(clean) <= NUMBER_DIGITS_MAX else -1
