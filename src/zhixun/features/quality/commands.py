"""What an operator may ask of the regression: how well it reads, measured on a file."""

from __future__ import annotations

import argparse
import csv
import gzip
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from zhixun.kernel.feature import Command

from . import rules

LINES_MAX = 20_000
LINE_BYTES_MAX = 200_000


def _evaluate(arguments: argparse.Namespace) -> int:
    """Cross-validated errors on a file of texts with a score each, beside those of always saying the mean."""
    try:
        found = [one for one in map(_example, _lines(Path(arguments.data))) if one is not None]
    except (OSError, ValueError) as error:
        print(f"{arguments.data} cannot be read: {error}")
        return 2
    texts, scores = zip(*_spread(found, arguments.limit), strict=True) if found else ((), ())
    if len(texts) < rules.TRAIN_MIN or len(set(scores)) < 2:
        print(
            f"At least {rules.TRAIN_MIN} lines with a text and a score (or label) are needed, and two different scores."
        )
        return 2
    guessed = rules.learn_from_words(texts, scores)
    errors, baseline = rules.errors_of(scores, guessed), rules.errors_of(scores, rules.mean_of_others(scores))
    said: dict[str, Any] = {"lines": len(texts), "errors": asdict(errors), "mean_baseline": asdict(baseline)}
    if set(scores) <= {0.0, 1.0}:
        said["accuracy"] = sum(
            (guess >= 0.5) == (score == 1) for guess, score in zip(guessed, scores, strict=True)
        ) / len(scores)
    _tell(said, as_json=arguments.json)
    return 0 if errors.mae < baseline.mae else 1


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a .jsonl or .csv file, packed or not."""
    packed = path.suffix == ".gz"
    kind = path.with_suffix("").suffix if packed else path.suffix
    with gzip.open(path, "rt", encoding="utf-8-sig") if packed else path.open(encoding="utf-8-sig") as file:
        if kind == ".csv":
            yield from csv.DictReader(file)
            return
        for line in file:
            if len(line) <= LINE_BYTES_MAX and line.strip():
                one = json.loads(line)
                if isinstance(one, dict):
                    yield one


def _example(line: dict[str, Any]) -> tuple[str, float] | None:
    text, score = line.get("text", line.get("words", line.get("review"))), line.get("score", line.get("label"))
    if not isinstance(text, str) or score is None:
        return None
    return text.strip(), float(score)


def _spread(found: list[tuple[str, float]], limit: int) -> list[tuple[str, float]]:
    """At most `limit` of them, evenly over the file: files are often sorted by label."""
    step = max(1, -(-len(found) // max(limit, 1)))
    return found[::step]


def _tell(said: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(said))
        return
    for name, value in said.items():
        shown = ", ".join(f"{key} {one:.3f}" for key, one in value.items()) if isinstance(value, dict) else value
        print(f"{name}: {shown:.3f}" if isinstance(shown, float) else f"{name}: {shown}")


def _evaluate_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", required=True, metavar="FILE", help=".jsonl or .csv, packed with gzip or not: text, score or label"
    )
    parser.add_argument(
        "--limit", type=int, default=LINES_MAX, metavar="N", help=f"at most so many lines (default {LINES_MAX})"
    )


COMMANDS = (
    Command(
        "evaluate", "how well a score is told from words: cross-validated, beside the mean", _evaluate,
        _evaluate_arguments,
        needs_database=False,
    ),
)  # fmt: skip
