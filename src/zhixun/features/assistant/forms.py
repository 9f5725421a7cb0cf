"""The editor's form, and the sentence that shows what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from zhixun.features.assistant.rules import TOPICS_MAX, Article

REVISION_DIGITS_MAX = 6


@dataclass(frozen=True)
class Written:
    """What was typed; kept when it is refused."""

    language: str = "zh"
    kind: str = "guide"
    field_id: str = ""
    topic_ids: tuple[str, ...] = ()
    title: str = ""
    body: str = ""
    seen_revision: int = 0


def read_written(form: MultiDict[str, str]) -> Written:
    seen = form.get("seen_revision", "0")
    number = int(seen) if seen.isascii() and seen.isdigit() and len(seen) <= REVISION_DIGITS_MAX else 0
    return Written(
        form.get("language", ""), form.get("kind", ""), form.get("field", ""), tuple(form.getlist("topics")[: TOPICS_MAX + 1]),
        form.get("title", ""), form.get("body", "").replace("\r\n", "\n"), number,
    )  # fmt: skip


def written_of(article: Article) -> Written:
    return Written(
        article.language, article.kind, article.field_id, article.topic_ids, article.title, article.body,
        article.revision,
    )  # fmt: skip
