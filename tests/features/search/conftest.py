from collections.abc import Callable
from pathlib import Path

import pytest

from tests import make
from zhixun.adapters.search_index.tantivy import TantivyIndex
from zhixun.features.catalog import actions as catalog
from zhixun.features.search import actions
from zhixun.features.search.handlers import bring_up_to_date
from zhixun.features.search.ports import SearchIndex
from zhixun.kernel.services import provide
from zhixun.kernel.unit_of_work import unit_of_work


@pytest.fixture
def index(db_url: str, tmp_path: Path) -> SearchIndex:
    """An empty index, and the house's own fields in the database."""
    made = TantivyIndex(tmp_path / "search")
    provide(SearchIndex, made)
    with unit_of_work() as uow:
        catalog.put_house_fields(uow)
    return made


@pytest.fixture
def indexed(index: SearchIndex) -> Callable[..., None]:
    """Bring these consultants into the index, as the worker does."""

    def bring(*ids: str) -> None:
        bring_up_to_date(list(ids))
        with unit_of_work(now=make.NOW) as uow:
            actions.write_free_times(uow, consultant_ids=ids)

    return bring
