"""Papers set by typst, in this process, with Noto Sans and Serif SC from a package: no program, no font to install."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

from zhixun.kernel.papers import Paper

TEMPLATE = Path(__file__).with_name("paper.typ")
LONG = re.compile(r"[^\s\u2e80-\U0010ffff]{24}(?=\S)")
"""So much without a place to break a line at; Chinese breaks anywhere."""
BREAK = "\u200b"
"""A place to break a line at that takes no room."""


class TypstTypesetter:
    """The template is ours alone; what a paper says reaches it as JSON, so that typst never reads it as markup. It sees
    no file but the template's folder."""

    def pdf(self, paper: Paper) -> bytes:
        import typst  # 40 MB that only papers need

        said = json.dumps(_breakable(asdict(paper)), default=str, ensure_ascii=False)
        return typst.compile(
            str(TEMPLATE), root=str(TEMPLATE.parent), font_paths=_fonts(), timestamp=int(paper.made_at.timestamp()),
            sys_inputs={"paper": said},
        )  # fmt: skip


def _breakable(value: Any) -> Any:
    """The same, with places to break a line at in words that are wider than a column."""
    if isinstance(value, str):
        return LONG.sub(lambda long: long[0] + BREAK, value)
    if isinstance(value, dict):
        return {name: _breakable(one) for name, one in value.items()}
    return [_breakable(one) for one in value] if isinstance(value, (list, tuple)) else value


@lru_cache(maxsize=1)
def _fonts() -> Any:
    """Noto for Chinese and Latin; what it lacks, such as Hebrew and Arabic, comes from the fonts within typst."""
    import pylopdf_fonts_zh_cn
    import typst

    folder = pylopdf_fonts_zh_cn.sans_path().parent
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[str(folder)])
