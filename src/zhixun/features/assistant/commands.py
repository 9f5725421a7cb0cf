"""`zhixun assistant evaluate`: how well passages are found and how well we know when we do not know, on open data.

Reads three forms. A folder with `corpus`, `queries` and `qrels` (.jsonl or .jsonl.gz); a file of FAQ threads
(`question`, `answers`, `queries`); a file of intents (`split`, `text`, `intent`, with `oos`). Each question is also
asked once more without what answers it: then the right thing is not to know. Nothing is learnt from what is measured.
"""

from __future__ import annotations

import argparse
import gzip
import json
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zhixun.kernel.errors import Invalid
from zhixun.kernel.feature import Command
from zhixun.kernel.services import service

from . import rules
from .ports import Passage, PassageIndex
from .rules import Evidence, Weighed, measuring

LIMIT = 100
UNANSWERABLE_MAX = 1_000
OUT_OF_SCOPE = "oos"


@dataclass(frozen=True)
class Text:
    """A document: what it is about, what it says, and the group of documents that answer the same."""

    title: str
    body: str
    group: str


@dataclass(frozen=True)
class Asked:
    """A question and the groups that answer it; none for what cannot be answered."""

    question: str
    right: frozenset[str]


@dataclass(frozen=True)
class DataSet:
    texts: Mapping[str, Text]
    asked: Sequence[Asked]
    unanswerable: Sequence[str] = ()
    grouped: bool = False
    """Whether every document of a right group counts (FAQ threads), or the group's first."""


def evaluate(arguments: argparse.Namespace) -> int:
    data = read(Path(arguments.data))
    more = [str(row.get("question") or row.get("text")) for path in arguments.unanswerable for row in _rows(Path(path))]
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        figures = figures_of(service(PassageIndex).elsewhere(Path(folder)), data, more)
    took = round(time.perf_counter() - began, 1)
    figures |= {"took_seconds": took, "documents": len(data.texts), "questions": len(data.asked)}
    if arguments.json:
        print(json.dumps(figures))
    else:
        print("\n".join(f"{name:>24}  {value}" for name, value in figures.items()))
    return 0


def figures_of(index: PassageIndex, data: DataSet, unanswerable: Sequence[str]) -> dict[str, float]:
    """Every figure of one set, in an empty index."""
    index.rebuild(_passages(data))
    return {**_ranked(index, data), **_abstained(index, data, [*data.unanswerable, *unanswerable][:UNANSWERABLE_MAX])}


def read(path: Path) -> DataSet:
    """The data in whichever of the three forms it is. Raises Invalid."""
    if path.is_dir():
        return _retrieval(path)
    if not path.exists():
        raise Invalid(f"There is nothing at {path}.")
    rows = list(_rows(path))
    if rows and "intent" in rows[0]:
        return _intents(rows)
    if rows and "answers" in rows[0] and "queries" in rows[0]:
        return _threads(rows)
    raise Invalid("This is neither a retrieval folder, nor FAQ threads, nor intents.")


def _retrieval(folder: Path) -> DataSet:
    texts = {str(row["id"]): Text(row.get("name", ""), row["text"], str(row["id"])) for row in _part(folder, "corpus")}
    right = {row["qid"]: frozenset(map(str, row["docs"])) for row in _part(folder, "qrels")}
    rows = list(_part(folder, "queries"))
    tested = [row for row in rows if row.get("split") == "test"] or rows
    return DataSet(texts, [Asked(row["question"], right[row["qid"]]) for row in tested if right.get(row["qid"])])


def _threads(rows: Sequence[Mapping[str, Any]]) -> DataSet:
    texts = {
        f"{row['id']}-{number}": Text(row["question"], answer, str(row["id"]))
        for row in rows
        for number, answer in enumerate(row["answers"])
    }
    asked = [Asked(query, frozenset({str(row["id"])})) for row in rows for query in row["queries"]]
    return DataSet(texts, asked, grouped=True)


