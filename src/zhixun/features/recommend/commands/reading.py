"""Data sets as they lie on a disk: one object per line, or columns."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from zhixun.kernel.errors import Invalid

FIELD_BYTES_MAX = 10_000_000


def rows_of(path: Path) -> list[dict[str, Any]]:
    """Every row, in the order of the file. Raises Invalid for what is no such file."""
    if not path.is_file():
        raise Invalid(f"There is no file {path}.")
    name = path.name.removesuffix(".gz")
    try:
        if name.endswith(".parquet"):
            return list(_parquet(path))
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
            return list(_csv(file) if name.endswith((".csv", ".tsv")) else _lines(file))
    except (OSError, ValueError, UnicodeDecodeError) as error:
        raise Invalid(f"{path} cannot be read: {error}") from None


def _lines(file: IO[str]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(file, 1):
        if line.strip():
            row = json.loads(line)
            if not isinstance(row, dict):
                raise ValueError(f"line {number} is no object")
            yield row


def _csv(file: IO[str]) -> Iterator[dict[str, Any]]:
    csv.field_size_limit(FIELD_BYTES_MAX)
    head = file.readline()
    yield from csv.DictReader(file, fieldnames=next(csv.reader([head])), delimiter="\t" if "\t" in head else ",")


def _parquet(path: Path) -> Iterator[dict[str, Any]]:
    try:
        from pyarrow import parquet
    except ImportError:
        raise ValueError("parquet needs the extra: pip install 'zhixun[parquet]'") from None
    yield from parquet.read_table(path).to_pylist()
