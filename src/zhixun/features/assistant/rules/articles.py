"""A knowledge article: what it may be, which states it goes through, and the passages that can be cited."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from zhixun.kernel.errors import N_, Invalid
from zhixun.kernel.values import LANGUAGES, Language, plain_text

KINDS = ("guide", "faq", "policy", "help")
TITLE_LENGTH_MIN, TITLE_LENGTH_MAX = 4, 120
BODY_LENGTH_MIN, BODY_LENGTH_MAX = 40, 20_000
TOPICS_MAX = 8
PASSAGE_LENGTH_MIN = 60
"""A shorter paragraph goes together with the next: a heading alone proves nothing."""
_INSTRUCTION = re.compile(
    r"ignore (all |any )?(the )?(previous|above|earlier) (instructions|rules)|disregard (all|any|the) (previous|above)|"
    r"system prompt|you are now|忽略(以上|之前|前面)(的)?(所有|全部)?(指令|规则|要求)|无视(以上|之前)",
    re.IGNORECASE,
)


class ArticleState(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


NEXT = {
    ArticleState.DRAFT: {ArticleState.PUBLISHED, ArticleState.WITHDRAWN},
    ArticleState.PUBLISHED: {ArticleState.WITHDRAWN},
    ArticleState.WITHDRAWN: {ArticleState.PUBLISHED},
}


@dataclass(frozen=True)
class Article:
    id: str
    language: Language
    kind: str
    field_id: str
    """Empty for what is about the house itself."""
    topic_ids: tuple[str, ...]
    title: str
    body: str
    state: ArticleState
    revision: int
    updated_at: datetime | None = None
    published_at: datetime | None = None


def may_become(state: ArticleState, wanted: ArticleState) -> bool:
    return wanted in NEXT[state]


def check_article(*, language: str, kind: str, title: str, body: str, topic_ids: list[str]) -> tuple[str, str]:
    """Title and body as they are kept. Raises Invalid naming everything that is wrong."""
    wrong: dict[str, str] = {}
    title, body = " ".join(plain_text(title).split()), plain_text(body)
    if language not in LANGUAGES:
        wrong["language"] = N_("We speak Chinese (zh) and English (en).")
    if kind not in KINDS:
        wrong["kind"] = N_("Please choose what kind of article it is.")
    if not TITLE_LENGTH_MIN <= len(title) <= TITLE_LENGTH_MAX:
        wrong["title"] = N_("A title has 4 to 120 characters.")
    if not BODY_LENGTH_MIN <= len(body) <= BODY_LENGTH_MAX:
        wrong["body"] = N_("An article has 40 to 20,000 characters.")
    if len(topic_ids) > TOPICS_MAX:
        wrong["topics"] = N_("An article is about 8 topics at most.")
    if wrong:
        raise Invalid(fields=wrong)
    return title, body


def passages(body: str) -> list[str]:
    """The paragraphs of an article, the short ones joined: the pieces that can be found and cited."""
    found: list[str] = []
    open_ = ""
    for paragraph in re.split(r"\n\s*\n", body):
        text = paragraph.strip()
        if not text:
            continue
        open_ = f"{open_}\n{text}" if open_ else text
        if len(open_) >= PASSAGE_LENGTH_MIN:
            found.append(open_)
            open_ = ""
    if open_:
        found.append(open_)
    return found


def is_instruction(text: str) -> bool:
    """Whether a sentence talks to a machine and not to a reader. Such a sentence is never quoted as an answer."""
    return _INSTRUCTION.search(text) is not None
