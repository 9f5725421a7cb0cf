"""What can be edited here as text. Of a field, parts of a line stand between bars, one thing per line; a consultant's page
and services have a Chinese and an English text each."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TypeVar

from zhixun.kernel.errors import N_, Invalid
from zhixun.kernel.values import Money, Words, hundredths, plain_text

from .rules import (
    INTAKE_KINDS,
    ConsultantPage,
    CredentialRequired,
    FieldView,
    IntakeQuestion,
    RubricLevel,
    RubricLine,
    ServiceView,
    TopicView,
    own,
)
from .rules.own import Offer, OwnWords

T = TypeVar("T")
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
NAME_LENGTH_MAX, TEXT_LENGTH_MAX, LINES_MAX, LINE_LENGTH_MAX = 40, 1_000, 200, 1_500
TEXTS = ("name", "summary", "disclaimer", "crisis_help")
LISTS = ("topics", "crisis_words", "intake", "rubric", "credentials")
WHOLE_PERCENT = 100
BETWEEN = ";;"
"""Stands between the choices or levels of one line: their texts may have a semicolon."""
CRISIS = "crisis"
"""Ends the line of a topic that is one of crisis."""
WRONG_LINE = N_("A line here does not have the parts it should have.")
SENTENCES = {
    "id": N_("A short name has small letters, figures and hyphens."),
    "name": N_("A field has a name in both languages."),
    "rubric": N_("The weights of a rubric make 100 together, and every line has its five parts."),
    "glyph": N_("A mark is one or two characters."),
}


@dataclass(frozen=True)
class Typed:
    """What was typed, by the names of the form."""

    values: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")


def typed(form: Mapping[str, str]) -> Typed:
    limit = LINES_MAX * LINE_LENGTH_MAX
    return Typed({name: plain_text(value[:limit]) for name, value in form.items()})


def typed_of(field: FieldView) -> Typed:
    """A field as the form shows it; `field_of` is the way back."""
    values = {"id": field.id, "glyph": field.glyph}
    for name in TEXTS:
        words: Words = getattr(field, name)
        values |= {f"{name}_zh": words.zh, f"{name}_en": words.en}
    values["topics"] = _lines(field.topics, _topic_parts)
    values["crisis_words"] = "\n".join(field.crisis_words)
    values["intake"] = _lines(field.intake, _intake_parts)
    values["rubric"] = _lines(field.rubric, _rubric_parts)
    values["credentials"] = _lines(
        field.credentials_required, lambda one: (one.name.zh, one.name.en, one.how.zh, one.how.en)
    )
    return Typed(values)


def field_of(given: Typed) -> FieldView:
    """The field that was typed. Raises Invalid naming every part of the form that is wrong."""
    wrong: dict[str, str] = {}
    if not NAME.fullmatch(given["id"]) or len(given["id"]) > NAME_LENGTH_MAX:
        wrong["id"] = SENTENCES["id"]
    if not given["name_zh"] or not given["name_en"]:
        wrong["name_zh"] = SENTENCES["name"]
    if not 1 <= len(given["glyph"]) <= 2:
        wrong["glyph"] = SENTENCES["glyph"]
    for name in TEXTS:
        if len(given[f"{name}_zh"]) > TEXT_LENGTH_MAX or len(given[f"{name}_en"]) > TEXT_LENGTH_MAX:
            wrong[f"{name}_zh"] = N_("This text is too long.")
    topics = _read(given, "topics", _topic, wrong)
    intake = _read(given, "intake", _question, wrong)
    rubric = _read(given, "rubric", _criterion, wrong)
    credentials = _read(given, "credentials", _credential, wrong)
    if rubric and "rubric" not in wrong and sum(line.weight_bps for line in rubric) != WHOLE_PERCENT * 100:
        wrong["rubric"] = SENTENCES["rubric"]
    for name, many in (("topics", [one.id for one in topics]), ("intake", [one.name for one in intake])):
        if len(set(many)) < len(many):
            wrong[name] = N_("Two lines have the same short name.")
    if wrong:
        raise Invalid(fields=wrong)
    texts = {name: Words(given[f"{name}_zh"], given[f"{name}_en"]) for name in TEXTS}
    return FieldView(
        given["id"], texts["name"], texts["summary"], given["glyph"], tuple(topics), texts["disclaimer"],
        tuple(dict.fromkeys(one.strip() for one in given["crisis_words"].splitlines() if one.strip())),
        texts["crisis_help"], tuple(intake), tuple(rubric), tuple(credentials),
    )  # fmt: skip


OWN_TEXTS = ("title", "line", "about", "city")
OWN_LINES = ("good_for", "not_for")


def own_typed_of(page: ConsultantPage) -> Typed:
    """A consultant's page as its form shows it; `own_words_of` is the way back."""
    card = page.card
    values: dict[str, str] = {}
    for name, words in zip(OWN_TEXTS, (card.title, card.line, page.about, card.city), strict=True):
        values |= {f"{name}_zh": words.zh, f"{name}_en": words.en}
    for name, many in zip(OWN_LINES, (page.good_for, page.not_for), strict=True):
        values |= _typed_lines(name, many)
    return Typed(values)


def own_words_of(given: Typed, *, topics: Sequence[str], languages: Sequence[str]) -> OwnWords:
    """Raises Invalid naming everything that is wrong."""
    texts = {name: Words(_line(given[f"{name}_zh"]), _line(given[f"{name}_en"])) for name in OWN_TEXTS}
    lines = {name: _word_lines(given, name) for name in OWN_LINES}
    said = OwnWords(
        texts["title"], texts["line"], Words(given["about_zh"].strip(), given["about_en"].strip()), texts["city"],
        tuple(dict.fromkeys(topics)), tuple(dict.fromkeys(languages)), lines["good_for"], lines["not_for"],
    )  # fmt: skip
    own.check_own_words(said)
    return said


