from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from importlib import resources

from sqlalchemy import select
from sqlalchemy.orm import Session

from zhixun.features.assistant import rules
from zhixun.features.assistant.models import ArticleRow, RevisionRow
from zhixun.features.assistant.ports import Passage
from zhixun.features.assistant.rules import Article, ArticleState
from zhixun.kernel.errors import NotFound
from zhixun.kernel.tables import any_of
from zhixun.kernel.values import LANGUAGES, Language

DESK_SHOWN = 200


@dataclass(frozen=True)
class ArticleLine:
    id: str
    language: Language
    kind: str
    field_id: str
    title: str
    state: str
    revision: int
    updated_at: datetime


@dataclass(frozen=True)
class RevisionLine:
    number: int
    deed: str
    title: str
    body: str
    by: str
    at: datetime


@lru_cache(maxsize=1)
def house_articles() -> tuple[Article, ...]:
    """The articles that ship with the house, half in each language, read from the files in `data/`."""
    files = resources.files("zhixun.features.assistant").joinpath("data").iterdir()
    found = []
    for file in sorted((file for file in files if file.name.endswith(".json")), key=lambda file: file.name):
        for one in json.loads(file.read_text("utf-8")):
            for language in LANGUAGES:
                words = one[language]
                found.append(
                    Article(
                        f"{one['id']}.{language}", language, one["kind"], one["field"], tuple(one["topics"]),
                        words["title"], words["body"], ArticleState.PUBLISHED, 1,
                    )
                )  # fmt: skip
    return tuple(found)


def article(db: Session, article_id: str) -> Article:
    """One article in whatever state, for the desk. Raises NotFound."""
    row = db.get(ArticleRow, article_id)
    if row is None:
        raise NotFound
    return _article(row)


def published_article(db: Session, article_id: str) -> Article:
    """Raises NotFound, also when it was taken back."""
    found = article(db, article_id)
    if found.state is not ArticleState.PUBLISHED:
        raise NotFound
    return found


def published_articles(db: Session, ids: Sequence[str]) -> dict[str, Article]:
    """Those of these that may be quoted now. One statement."""
    rows = db.scalars(
        select(ArticleRow).where(ArticleRow.id == any_of(ids), ArticleRow.state == ArticleState.PUBLISHED.value)
    )
    return {row.id: _article(row) for row in rows}


def articles(db: Session, *, language: str = "", state: str = "", field: str | None = None) -> list[ArticleLine]:
    """The newest first; of one language, state or field ("" is the house itself) where given. One statement."""
    columns = (getattr(ArticleRow, name) for name in ArticleLine.__dataclass_fields__)
    wanted = select(*columns).order_by(ArticleRow.updated_at.desc(), ArticleRow.id).limit(DESK_SHOWN)
    if language:
        wanted = wanted.where(ArticleRow.language == language)
    if state:
        wanted = wanted.where(ArticleRow.state == state)
    if field is not None:
        wanted = wanted.where(ArticleRow.field_id == field)
    return [ArticleLine(*row) for row in db.execute(wanted)]


def revisions(db: Session, article_id: str) -> list[RevisionLine]:
    """An article's history, the newest first."""
    rows = db.scalars(
        select(RevisionRow).where(RevisionRow.article_id == article_id).order_by(RevisionRow.number.desc())
    )
    return [RevisionLine(row.number, row.deed, row.title, row.body, row.by, row.at) for row in rows]


def passages_of(db: Session) -> Iterator[Passage]:
    """Every passage that may be quoted now, as the index keeps it. One statement."""
    for row in db.scalars(select(ArticleRow).where(ArticleRow.state == ArticleState.PUBLISHED.value)):
        for place, text in enumerate(rules.passages(row.body)):
            digest = hashlib.sha256(f"{row.language}\n{row.title}\n{text}".encode()).hexdigest()
            yield Passage(f"{row.id}#{place}", row.language, rules.terms(row.title), rules.terms(text), digest)


def _article(row: ArticleRow) -> Article:
    return Article(
        row.id, "en" if row.language == "en" else "zh", row.kind, row.field_id, tuple(row.topic_ids), row.title, row.body,
        ArticleState(row.state), row.revision, row.updated_at, row.published_at,
    )  # fmt: skip
