"""Trains on the earlier part of a file, measures on the later, beside the plain peers, and says what it cost."""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from zhixun.features.recommend.rules import collaborative, measures
from zhixun.features.recommend.rules.experts import TITLE_TIMES, Asked, ExpertRanker
from zhixun.features.recommend.rules.measures import DEPTH, Ranked
from zhixun.kernel.errors import Invalid

from .reading import rows_of

PROTOCOLS = ("time-split", "given")
EARLIER_SHARE = 0.9
ROWS_AT_ONCE = 1_000
TIMES = ("at", "timestamp", "time", "ts")
SEED = 7

Figures = dict[str, dict[str, float]]


def evaluate(arguments: argparse.Namespace) -> int:
    began = time.perf_counter()
    figures, said = figures_of(arguments.data, protocol=arguments.protocol, form=arguments.form)
    told = {
        **said, "seconds": round(time.perf_counter() - began, 1), **figures["ours"],
        "baselines": {name: one for name, one in figures.items() if name != "ours"},
    }  # fmt: skip
    if arguments.json:
        print(json.dumps(told))
        return 0
    print(", ".join(f"{name}: {value}" for name, value in told.items() if isinstance(value, str | int)))
    width = max(len(name) for name in figures)
    for measure in figures["ours"]:
        print(f"{measure:>13}  " + "  ".join(f"{name:>{width}} {one[measure]:.4f}" for name, one in figures.items()))
    return 0


def figures_of(path: Path, *, protocol: str, form: str | None) -> tuple[Figures, dict[str, Any]]:
    """Method → measure → figure, and what was done. Raises Invalid for a file of another form."""
    rows = rows_of(path)
    if not rows:
        raise Invalid(f"{path} has no rows.")
    told = form or ("experts" if "answers" in rows[0] else "interactions")
    figures, said = (_experts if told == "experts" else _interactions)(rows, protocol)
    return figures, {"form": told, **said}


def _experts(rows: Sequence[Mapping[str, Any]], protocol: str) -> tuple[Figures, dict[str, Any]]:
    """One question per row: who answers it? Everyone who ever answered in training is a candidate."""
    try:
        ordered = sorted(rows, key=lambda row: row["qid"])
        cut = int(len(ordered) * EARLIER_SHARE)
        earlier = ordered[:cut] if protocol == "time-split" else [row for row in ordered if row["split"] == "train"]
        later = ordered[cut:] if protocol == "time-split" else [row for row in ordered if row["split"] == "test"]
        history, asked = [_asked(row) for row in earlier], [_asked(row) for row in later]
    except (KeyError, TypeError) as error:
        raise Invalid(f"A row lacks what the form asks for: {error}") from None
    chosen = [who for one in history for who in one.answerers]
    if not chosen or not asked:
        raise Invalid("Both parts need questions with answers.")
    ranker, counted = ExpertRanker(history), measures.by_popularity(chosen)
    gold = [set(one.answerers) & set(ranker.people) for one in asked]
    popular = [who for who, _ in counted.most_common()]
    rankings = {
        "ours": ranker.rank(asked),
        "nearest_questions": ranker.votes(asked),
        "popularity": [popular] * len(asked),
    }
    figures = {
        name: measures.measured(
            [Ranked(one, right) for one, right in zip(many, gold, strict=True)],
            popularity=counted,
            items_count=len(popular),
        )
        for name, many in rankings.items()
    }
    return figures, {
        "protocol": protocol,
        "trained_on": len(history),
        "measured_on": sum(map(bool, gold)),
        "people": len(popular),
    }


def _asked(row: Mapping[str, Any]) -> Asked:
    text = f"{(row['title'] + ' ') * TITLE_TIMES}{row.get('body') or ''}"
    answers = row.get("gold") or row.get("answers") or ()
    return Asked(
        text, row.get("tags") or (), row.get("asker"), {one["user"]: float(one.get("score") or 0) for one in answers}
    )


def _interactions(rows: Sequence[Mapping[str, Any]], protocol: str) -> tuple[Figures, dict[str, Any]]:
    """Who chose what. All items a person does not have yet are candidates."""
    import numpy as np
    from scipy.sparse import csr_matrix

    try:
        earlier, later, used = _parts(rows, protocol)
        items = sorted({row["item"] for row in earlier}, key=str)
        random.Random(SEED).shuffle(items)
        places = {item: n for n, item in enumerate(items)}
        people = {who: n for n, who in enumerate(dict.fromkeys(row["user"] for row in earlier))}
        pairs = {(people[row["user"]], places[row["item"]]) for row in earlier}
        right: dict[int, set[int]] = {}
        for row in later:
            if row["user"] in people and row["item"] in places:
                right.setdefault(people[row["user"]], set()).add(places[row["item"]])
    except (KeyError, TypeError) as error:
        raise Invalid(f"A row lacks what the form asks for: {error}") from None
    if not pairs or not right:
        raise Invalid("Both parts need interactions of the same people.")
    table = csr_matrix(
        (np.ones(len(pairs), np.float32), tuple(zip(*pairs, strict=True))), shape=(len(people), len(items))
    )
    counts = np.asarray(table.sum(axis=0)).ravel()
    methods = {
        "ours": collaborative.joined_scores, "item_knn": collaborative.neighbour_scores,
        "popularity": lambda table, rows: np.broadcast_to(counts, (len(rows), len(counts))).copy(),
    }  # fmt: skip
    popularity: dict[object, int] = {n: int(count) for n, count in enumerate(counts)}
    figures = {
        name: measures.measured(_ranked(table, right, scored), popularity=popularity, items_count=len(items))
        for name, scored in methods.items()
    }
    return figures, {
        "protocol": used,
        "trained_on": len(pairs),
        "measured_on": len(right),
        "people": len(people),
        "items": len(items),
    }


def _ranked(table: Any, right: Mapping[int, set[int]], scored: Any) -> list[Ranked]:
    import numpy as np

    rows, found = sorted(right), []
    scores = scored(table, rows)
    for n, row in enumerate(rows):
        known = table[row].indices
        scores[n, known] = -np.inf
        best = np.argpartition(-scores[n], min(DEPTH, scores.shape[1] - 1))[:DEPTH]
        found.append(Ranked(best[np.argsort(-scores[n, best], kind="stable")].tolist(), right[row]))
    return found


def _parts(rows: Sequence[Mapping[str, Any]], protocol: str) -> tuple[list[Any], list[Any], str]:
    """The earlier and the later rows, and the protocol that was used: without times only a given split can be kept to."""
    when = next((name for name in TIMES if name in rows[0]), None)
    if protocol == "time-split" and when:
        ordered = sorted(rows, key=lambda row: _moment(row[when]))
        cut = int(len(ordered) * EARLIER_SHARE)
        return ordered[:cut], ordered[cut:], "time-split"
    if "split" not in rows[0]:
        raise Invalid(f"The rows need a time ({', '.join(TIMES)}) or a split (train, test).")
    train = [row for row in rows if row["split"] == "train"]
    return train, [row for row in rows if row["split"] == "test"], "given"


def _moment(value: Any) -> tuple[int, float, str]:
    """Numbers by size, texts such as 2026-11-25T09:30:00Z by their letters."""
    try:
        return 0, float(value), ""
    except (TypeError, ValueError):
        return 1, 0.0, str(value)
