"""What every search index promises. A new adapter is one more line in INDEXES."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import elasticsearch
from zhixun.adapters.search_index.elasticsearch import ElasticsearchIndex
from zhixun.adapters.search_index.tantivy import TantivyIndex
from zhixun.features.search.ports import Document, Filter, SearchIndex

INDEXES = ("tantivy", "elasticsearch")


def ada(**changes: object) -> Document:
    usual: dict[str, object] = {
        "id": "ada", "main": ("裁员", "补偿", "layoff"), "side": ("上海",), "labels": ("field=legal", "channel=video"),
        "prices_minor": {"": 30_000, "video": 30_000}, "rating": 4.8, "digest": "a1",
    }  # fmt: skip
    return Document(**(usual | changes))  # type: ignore[arg-type]


GRACE = Document(
    "grace",
    ("离婚", "抚养"),
    ("裁员", "北京"),
    ("field=legal", "channel=text"),
    {"": 10_000, "text": 10_000},
    4.2,
    "g1",
)
BOB = Document(
    "bob", ("失眠", "sleep"), ("上海",), ("field=health", "channel=video", "channel=text"),
    {"": 20_000, "video": 50_000, "text": 20_000}, 4.5, "b1",
)  # fmt: skip


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with elasticsearch.server() as address:
        yield address


@pytest.fixture(params=INDEXES)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], SearchIndex]:
    """How one opens the index of this test. Opening twice gives two processes' views of one."""
    if request.param == "tantivy":
        return lambda: TantivyIndex(tmp_path / "search")
    address, name = request.getfixturevalue("server"), f"t{uuid.uuid4().hex[:12]}"
    return lambda: ElasticsearchIndex(address, name)


@pytest.fixture
def index(opened: Callable[[], SearchIndex]) -> SearchIndex:
    made = opened()
    made.put([ada(), GRACE, BOB])
    return made


def ids(index: SearchIndex, *words: str, only: Filter = Filter(), **how: object) -> list[str]:  # noqa: B008 - frozen
    return [hit.id for hit in index.find(words, only, **how).hits]  # type: ignore[arg-type]


def test_nothing_was_written_so_nothing_is_found(opened: Callable[[], SearchIndex]) -> None:
    index = opened()
    assert index.count() == 0
    assert index.find(("裁员",)).total == 0
    assert dict(index.count_labels(())) == dict(index.digests()) == {}
    assert dict(index.matched_words(("裁员",), ["ada"])) == {}
    index.remove(["ada"])


def test_main_words_count_more_than_side_words(index: SearchIndex) -> None:
    found = index.find(("裁员",))
    assert [hit.id for hit in found.hits] == ["ada", "grace"]
    assert found.hits[0].score > found.hits[1].score > 0
    assert found.total == 2


def test_who_has_more_of_the_words_comes_first(index: SearchIndex) -> None:
    assert ids(index, "上海", "失眠") == ["bob", "ada"]


def test_words_in_english_are_found_like_words_in_chinese(index: SearchIndex) -> None:
    assert ids(index, "layoff") == ["ada"]


def test_without_words_everyone_is_there_the_best_rated_first(index: SearchIndex) -> None:
    assert ids(index) == ["ada", "bob", "grace"]
    assert all(hit.score == 0 for hit in index.find(()).hits)


def test_labels_narrow_and_all_of_them_must_be_there(index: SearchIndex) -> None:
    assert ids(index, only=Filter(frozenset({"field=legal"}))) == ["ada", "grace"]
    assert ids(index, only=Filter(frozenset({"field=legal", "channel=text"}))) == ["grace"]
    assert ids(index, "裁员", only=Filter(frozenset({"field=health"}))) == []


def test_a_price_is_that_of_the_channel_asked_for(index: SearchIndex) -> None:
    assert ids(index, only=Filter(price_max_minor=20_000)) == ["bob", "grace"]
    assert ids(index, only=Filter(frozenset({"channel=video"}), 20_000, "video")) == []
    assert ids(index, only=Filter(frozenset({"channel=video"}), 30_000, "video")) == ["ada"]


def test_the_cheapest_come_first_when_asked_by_price(index: SearchIndex) -> None:
    assert ids(index, order="price") == ["grace", "bob", "ada"]


