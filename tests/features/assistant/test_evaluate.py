"""The figures of `zhixun assistant evaluate`, on data small enough to know them by heart."""

from __future__ import annotations

import argparse
import gzip
import json
import math
from pathlib import Path

import pytest

from zhixun.adapters.passage_index.tantivy import TantivyPassages
from zhixun.features.assistant import commands
from zhixun.features.assistant.ports import PassageIndex
from zhixun.features.assistant.rules import measuring
from zhixun.kernel import services
from zhixun.kernel.errors import Invalid

THREADS = [
    {"id": 1, "question": "How do refunds work", "answers": ["Cancel a day before.", "All of it comes back."], "queries": ["refunds work how"]},
    {"id": 2, "question": "Who sees my messages", "answers": ["Only the two of you."], "queries": ["who sees messages of mine"]},
]  # fmt: skip
INTENTS = [
    {"split": "train", "text": "what is my balance", "intent": "balance"},
    {"split": "train", "text": "freeze the account", "intent": "freeze"},
    {"split": "test", "text": "tell me my balance please", "intent": "balance"},
    {"split": "oos_test", "text": "zebra crossing", "intent": "oos"},
]


@pytest.fixture(autouse=True)
def _index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "_adapters", dict(services._adapters))
    services.provide(PassageIndex, TantivyPassages(tmp_path / "house"))


def told(capsys: pytest.CaptureFixture[str], data: Path, *unanswerable: str) -> dict[str, float]:
    assert commands.evaluate(argparse.Namespace(data=str(data), unanswerable=list(unanswerable), json=True)) == 0
    found: dict[str, float] = json.loads(capsys.readouterr().out)
    return found


def lines(path: Path, rows: list[dict[str, object]]) -> Path:
    text = "\n".join(json.dumps(row) for row in rows)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text)
    return path


def test_every_answer_of_the_right_thread_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    strange = lines(tmp_path / "strange.jsonl", [{"question": "zebra?"}])
    found = told(capsys, lines(tmp_path / "faq.jsonl.gz", THREADS), str(strange))  # type: ignore[arg-type]
    assert found["ndcg@10"] == found["mrr@10"] == found["precision@1"] == 1
    assert found["auroc_unanswerable"] == found["unanswerable_refused"] == 1
    assert found["documents"] == 3


def test_intents_are_told_from_what_is_out_of_scope(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = told(capsys, lines(tmp_path / "intents.jsonl", INTENTS))  # type: ignore[arg-type]
    assert found["precision@1"] == found["auroc_unanswerable"] == 1


def test_a_retrieval_folder_is_asked_its_test_questions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines(
        tmp_path / "corpus.jsonl",
        [{"id": 7, "name": "民法典", "text": "押金应当退还"}, {"id": 8, "text": "离婚冷静期"}],
    )
    lines(
        tmp_path / "queries.jsonl",
        [{"qid": 1, "split": "test", "question": "押金"}, {"qid": 2, "split": "train", "question": "离婚"}],
    )
    lines(tmp_path / "qrels.jsonl", [{"qid": 1, "docs": [7]}, {"qid": 2, "docs": [8]}])
    found = told(capsys, tmp_path)
    assert (found["questions"], found["recall@1"]) == (1, 1)


def test_what_has_no_known_form_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        commands.read(tmp_path / "none")
    with pytest.raises(Invalid):
        commands.read(lines(tmp_path / "odd.jsonl", [{"a": 1}]))
    with pytest.raises(Invalid):
        commands.read(tmp_path)


def test_the_figures_are_what_the_formulas_say() -> None:
    assert measuring.ndcg(["x", "a", "b"], {"a", "b"}) == pytest.approx(
        (1 / math.log2(3) + 1 / 2) / (1 + 1 / math.log2(3))
    )
    assert measuring.reciprocal_rank(["x", "a"], {"a"}) == 0.5
    assert measuring.recall(["a", "x"], {"a", "b"}, 2) == 0.5
    assert measuring.auroc([3, 2], [1, 2]) == pytest.approx(0.875)
    assert measuring.share_at_precision([0.9, 0.4], [0.5], 0.95) == 0.5
    assert math.isnan(measuring.auroc([], [1]))
