"""An expert's sheet: a mark for each line of the rubric, and two texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from zhixun.features.catalog.rules import RubricLine

MARK_PREFIX = "mark-"


@dataclass(frozen=True)
class Sheet:
    """What was chosen and typed; a line without a mark is missing."""

    marks: Mapping[str, int] = field(default_factory=dict)
    good: str = ""
    learn: str = ""


def read_sheet(form: Mapping[str, str], rubric: Sequence[RubricLine]) -> Sheet:
    chosen = {line.name: form.get(MARK_PREFIX + line.name, "") for line in rubric}
    return Sheet(
        {name: int(text) for name, text in chosen.items() if text in {"1", "2", "3", "4", "5"}},
        form.get("good", "").replace("\r\n", "\n"),
        form.get("learn", "").replace("\r\n", "\n"),
    )
