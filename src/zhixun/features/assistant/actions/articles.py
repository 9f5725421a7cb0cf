from __future__ import annotations

import hashlib
from collections.abc import Sequence

from sqlalchemy import select

from zhixun.events.assistant import ArticleChanged
from zhixun.features.accounts.rules import check_right
from zhixun.features.assistant import rules
from zhixun.features.assistant.models import ArticleRow, RevisionRow
from zhixun.features.assistant.rules import Article, ArticleState
from zhixun.features.catalog import queries as catalog
from zhixun.kernel.errors import N_, Conflict, Invalid, NotFound
from zhixun.kernel.unit_of_work import UnitOfWork

RIGHT = "edit_knowledge"


class StaleArticle(Conflict):
    code = "article_changed"
    message = N_("Someone changed this article in the meantime. Look at their words before you save yours.")


def write_article(
    uow: UnitOfWork,
    *,
    article_id: str,
    seen_revision: int,
    language: str,
    kind: str,
    field_id: str,
    topic_ids: Sequence[str],
    title: str,
    body: str,
) -> int:
    """Keep an article's new words; a new one (`seen_revision` 0) begins as a draft. Returns the revision.

    What is published stays so, with the new words. Raises RightNeeded, Invalid, NotFound, StaleArticle (also when a
    new id is taken).
    """
    check_right(uow.actor, RIGHT)
    title, body = rules.check_article(language=language, kind=kind, title=title, body=body, topic_ids=list(topic_ids))
    _check_about(uow, field_id, topic_ids)
    row = uow.db.get(ArticleRow, article_id, with_for_update=True)
    if row is None and seen_revision:
        raise NotFound
    if (row.revision if row else 0) != seen_revision:
        raise StaleArticle
    if row is None:
        row = ArticleRow(id=article_id, state=ArticleState.DRAFT.value, revision=0, shipped="", published_at=None)
        uow.db.add(row)
    row.language, row.kind, row.field_id, row.topic_ids = language, kind, field_id, list(topic_ids)
    row.title, row.body, row.shipped = title, body, ""
    _note(uow, row, "written")
    return row.revision


def _check_about(uow: UnitOfWork, field_id: str, topic_ids: Sequence[str]) -> None:
    """Raises Invalid for a field that is none, or a topic of another."""
    topics = {one.id: {topic.id for topic in one.topics} for one in catalog.fields(uow.db)}
    if field_id and field_id not in topics:
        raise Invalid(fields={"field": N_("Please choose a field, or the house.")})
    if not set(topic_ids) <= topics.get(field_id, set()):
        raise Invalid(fields={"topics": N_("Please choose topics of the field that the article is about.")})


def publish_article(uow: UnitOfWork, *, article_id: str) -> None:
    """The assistant may quote it from now on. Twice is once. Raises RightNeeded, NotFound, Conflict."""
    check_right(uow.actor, RIGHT)
    _move(uow, article_id, ArticleState.PUBLISHED)


def take_back_article(uow: UnitOfWork, *, article_id: str) -> None:
    """It is quoted no longer, and its page is gone; its history stays. Twice is once. Raises as `publish_article`."""
    check_right(uow.actor, RIGHT)
    _move(uow, article_id, ArticleState.WITHDRAWN)


def put_house_articles(uow: UnitOfWork, *, articles: Sequence[Article]) -> int:
    """Bring the articles that ship with the house into the database; what was changed here stays. Returns how many
    are new or newer. Runs at every start; one statement when nothing is new."""
    known = {
        row.id: row for row in uow.db.scalars(select(ArticleRow).where(ArticleRow.id.in_([a.id for a in articles])))
    }
    count = 0
    for one in articles:
        digest, row = _digest(one), known.get(one.id)
        if row is not None and row.shipped in ("", digest):
            continue
        if row is None:
            row = ArticleRow(id=one.id, revision=0, state=one.state.value, published_at=uow.now)
            uow.db.add(row)
        row.language, row.kind, row.field_id, row.topic_ids = one.language, one.kind, one.field_id, list(one.topic_ids)
        row.title, row.body, row.shipped = one.title, one.body, digest
        _note(uow, row, "shipped")
        count += 1
    return count


def _move(uow: UnitOfWork, article_id: str, wanted: ArticleState) -> None:
    row = uow.db.get(ArticleRow, article_id, with_for_update=True)
    if row is None:
        raise NotFound
    if row.state == wanted.value:
        return
    if not rules.may_become(ArticleState(row.state), wanted):
        raise Conflict
    row.state, row.shipped = wanted.value, ""
    if wanted is ArticleState.PUBLISHED:
        row.published_at = uow.now
    _note(uow, row, wanted.value)


def _note(uow: UnitOfWork, row: ArticleRow, deed: str) -> None:
    """One more line of the article's history; told to the index where readers may see it, or saw it."""
    row.revision += 1
    row.updated_at = uow.now
    uow.db.add(
        RevisionRow(
            article_id=row.id, number=row.revision, deed=deed, title=row.title, body=row.body, state=row.state,
            by=uow.actor.user_id, at=uow.now,
        )
    )  # fmt: skip
    if row.state != ArticleState.DRAFT.value:
        uow.emit(ArticleChanged(article_id=row.id))


def _digest(one: Article) -> str:
    return hashlib.sha256(f"{one.title}\n{one.body}\n{one.field_id}\n{one.topic_ids}".encode()).hexdigest()
