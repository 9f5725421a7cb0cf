"""Every page is there in both languages and says which it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from tests import make
from tests.visitor import Visitor, house
from zhixun.kernel.unit_of_work import unit_of_work

NO_PAGES = {"/healthz", "/readyz", "/metrics", "/robots.txt", "/sitemap.xml", "/favicon.ico", "/manifest.webmanifest"}
"""For machines, or the same file in any language."""


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    return house(db_url, tmp_path)


def page_paths(app: Flask) -> list[str]:
    return sorted(
        rule.rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.arguments and not rule.rule.startswith(("/api/", "/static"))
        and rule.rule not in NO_PAGES
    )  # fmt: skip


@pytest.mark.parametrize("role", ["nobody", "client", "consultant", "operator"])
def test_every_page_speaks_both_languages(app: Flask, role: str) -> None:
    with unit_of_work() as uow:
        people = {"client": make.client(uow), "consultant": make.consultant(uow).actor, "operator": make.operator(uow)}
    who = people.get(role)
    zh, en = Visitor(app, who), Visitor(app, who, english=True)
    pages = page_paths(app)
    assert "/" in pages
    for path in pages:
        chinese, english = zh.get(path), en.get(path)
        assert chinese.status_code == english.status_code, path
        assert chinese.status_code < 500, path
        if chinese.mimetype == "text/html" and chinese.status_code == 200:
            assert '<html lang="zh' in chinese.text, path
            assert '<html lang="en' in english.text, path
            assert chinese.text != english.text
