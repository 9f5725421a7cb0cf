"""The index follows the facts, however they come."""

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import make
from tests.make import NOW
from zhixun.adapters.search_index.tantivy import TantivyIndex
from zhixun.app import subscribe_all
from zhixun.events.catalog import ConsultantListed, ConsultantUnlisted
from zhixun.features.catalog import actions as catalog
from zhixun.features.search import commands, handlers, jobs, queries
from zhixun.features.search.ports import SearchIndex
from zhixun.features.search.rules import Wanted
from zhixun.kernel import outbox
from zhixun.kernel.services import provide
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work


@pytest.fixture(autouse=True)
def _subscribed() -> Iterator[None]:
    subscribe_all()
    yield
    outbox.forget_all()


@pytest.fixture
def ada(index: SearchIndex) -> str:
    with unit_of_work(now=NOW) as uow:
        return make.listed(uow, "Ada")


def test_who_is_listed_can_be_found_once_the_worker_has_been_there(
    index: SearchIndex, ada: str, deliver_all: Callable[[], None]
) -> None:
    assert index.count() == 0
    deliver_all()
    assert list(index.digests()) == [ada]


def test_facts_delivered_twice_and_out_of_order_come_to_the_same(index: SearchIndex, ada: str) -> None:
    listed, unlisted = ConsultantListed(consultant_id=ada), ConsultantUnlisted(consultant_id=ada)
    with unit_of_work(now=NOW) as uow:
        catalog.unlist_consultant(uow, consultant_id=ada)
    for _ in range(2):
        handlers.forget_unlisted(unlisted)
        handlers.index_listed(listed)
    assert index.count() == 0
    handlers.index_listed(ConsultantListed(consultant_id="nobody"))


def test_a_consultant_who_sells_nothing_cannot_be_found(index: SearchIndex) -> None:
    with unit_of_work(now=NOW) as uow:
        idle = make.listed(uow, "Idle", services=())
    handlers.index_listed(ConsultantListed(consultant_id=idle))
    assert index.count() == 0


def test_nothing_is_written_when_nothing_changed(index: SearchIndex, ada: str, monkeypatch: pytest.MonkeyPatch) -> None:
    handlers.index_listed(ConsultantListed(consultant_id=ada))
    monkeypatch.setattr(index, "put", lambda documents: pytest.fail("written again"))
    handlers.index_listed(ConsultantListed(consultant_id=ada))


def test_the_clock_fills_an_empty_index_and_one_that_lacks_someone(
    index: SearchIndex, ada: str, tmp_path: Path
) -> None:
    jobs.keep_index_whole()
    assert list(index.digests()) == [ada]
    with unit_of_work(now=NOW) as uow:
        bob = make.listed(uow, "Bob")
    jobs.keep_index_whole()
    assert set(index.digests()) == {ada, bob}
    fresh = TantivyIndex(tmp_path / "moved")
    provide(SearchIndex, fresh)
    jobs.keep_index_whole()
    assert fresh.count() == 2


def test_the_clock_leaves_a_whole_index_alone(index: SearchIndex, ada: str, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs.keep_index_whole()
    monkeypatch.setattr(index, "rebuild", lambda documents: pytest.fail("built again"))
    jobs.keep_index_whole()


def test_an_index_of_another_format_is_built_anew_and_the_old_one_goes(
    index: SearchIndex, ada: str, tmp_path: Path
) -> None:
    old = tmp_path / "search" / "v0"
    old.mkdir(parents=True)
    jobs.keep_index_whole()
    assert index.count() == 1
    assert not old.exists()


def test_the_command_rebuilds_and_says_how_many(
    index: SearchIndex, ada: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (rebuild,) = commands.COMMANDS
    assert rebuild.verb == "rebuild"
    assert rebuild.run(argparse.Namespace(json=True)) == 0
    assert json.loads(capsys.readouterr().out)["consultants"] == 1
    assert rebuild.run(argparse.Namespace(json=False)) == 0
    assert "1 consultants" in capsys.readouterr().out


def test_who_left_a_moment_ago_is_not_shown_though_still_indexed(index: SearchIndex, ada: str) -> None:
    jobs.keep_index_whole()
    with unit_of_work(now=NOW) as uow:
        catalog.unlist_consultant(uow, consultant_id=ada)
    with Session() as db:
        assert queries.find_consultants(db, Wanted(), now=NOW).items == ()