def test_only_those_within_are_looked_at_and_none_within_none(index: SearchIndex) -> None:
    assert ids(index, only=Filter(within=["bob", "nobody"])) == ["bob"]
    assert ids(index, "裁员", only=Filter(within=[])) == []


@pytest.mark.parametrize("far", [3, 10**9, 10**15])
@pytest.mark.parametrize("order", ["fit", "price", "rating"])
def test_beyond_the_last_page_there_is_nobody_and_nothing_breaks(index: SearchIndex, far: int, order: str) -> None:
    for words in ((), ("裁员",)):
        beyond = index.find(words, order=order, offset=far)  # type: ignore[arg-type]
        assert (beyond.hits, beyond.total) == ((), index.find(words, order=order, limit=far).total)  # type: ignore[arg-type]


def test_pages_follow_each_other_without_gap_or_repeat(index: SearchIndex) -> None:
    assert ids(index, limit=2) + ids(index, limit=2, offset=2) == ["ada", "bob", "grace"]
    assert index.find((), limit=1).total == 3
    assert index.find((), limit=0).hits == ()


def test_labels_are_counted_under_the_filter(index: SearchIndex) -> None:
    counted = index.count_labels(())
    assert (counted["field=legal"], counted["channel=text"], counted["channel=video"]) == (2, 2, 2)
    assert dict(index.count_labels(("裁员",), Filter(frozenset({"channel=text"})))) == {
        "field=legal": 1,
        "channel=text": 1,
    }


def test_the_words_that_matched_are_told_in_the_order_they_were_asked(index: SearchIndex) -> None:
    matched = index.matched_words(("上海", "失眠", "裁员"), ["ada", "bob"])
    assert dict(matched) == {"ada": ("上海", "裁员"), "bob": ("上海", "失眠")}


def test_a_wrong_or_swapped_letter_is_forgiven_when_asked_loosely(index: SearchIndex) -> None:
    assert ids(index, "layfof") == []
    assert ids(index, "layfof", loose=True) == ["ada"]


def test_what_looks_like_a_query_language_is_only_words(index: SearchIndex) -> None:
    for word in ('"', "field:*", "ada AND", "(", "[* TO *]", "\\", "~", "labels:field=legal", "🙂", "'"):
        assert ids(index, word) == []


def test_put_twice_is_once_and_put_again_replaces(index: SearchIndex) -> None:
    index.put([ada(), ada()])
    index.put([ada(main=("劳动",), digest="a2")])
    assert index.count() == 3
    assert ids(index, "裁员") == ["grace"]
    assert ids(index, "劳动") == ["ada"]
    assert index.digests(["ada", "nobody"]) == {"ada": "a2"}


def test_who_is_removed_is_found_no_more_and_twice_is_no_mistake(index: SearchIndex) -> None:
    index.remove(["ada", "nobody"])
    index.remove(["ada"])
    assert ids(index) == ["bob", "grace"]
    assert set(index.digests()) == {"bob", "grace"}


def test_after_a_rebuild_only_the_new_documents_are_there(index: SearchIndex) -> None:
    index.rebuild(iter([BOB]))
    assert ids(index) == ["bob"]
    index.rebuild(iter(()))
    assert index.count() == 0


def test_a_rebuild_that_breaks_leaves_the_old_documents(index: SearchIndex) -> None:
    def half() -> Iterator[Document]:
        yield BOB
        raise RuntimeError

    with pytest.raises(RuntimeError):
        index.rebuild(half())
    assert ids(index) == ["ada", "bob", "grace"]
    index.put([ada(digest="a3")])
    assert index.count() == 3


def test_another_process_sees_what_was_written_at_its_next_question(
    index: SearchIndex, opened: Callable[[], SearchIndex]
) -> None:
    reader = opened()
    assert reader.count() == 3
    index.remove(["ada"])
    assert ids(reader) == ["bob", "grace"]
    index.put([ada()])
    assert ids(reader, "裁员") == ["ada", "grace"]


def test_two_writers_at_once_wait_for_each_other(index: SearchIndex, opened: Callable[[], SearchIndex]) -> None:
    def write(number: int) -> None:
        writer = opened()
        for turn in range(3):
            writer.put([ada(id=f"ada-{number}-{turn}")])

    threads = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert index.count() == 3 + 9
