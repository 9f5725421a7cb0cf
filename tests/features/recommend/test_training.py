"""The gate: what is learnt becomes live only when it is not worse on later choices; and the command says so."""

from __future__ import annotations

import gzip
import json
from argparse import Namespace
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests import make
from tests.visitor import house
from zhixun.adapters.trainer.local import LocalTrainer
from zhixun.features.behaviour import actions as behaviour
from zhixun.features.behaviour.rules import Interaction
from zhixun.features.privacy import actions as privacy
from zhixun.features.recommend import actions, queries
from zhixun.features.recommend.commands import COMMANDS, evaluating, training
from zhixun.kernel.errors import Invalid
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import new_id, utc_now

ITEMS = {kind: (new_id(), new_id()) for kind in "abc"}


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    return house(db_url, tmp_path)


def live_lives(count: int, deliver: Callable[[], None]) -> None:
    """People who book two of a kind, a day apart."""
    for n in range(count):
        with unit_of_work() as uow:
            person = make.client(uow, f"P{n}")
            privacy.give_consent(uow, user_id=person.user_id, purpose="behaviour")
            told = [
                Interaction(
                    new_id(),
                    "payment",
                    f"consultant:{item}",
                    utc_now() - timedelta(days=40 - place * 8 - n),
                    "server",
                )
                for place, item in enumerate(ITEMS["abc"[n % 3]])
            ]
            behaviour.state_interactions(make.acting(uow, person), interactions=told)
    deliver()


def train(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert training.train(Namespace(json=True, trainer="local")) == 0
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    return said


def test_the_first_model_goes_live_and_the_next_needs_something_new(
    app: Flask, deliver_all: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(capsys)["outcome"] == "too_little"
    live_lives(18, deliver_all)
    said = train(capsys)
    assert said["outcome"] == "replaced"
    assert said["ndcg10"] >= said["ndcg10_popularity"]
    with Session() as db:
        live = queries.live_model(db)
        assert live.id == said["model"]
        assert list(live.weights[ITEMS["a"][0]]) == [ITEMS["a"][1]]
    assert train(capsys)["outcome"] == "too_little"


def test_a_worse_model_leaves_the_live_one_alone(
    app: Flask, deliver_all: Callable[[], None], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    live_lives(18, deliver_all)
    perfect = {first: {second: 1.0} for first, second in ITEMS.values()}
    with unit_of_work() as uow:
        kept = actions.replace_model(
            uow, trainer="local", weights=perfect, trained_until=utc_now() - timedelta(days=60), figures={}
        )
    backwards = {first: {ITEMS["b"][0]: 1.0} for first, _ in ITEMS.values()}
    monkeypatch.setattr(LocalTrainer, "item_weights", lambda self, choices: backwards)
    said = train(capsys)
    assert (said["outcome"], said["model"]) == ("worse", "")
    assert said["ndcg10"] < said["ndcg10_live"]
    with Session() as db:
        assert queries.live_model(db).id == kept


def experts(path: Path) -> Path:
    """Two circles of people, each answering about its own words; written as a gzipped file of lines."""
    rows = []
    for n in range(120):
        circle = n % 2
        words = ("index query join table", "kernel driver boot panic")[circle]
        rows.append({
            "qid": n, "split": "train" if n < 100 else "test", "title": f"{words} {n}", "tags": [("sql", "linux")[circle]],
            "asker": 900 + n % 7, "answers": [{"user": 10 * circle + n % 3, "score": 2}],
        })  # fmt: skip
    with gzip.open(path, "wt") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    return path


def asked(path: Path, **more: object) -> Namespace:
    return Namespace(data=path, json=True, **({"protocol": "time-split", "form": None} | more))


def test_questions_are_ranked_better_than_by_popularity(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluating.evaluate(asked(experts(tmp_path / "experts.jsonl.gz"))) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["form"], said["protocol"], said["trained_on"], said["measured_on"]) == (
        "experts",
        "time-split",
        108,
        12,
    )
    assert said["MRR"] > said["baselines"]["popularity"]["MRR"]
    assert {"P@1", "MAP", "precision@5", "recall@20", "NDCG@10", "coverage@10", "novelty@10"} <= said.keys()
    assert evaluating.evaluate(asked(tmp_path / "experts.jsonl.gz", protocol="given")) == 0
    assert json.loads(capsys.readouterr().out)["measured_on"] == 20


def test_choices_are_ranked_better_than_by_popularity(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "interactions.csv"
    lines = ["user,item,split"]
    for user in range(60):
        group = user % 3
        mine = [f"i{group * 10 + n}" for n in range(10)]
        lines += [f"u{user},{item},{'test' if (n + user) % 5 == 0 else 'train'}" for n, item in enumerate(mine)]
    path.write_text("\n".join(lines))
    assert evaluating.evaluate(asked(path)) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["form"], said["protocol"], said["items"]) == ("interactions", "given", 30)
    assert said["recall@20"] == 1
    assert said["NDCG@10"] > said["baselines"]["popularity"]["NDCG@10"]


def test_with_times_the_later_tenth_is_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "log.jsonl"
    rows = [{"user": n % 8, "item": n % 5, "at": f"2026-11-{1 + n // 4:02}T00:00:00Z"} for n in range(100)]
    rows += [{"user": n, "item": 7 + n % 2, "at": f"2026-10-0{1 + n}T00:00:00Z"} for n in range(8)]
    rows += [{"user": n, "item": 8 - n % 2, "at": "2026-12-01T00:00:00Z"} for n in range(8)]
    path.write_text("\n".join(json.dumps(row) for row in rows))
    assert evaluating.evaluate(asked(path)) == 0
    assert json.loads(capsys.readouterr().out)["protocol"] == "time-split"


@pytest.mark.parametrize(
    "text", ["", "not json", "[1]", '{"a": 1}', '{"user": 1, "item": 2}', '{"user": 1, "item": 2, "split": "train"}']
)
def test_a_file_of_another_form_is_refused_with_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(text)
    with pytest.raises(Invalid):
        evaluating.evaluate(asked(path))
    with pytest.raises(Invalid):
        evaluating.evaluate(asked(tmp_path / "nowhere.jsonl"))


def test_evaluating_needs_no_house() -> None:
    assert {one.verb: one.needs_database for one in COMMANDS} == {"train": True, "evaluate": False}
