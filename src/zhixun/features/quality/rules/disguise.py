"""Taking the names out of what experts read: they judge the advice, and need not know who gave it to whom."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

CLIENT, CONSULTANT = "［A］", "［B］"
HIDDEN = "［…］"
PLACES = (
    re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    re.compile(r"(?:https?://|www\.)\S+"),
    re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)"),
    re.compile(r"(?<![\d.])\+?\d(?:[ -]?\d){6,18}(?![\d.])"),
    re.compile(r"(?i)(?:微信|wechat|wx|v信|薇信|QQ)\s*(?:号|id)?\s*[:：是]?\s*[A-Za-z0-9_-]{5,20}"),
)
"""Mail and web addresses, identity numbers, telephone numbers, messenger names."""
HONORIFICS = "老师|律师|医生|大夫|先生|女士|小姐|教授|顾问|总"


@dataclass(frozen=True)
class Names:
    """What the two of a session are called, in every form we know."""

    client: tuple[str, ...]
    consultant: tuple[str, ...]


def disguise(text: str, names: Names) -> str:
    """The text with the two people's names as ［A］ (client) and ［B］ (consultant), and addresses and numbers as ［…］."""
    for place in PLACES:
        text = place.sub(HIDDEN, text)
    for mark, said in ((CONSULTANT, names.consultant), (CLIENT, names.client)):
        for form in sorted({form for name in said for form in _forms(name)}, key=len, reverse=True):
            text = re.sub(form, mark, text, flags=re.IGNORECASE)
    return text


def _forms(name: str) -> Iterable[str]:
    """Patterns for a name: whole, the given name alone, and the surname with a title."""
    name = name.strip()
    if not name:
        return
    if re.fullmatch(r"[\u4e00-\u9fff]{2,4}", name):
        yield re.escape(name)
        if len(name) > 2:
            yield re.escape(name[-2:])
        yield f"{re.escape(name[0])}(?:{HONORIFICS})"
        return
    yield rf"\b{re.escape(name)}\b"
    for part in re.split(r"\s+", name):
        if len(part) > 2:
            yield rf"\b{re.escape(part)}\b"
