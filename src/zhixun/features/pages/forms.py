"""What the addresses of finding may say. A part that makes no sense is left out and named, never refused."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from zhixun.features.catalog.rules import FieldView
from zhixun.features.search import rules
from zhixun.features.search.rules import Wanted

PAGE_MAX = 500
PRICE_YUAN_MAX = 100_000
WITHOUT_MAX = 8
FIGURES_MAX = 9


@dataclass(frozen=True)
class Asked:
    """What an address asks for, and the names of its parts that were left out."""

    wanted: Wanted
    free: str
    page: int
    ignored: tuple[str, ...]


def read_asked(query: Mapping[str, str], fields: Collection[FieldView], *, zone: str, now: datetime) -> Asked:
    """Reads q, field, topic, language, channel, price (yuan), gender, seniority, free, sort and page."""
    wanted = Wanted(
        text=query.get("q", "")[: rules.TEXT_LENGTH_MAX].strip(), field=query.get("field", ""), topic=query.get("topic", ""),
        zone=zone,
    )  # fmt: skip
    ignored = []
    for name in ("language", "channel", "gender", "seniority", "sort"):
        asked = _with(wanted, name, query.get(name, ""))
        if rules.problems(asked):
            ignored.append(name)
        else:
            wanted = asked
    wanted, unknown = _known(wanted, fields)
    price, wrong_price = _price(query.get("price", ""))
    free, page = query.get("free", ""), read_number(query.get("page", "1") or "1", most=PAGE_MAX)
    wrong_free = free not in ("", *rules.FREE)
    wrong_page = not page
    for name, wrong in (("price", wrong_price), ("free", wrong_free), ("page", wrong_page)):
        if wrong:
            ignored.append(name)
    free = "" if wrong_free else free
    from_, until = rules.window(free, zone, now)
    return Asked(
        replace(wanted, price_max_minor=price, free_from=from_, free_until=until),
        free, page or 1, (*ignored, *unknown),
    )  # fmt: skip


def _with(wanted: Wanted, name: str, value: str) -> Wanted:
    match name:
        case "language":
            return replace(wanted, language=value)
        case "channel":
            return replace(wanted, channel=value)
        case "gender":
            return replace(wanted, gender=value)
        case "seniority":
            return replace(wanted, seniority=value)
        case _:
            return replace(wanted, sort=value or "fit")


def read_number(text: str, *, most: int) -> int | None:
    """A whole number from 0 to `most`, written in figures; None for anything else, however long it is."""
    if not (text.isascii() and text.isdigit()) or len(text) > FIGURES_MAX:
        return None
    return number if (number := int(text)) <= most else None


def read_without(query: Mapping[str, str]) -> tuple[str, ...]:
    """The things read out of a question that were taken away by hand: "city,inheritance"."""
    return tuple(part for part in query.get("without", "")[:400].split(",") if part)[:WITHOUT_MAX]


def _known(wanted: Wanted, fields: Collection[FieldView]) -> tuple[Wanted, tuple[str, ...]]:
    """Without a field or topic that the house does not have."""
    unknown = []
    if wanted.field and wanted.field not in {field.id for field in fields}:
        unknown.append("field")
        wanted = replace(wanted, field="")
    if wanted.topic and wanted.topic not in {topic.id for field in fields for topic in field.topics}:
        unknown.append("topic")
        wanted = replace(wanted, topic="")
    if (
        wanted.topic
        and wanted.field
        and wanted.topic not in {topic.id for field in fields if field.id == wanted.field for topic in field.topics}
    ):
        wanted = replace(wanted, topic="")  # the field was changed; the topic of the old one goes with it
    return wanted, tuple(unknown)


def _price(text: str) -> tuple[int | None, bool]:
    """The highest price in the smallest unit, and whether the text was nonsense."""
    if not text:
        return None, False
    yuan = read_number(text, most=PRICE_YUAN_MAX)
    return (yuan * 100, False) if yuan else (None, True)