def _intents(rows: Sequence[Mapping[str, Any]]) -> DataSet:
    known = [row for row in rows if row["split"] == "train"]
    texts = {str(number): Text("", row["text"], row["intent"]) for number, row in enumerate(known)}
    asked = [Asked(row["text"], frozenset({row["intent"]})) for row in rows if row["split"] == "test"]
    outside = [row["text"] for row in rows if row["split"] == f"{OUT_OF_SCOPE}_test"]
    return DataSet(texts, asked, outside)


def _ranked(index: PassageIndex, data: DataSet) -> dict[str, float]:
    """Where the right documents stand, and, for threads, every document of the right one."""
    members: dict[str, set[str]] = {}
    for id_, text in data.texts.items():
        members.setdefault(text.group, set()).add(id_)
    found: dict[str, list[float]] = {}
    for one in data.asked:
        ids = [hit.id for hit in index.find(rules.terms(one.question).distinct, limit=LIMIT)]
        groups = list(dict.fromkeys(data.texts[id_].group for id_ in ids))
        right: Collection[str] = (
            set().union(*(members.get(group, set()) for group in one.right)) if data.grouped else one.right
        )
        ranked = ids if data.grouped else groups
        found.setdefault("ndcg@10", []).append(measuring.ndcg(ranked, right))
        found.setdefault("mrr@10", []).append(measuring.reciprocal_rank(groups, one.right))
        for first in measuring.RANKS:
            found.setdefault(f"recall@{first}", []).append(measuring.recall(ranked, right, first))
    return {name: round(measuring.mean(values), 4) for name, values in found.items()}


def _abstained(index: PassageIndex, data: DataSet, unanswerable: Sequence[str]) -> dict[str, float]:
    """How well confidence tells what can be answered: against the same questions without their own answers, and
    against the unanswerable ones that were given."""
    right: list[float] = []
    wrong: list[float] = []
    removed: list[float] = []
    for one in data.asked:
        group, sure = _best(index, data, one.question, without=frozenset())
        (right if group in one.right else wrong).append(sure)
        removed.append(_best(index, data, one.question, without=one.right)[1])
    outside = [_best(index, data, question, without=frozenset())[1] for question in unanswerable]
    told = {
        "precision@1": round(len(right) / (len(right) + len(wrong) or 1), 4),
        "auroc_own_answer_removed": round(measuring.auroc(right + wrong, removed), 4),
        "auroc_right_or_wrong": round(measuring.auroc(right, wrong + removed + outside), 4),
        "answered_at_95_precision": round(measuring.share_at_precision(right, wrong + removed + outside), 4),
    }
    if outside:
        told["auroc_unanswerable"] = round(measuring.auroc(right + wrong, outside), 4)
        told["unanswerable_refused"] = round(measuring.mean([sure < rules.ANSWERED_FROM for sure in outside]), 4)
    return told


def _best(index: PassageIndex, data: DataSet, question: str, *, without: frozenset[str]) -> tuple[str, float]:
    """The group of the best document and our confidence in it, as if the groups in `without` were not there."""
    asked = rules.terms(question).distinct
    found: list[Evidence] = []
    for hit in index.find(asked, limit=LIMIT):
        text = data.texts[hit.id]
        if text.group not in without:
            found.append(Evidence(len(found) + 1, text.group, text.title, text.body, hit.score))
    weighed: Weighed = index.rarity(asked)
    return (found[0].article_id if found else "", rules.confidence(rules.measured(found, weighed)))


def _passages(data: DataSet) -> Iterator[Passage]:
    for id_, text in data.texts.items():
        yield Passage(id_, "", rules.terms(text.title), rules.terms(text.body), "")


def _part(folder: Path, name: str) -> Iterator[dict[str, Any]]:
    for path in (folder / f"{name}.jsonl.gz", folder / f"{name}.jsonl"):
        if path.exists():
            return _rows(path)
    raise Invalid(f"{folder} has no {name}.jsonl or {name}.jsonl.gz.")


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        for line in file:
            if line.strip():
                yield json.loads(line)


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", required=True, metavar="FILE", help="a retrieval folder, FAQ threads, or intents")
    parser.add_argument(
        "--unanswerable", action="append", default=[], metavar="FILE", help="questions that none of the data answers"
    )


COMMANDS = (Command("evaluate", "measure finding and abstaining on open data", evaluate, _arguments),)
