"""The house with its articles and fields, an index that follows, and who may do what."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from tests.visitor import house
from zhixun.features.assistant import actions, handlers
from zhixun.features.assistant.queries import house_articles
from zhixun.features.catalog import actions as catalog
from zhixun.kernel.unit_of_work import unit_of_work


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    made = house(db_url, tmp_path)
    with unit_of_work() as uow:
        catalog.put_house_fields(uow)
        actions.put_house_articles(uow, articles=house_articles())
    handlers.bring_up_to_date()
    return made
