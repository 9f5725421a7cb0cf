"""Two languages from the first page on: every sentence is marked, translated once, and says the same places."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

import zhixun
from zhixun.app import FEATURES
from zhixun.kernel.tables import Table

assert FEATURES, "assembled, so that every table is known"
ROOT = Path(zhixun.__file__).parent
TRANSLATIONS = ROOT / "web/translations/zh"
KEYWORDS = {"_": None, "N_": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}
PLACE = re.compile(r"%\((\w+)\)[sd]|\{(\w+)\}")
BARE_PERCENT = re.compile(r"(?<!%)%(?![(%])")
"""In a template every sentence is a format, so a percent sign stands there twice."""
BY_LANGUAGE = re.compile(r"\.(zh|en)\.html$")
"""A text that is a file per language, as the legal ones are, is translated whole."""

CHINESE = re.compile(r"[\u4e00-\u9fff]{2}")
"""One character alone is a mark (a field's glyph, the seal), not a sentence."""
ENGLISH = re.compile(r"[A-Za-z]{2,}(?:[ ’'-]+[A-Za-z]+)+")
SHOWN_ATTRIBUTES = re.compile(r"\b(?:title|alt|placeholder|aria-label|aria-description)=\"([^\"]*)\"")
SAME_IN_ALL_LANGUAGES = {"Idempotency-Key", "简体中文", "中文", "English", "知询", "Zhixun", "知询 Zhixun"}


@lru_cache(maxsize=1)
def sentences() -> dict[str, set[str]]:
    """Every sentence that is marked for translation, and the files that say it."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted(ROOT.rglob("*")):
        method = {".py": "python", ".html": "jinja2.ext:babel_extract", ".txt": "jinja2.ext:babel_extract"}.get(
            path.suffix
        )
        if method is None or (path.suffix != ".py" and "templates" not in path.parts):
            continue
        options = {"silent": "false", "trimmed": "true"} if path.suffix != ".py" else {}
        for _, message, _, _ in extract_from_file(method, path, keywords=KEYWORDS, options=options):
            for one in message if isinstance(message, tuple) else (message,):
                found[one].add(str(path.relative_to(ROOT)))
    for mapper in Table.registry.mappers:
        word, _, reason = mapper.class_.personal_data.partition("keep: ")
        if not word:  # shown to whoever asks why we keep something
            found[reason].add(mapper.class_.__module__)
    return dict(found)


def catalogues() -> dict[str, Catalog]:
    read = {}
    for path in sorted(TRANSLATIONS.glob("*.po")):
        with path.open("rb") as file:
            read[path.name] = read_po(file, locale="zh")
    return read


@lru_cache(maxsize=1)
def translations() -> dict[str, list[tuple[str, str]]]:
    """Sentence → where it is translated and how: (file, Chinese)."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for name, catalogue in catalogues().items():
        for message in catalogue:
            if message.id:
                ids = message.id if isinstance(message.id, tuple) else (message.id,)
                said = message.string[0] if isinstance(message.string, tuple | list) else message.string
                found[ids[-1]].append((name, said))
                for one in ids[:-1]:  # the singular: Chinese has one form, that of the plural
                    found[one].append((name, "" if not said else one))
    return dict(found)


def test_every_sentence_has_its_translation():
    missing = [f"{sorted(where)[0]}: {one}" for one, where in sentences().items() if one not in translations()]
    assert not missing, f"{len(missing)} sentences are not translated:\n" + "\n".join(sorted(missing))


def test_every_sentence_is_translated_in_one_place():
    twice = {one: [name for name, _ in where] for one, where in translations().items() if len(where) > 1}
    assert not twice


def test_every_translation_says_something_and_keeps_the_places():
    for one, where in translations().items():
        for name, said in where:
            assert said, f"{name}: {one}"
            places = {a or b for a, b in PLACE.findall(one)}
            assert places == {a or b for a, b in PLACE.findall(said)}, f"{name}: {one}"
            assert BARE_PERCENT.search(one) or not BARE_PERCENT.search(said), f"{name}: write %% in “{said}”"


def test_no_translation_is_left_over():
    unused = [f"{where[0][0]}: {one}" for one, where in translations().items() if one not in sentences()]
    assert not unused, f"{len(unused)} translations are of nothing we say:\n" + "\n".join(sorted(unused))


def test_the_catalogues_are_finished():
    for name, catalogue in catalogues().items():
        assert not catalogue.obsolete, name
        assert not [message.id for message in catalogue if message.id and message.fuzzy], name


def raw_text(template: str) -> list[str]:
    """What a template would show to a reader of either language: text outside tags and expressions."""
    text = re.sub(r"\{#.*?#\}|<!--.*?-->|\{%-?\s*raw.*?endraw\s*-?%\}", " ", template, flags=re.DOTALL)
    text = re.sub(r"<(script|style|svg|code|pre)\b.*?</\1>", " ", text, flags=re.DOTALL)
    text = re.sub(r"\{% block \w*class\w* %\}.*?\{% endblock %\}", " ", text, flags=re.DOTALL)
    text = re.sub(r"\{% if [^%]*(?:language|lang)[^%]* %\}.*?\{% endif %\}", " ", text, flags=re.DOTALL)
    text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "\u0001", text, flags=re.DOTALL)
    shown = SHOWN_ATTRIBUTES.findall(text) + re.sub(r"<[^>]*>", "\n", text, flags=re.DOTALL).split("\n")
    return [piece.strip() for one in shown for piece in one.split("\u0001") if piece.strip()]


def templates() -> list[Path]:
    return sorted(path for path in ROOT.rglob("templates/**/*.html") if not BY_LANGUAGE.search(path.name))


@pytest.mark.parametrize("path", templates(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_template_says_a_sentence_in_one_language_only(path):
    said = [one for one in raw_text(path.read_text("utf-8")) if one not in SAME_IN_ALL_LANGUAGES]
    assert not [one for one in said if CHINESE.search(one) or ENGLISH.search(one)]


def test_a_text_that_is_a_file_per_language_is_there_in_both():
    files = {str(path) for path in ROOT.rglob("templates/**/*.html") if BY_LANGUAGE.search(path.name)}
    for path in files:
        assert path.replace(".zh.html", ".en.html") in files
        assert path.replace(".en.html", ".zh.html") in files
