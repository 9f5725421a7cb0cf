"""What every passage index promises. A new adapter is one more line in INDEXES."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from zhixun.adapters.passage_index.tantivy import TantivyPassages
from zhixun.features.assistant.ports import Passage, PassageIndex
from zhixun.features.assistant.rules import Terms, terms

INDEXES: dict[str, Callable[[Path], PassageIndex]] = {"tantivy": TantivyPassages}


def passage(id_: str, title: str, text: str, *, language: str = "zh", digest: str = "1") -> Passage:
    return Passage(id_, language, terms(title), terms(text), digest)


REFUND = passage("refund#0", "取消预约能退多少钱", "提前一天取消，全额退款。")
SLEEP = passage("sleep#0", "失眠怎么办", "固定起床时间，少喝咖啡。退款与此无关。")
ENGLISH = passage("refund.en#0", "Refunds", "Cancel a day before and all of it comes back.", language="en")


@pytest.fixture(params=INDEXES)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], PassageIndex]:
    return lambda: INDEXES[request.param](tmp_path / "passages")


@pytest.fixture
def index(opened: Callable[[], PassageIndex]) -> PassageIndex:
    made = opened()
    made.put([REFUND, SLEEP, ENGLISH])
    return made


def ids(index: PassageIndex, question: str, **how: object) -> list[str]:
    return [hit.id for hit in index.find(terms(question), **how)]  # type: ignore[arg-type]


def test_nothing_was_written_so_nothing_is_found(opened: Callable[[], PassageIndex]) -> None:
    index = opened()
    assert ids(index, "退款") == []
    assert index.digests() == {}
    assert index.rarity(terms("退款")).words == {}


def test_the_passage_whose_title_asks_the_question_comes_first(index: PassageIndex) -> None:
    assert ids(index, "取消预约怎么退款") == ["refund#0", "sleep#0"]
    assert ids(index, "refund", language="en") == ["refund.en#0"]
    assert ids(index, "refund", language="zh") == []


def test_a_typing_mistake_is_forgiven(index: PassageIndex) -> None:
    assert ids(index, "refundz") == ["refund.en#0"]


def test_a_question_without_words_finds_nothing(index: PassageIndex) -> None:
    assert index.find(Terms((), ())) == []
    assert index.find(terms("？！")) == []


def test_what_is_rare_weighs_more(index: PassageIndex) -> None:
    weighed = index.rarity(terms("咖啡 退款 恐龙")).words
    assert weighed["恐龙"] > weighed["咖啡"] > weighed["退款"]


def test_putting_again_replaces_and_removing_forgets(index: PassageIndex) -> None:
    index.put([passage("refund#0", "改期", "可以改期一次。", digest="2")])
    assert ids(index, "改期") == ["refund#0"]
    assert index.digests()["refund#0"] == "2"
    index.remove(["refund#0", "unknown"])
    assert ids(index, "改期") == []


def test_rebuilt_it_is_exactly_what_was_given(index: PassageIndex) -> None:
    index.rebuild([SLEEP])
    assert index.digests() == {"sleep#0": "1"}


def test_another_view_sees_what_was_written(opened: Callable[[], PassageIndex]) -> None:
    reader, writer = opened(), opened()
    assert ids(reader, "失眠") == []
    writer.put([SLEEP])
    assert ids(reader, "失眠") == ["sleep#0"]


def test_an_index_to_measure_with_is_apart(index: PassageIndex, tmp_path: Path) -> None:
    apart = index.elsewhere(tmp_path / "apart")
    apart.put([passage("other#0", "恐龙", "恐龙已经灭绝。")])
    assert ids(index, "恐龙") == []
    assert ids(apart, "恐龙") == ["other#0"]
