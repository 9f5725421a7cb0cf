"""The feature table of the README names the tests that show each line: they exist, and both languages name the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from zhixun.app import FEATURES

ROOT = Path(__file__).parents[2]
FILES = ["README.md", "README.zh-CN.md"]
ROW = re.compile(r"^\|([^|]+)\|(.+)\|([^|]+)\|$", re.MULTILINE)
NAMED = re.compile(r"`([^`]+)`")


def shown_by(file: str) -> list[list[str]]:
    """Row by row, what shows it: a path of tests, or a command."""
    rows = ROW.findall((ROOT / file).read_text(encoding="utf-8"))
    return [NAMED.findall(by) for name, _, by in rows if name.strip() and not name.startswith("---")]


def paths_of(row: list[str]) -> list[Path]:
    """The tests of a row: a bare file name stands in the folder of the one before."""
    found: list[Path] = []
    for one in row:
        if one.startswith("tests/"):
            found.append(Path(one))
        elif one.startswith("test_"):
            found.append(found[-1].parent / one)
    return found


@pytest.mark.parametrize("file", FILES)
def test_every_line_is_shown_by_a_test_that_exists(file: str) -> None:
    rows = shown_by(file)
    assert len(rows) > 30
    for row in rows:
        assert paths_of(row), f"no test shows it: {row}"
        missing = [str(path) for path in paths_of(row) if not (ROOT / path).exists()]
        assert missing == []


@pytest.mark.parametrize("file", FILES)
def test_no_line_stands_there_twice(file: str) -> None:
    names = [name.strip() for name, _, _ in ROW.findall((ROOT / file).read_text(encoding="utf-8"))]
    lines = [name for name in names if name and not name.startswith("---")]
    assert [name for name in lines if lines.count(name) > 1] == []


def test_both_languages_name_the_same_tests() -> None:
    chinese, english = (shown_by(file) for file in FILES)
    assert chinese == english


def test_every_browser_test_shows_something() -> None:
    named = {path for row in shown_by("README.md") for path in paths_of(row)}
    there = {path.relative_to(ROOT) for path in (ROOT / "tests/browser").glob("test_*.py")}
    assert sorted(map(str, there - named)) == []


def test_the_architecture_tells_of_every_feature_in_order_and_in_its_own_words() -> None:
    told = re.findall(r"^\| `(\w+)` \| (.+) \|$", (ROOT / "docs/architecture.md").read_text("utf-8"), re.MULTILINE)
    own = {feature.name: (ROOT / f"src/zhixun/features/{feature.name}/__init__.py") for feature in FEATURES}
    said = [(name, path.read_text("utf-8").removeprefix('"""').splitlines()[0]) for name, path in own.items()]
    listed = [(name, words) for name, words in told if name in own]
    assert listed == [(name, words.removesuffix('"""').removesuffix(".")) for name, words in reversed(said)]