def offer_typed_of(service: ServiceView) -> Typed:
    """A service as its form shows it; `offer_of` is the way back."""
    yuan, rest = divmod(service.price.amount_minor, 100)
    values = {"price": f"{yuan}.{rest:02}" if rest else str(yuan)}
    for name, words in (("title", service.title), ("note", service.note)):
        values |= {f"{name}_zh": words.zh, f"{name}_en": words.en}
    return Typed(values | _typed_lines("included", service.included))


def offer_of(given: Typed) -> Offer:
    """Raises Invalid naming everything that is wrong."""
    offer = Offer(
        Words(_line(given["title_zh"]), _line(given["title_en"])), Words(_line(given["note_zh"]), _line(given["note_en"])),
        _word_lines(given, "included"), Money(hundredths(given["price"]) or 0),
    )  # fmt: skip
    own.check_offer(offer)
    return offer


def _line(text: str) -> str:
    return " ".join(text.split())


def _typed_lines(name: str, many: Sequence[Words]) -> dict[str, str]:
    return {f"{name}_zh": "\n".join(one.zh for one in many), f"{name}_en": "\n".join(one.en for one in many)}


def _word_lines(given: Typed, name: str) -> tuple[Words, ...]:
    """The lines of both languages, the first with the first; what has no counterpart stands alone."""
    zh, en = ([_line(one) for one in given[f"{name}_{code}"].splitlines()] for code in ("zh", "en"))
    both = (Words(one, other) for one, other in zip_longest(zh, en, fillvalue=""))
    return tuple(words for words in both if words.zh or words.en)


def _read(given: Typed, name: str, read: Callable[[list[str]], T], wrong: dict[str, str]) -> list[T]:
    found: list[T] = []
    lines = [line for line in given[name].splitlines() if line.strip()]
    if len(lines) > LINES_MAX or any(len(line) > LINE_LENGTH_MAX for line in lines):
        wrong[name] = N_("This text is too long.")
        return []
    for line in lines:
        try:
            found.append(read([part.strip() for part in line.split("|")]))
        except ValueError:
            wrong[name] = SENTENCES.get(name, WRONG_LINE)
    return found


def _topic(parts: list[str]) -> TopicView:
    id_, zh, en, synonyms, *marks = parts
    if marks not in ([], [CRISIS]):
        raise ValueError
    told = tuple(one.strip() for one in re.split(r"[,，]", synonyms) if one.strip())
    return TopicView(_named(id_), _both(zh, en), told, bool(marks))


def _question(parts: list[str]) -> IntakeQuestion:
    name, kind, zh, en, required, sensitive, choices = [*parts, ""][:7] if len(parts) == 6 else parts
    chosen = tuple(_choice(one) for one in choices.split(BETWEEN) if one.strip())
    if kind not in INTAKE_KINDS or bool(chosen) != (kind == "choice"):
        raise ValueError
    return IntakeQuestion(_named(name), kind, _both(zh, en), _yes(required), chosen, _yes(sensitive))


def _criterion(parts: list[str]) -> RubricLine:
    name, percent, zh, en, levels = parts
    read = [one.split("=") for one in levels.split(BETWEEN) if one.strip()]
    told = tuple(RubricLevel(int(score), _both(low, high)) for score, low, high in read)
    return RubricLine(_named(name), _both(zh, en), round(float(percent) * 100), told)


def _credential(parts: list[str]) -> CredentialRequired:
    zh, en, how_zh, how_en = parts
    return CredentialRequired(_both(zh, en), _both(how_zh, how_en))


def _choice(text: str) -> tuple[str, Words]:
    value, zh, en = text.split("=")
    return _named(value.strip()), _both(zh.strip(), en.strip())


def _named(text: str) -> str:
    if not NAME.fullmatch(text) or len(text) > NAME_LENGTH_MAX:
        raise ValueError
    return text


def _both(zh: str, en: str) -> Words:
    if not zh.strip() or not en.strip():
        raise ValueError
    return Words(zh.strip(), en.strip())


def _yes(text: str) -> bool:
    if text not in ("yes", "no"):
        raise ValueError
    return text == "yes"


def _lines(many: Sequence[T], parts: Callable[[T], tuple[str, ...]]) -> str:
    return "\n".join(" | ".join(parts(one)) for one in many)


def _topic_parts(one: TopicView) -> tuple[str, ...]:
    told = (one.id, one.name.zh, one.name.en, ", ".join(one.synonyms))
    return (*told, CRISIS) if one.crisis else told


def _intake_parts(one: IntakeQuestion) -> tuple[str, ...]:
    choices = f" {BETWEEN} ".join(f"{value}={words.zh}={words.en}" for value, words in one.choices)
    told = (one.name, one.kind, one.label.zh, one.label.en, _word(one.required), _word(one.sensitive))
    return (*told, choices) if choices else told


def _rubric_parts(one: RubricLine) -> tuple[str, ...]:
    levels = f" {BETWEEN} ".join(f"{level.score}={level.label.zh}={level.label.en}" for level in one.levels)
    return (one.name, f"{one.weight_bps / 100:g}", one.label.zh, one.label.en, levels)


def _word(yes: bool) -> str:
    return "yes" if yes else "no"
