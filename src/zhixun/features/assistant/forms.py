"""The editor's form, and the sentence that shows what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from zhixun.features.assistant.rules import Article

REVISION_DIGITS_MAX = 6


@dataclass(frozen=True)
class Written:
    """What was typed; kept when it is refused."""

    language: str = "zh"
    kind: str = "guide"
    field_id: str = ""
    topics: str = ""
    title: str = ""
    body: str = ""
    seen_revision: int = 0

    @property
    def topic_ids(self) -> list[str]:
        return [one for one in self.topics.replace(",", " ").split() if one]


def read_written(form: Mapping[str, str]) -> Written:
    seen = form.get("seen_revision", "0")
    number = int(seen) if seen.isascii() and seen.isdigit() and len(seen) <= REVISION_DIGITS_MAX else 0
    return Written(
        form.get("language", ""), form.get("kind", ""), form.get("field", ""), form.get("topics", "")[:600],
        form.get("title", ""), form.get("body", "").replace("\r\n", "\n"), number,
    )  # fmt: skip


def written_of(article: Article) -> Written:
    return Written(
        article.language, article.kind, article.field_id, " ".join(article.topic_ids), article.title, article.body,
        article.revision,
    )  # fmt: skip
