"""The articles themselves: what an answer cites can be read whole."""

from __future__ import annotations

from flask import render_template

from zhixun.features.assistant import queries, rules
from zhixun.features.catalog import queries as catalog
from zhixun.kernel.errors import NotFound
from zhixun.web.languages import language
from zhixun.web.security import read

from . import bp

ID_LENGTH_MAX = 80


@bp.get("/knowledge")
def articles() -> str:
    with read() as db:
        fields = catalog.fields(db)
        found = queries.articles(db, language=language(), state="published")
    return render_template("assistant/articles.html", fields=fields, articles=found)


@bp.get("/knowledge/<article_id>")
def article(article_id: str) -> str:
    if len(article_id) > ID_LENGTH_MAX or not article_id.isprintable():
        raise NotFound
    with read() as db:
        found = queries.published_article(db, article_id)
        fields = catalog.fields(db)
    field = next((one for one in fields if one.id == found.field_id), None)
    return render_template("assistant/article.html", article=found, field=field, parts=rules.passages(found.body))
