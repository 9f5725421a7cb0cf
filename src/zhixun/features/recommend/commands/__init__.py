"""`zhixun recommend train` and `zhixun recommend evaluate`."""

from __future__ import annotations

import argparse
from pathlib import Path

from zhixun.kernel.feature import Command

from . import evaluating, training


def _for_training(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--trainer", choices=("local",), default="local", help="where it is worked out (default local)")


def _for_evaluating(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, metavar="FILE", help="jsonl, csv (also .gz) or parquet")
    parser.add_argument(
        "--protocol", choices=evaluating.PROTOCOLS, default="time-split",
        help="time-split: learn from the first 90 %%, measure on the rest; given: by the data's own split",
    )  # fmt: skip
    parser.add_argument("--form", choices=("experts", "interactions"), help="told by the data where it is left out")


COMMANDS = (
    Command("train", "learn from what people booked; replaces the live model only if not worse", training.train, _for_training),
    Command(
        "evaluate", "learn from the earlier part of a file and measure on the later", evaluating.evaluate, _for_evaluating,
        needs_database=False,
    ),
)  # fmt: skip
