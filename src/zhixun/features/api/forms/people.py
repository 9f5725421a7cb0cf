"""What is answered to people about their own data."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from zhixun.kernel.errors import N_

from .kinds import Answer, At


class Export(Answer):
    format: str
    person: str
    made_at: At
    tables: Annotated[
        dict[str, list[dict[str, Any]]], Field(description=N_("Table → rows, with what was sealed opened."))
    ]


class ErasedLine(Answer):
    table: str
    rows: int
    kept_because: Annotated[str, Field(description=N_("Empty where it is gone."))]


class Erased(Answer):
    person: str
    report: list[ErasedLine]
    left_over: list[str]
