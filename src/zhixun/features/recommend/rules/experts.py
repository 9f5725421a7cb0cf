"""Question → who should answer it, learnt from who answered what before.

Past questions stay separate documents, and the nearest of them vote for those who answered them (a person's single centroid
is the weakest content method). Votes by words and by tags, each also fading with time, past contact with the asker, activity
and standing are features; two classifiers learnt on earlier questions only, each seeing nothing later than its own block's
beginning, rank the candidates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

CANDIDATES = 250
BLOCKS = 8
LEARN_FROM = 0.3
"""Earlier blocks have too little behind them to learn from."""
NEAREST = (30, 150)
FAST, SLOW = 0.03, 0.15
"""Half lives of activity, as shares of the training questions."""
TITLE_TIMES = 3
SEED = 7


@dataclass(frozen=True)
class Asked:
    """One past or new question; `answerers`: who answered → the score of the answer."""

    text: str
    tags: Sequence[str] = ()
    asker: object = None
    answerers: dict[object, float] = field(default_factory=dict)


class ExpertRanker:
    """Learns from questions in the order of time, then ranks everyone who ever answered, for new ones."""

    def __init__(self, history: Sequence[Asked]) -> None:
        self.history = list(history)
        self.people = sorted({who for one in history for who in one.answerers}, key=str)
        self._place = {who: n for n, who in enumerate(self.people)}
        self._read_texts()
        self._read_answers()
        self._learn()

    def rank(self, questions: Sequence[Asked]) -> list[list[object]]:
        """For each question, everyone who ever answered, the best first."""
        import numpy as np

        rankings = []
        for first in range(0, len(questions), 200):
            part = questions[first : first + 200]
            table = self._features(part, len(self.history))
            candidates, rows = self._rows(table)
            learnt = self._score(rows).reshape(candidates.shape)
            base = _retrieval(table)
            for n in range(len(part)):
                order = base[n] - base[n].max() - 1e6
                order[candidates[n]] = learnt[n]
                rankings.append([self.people[at] for at in np.argsort(-order, kind="stable")])
        return rankings

    def votes(self, questions: Sequence[Asked]) -> list[list[object]]:
        """The plain peer: the nearest past questions vote with their likeness."""
        import numpy as np

        table = self._features(questions, len(self.history))
        return [[self.people[at] for at in np.argsort(-row, kind="stable")] for row in table[:, :, 0]]

    def _read_texts(self) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer

        self._words = TfidfVectorizer(
            sublinear_tf=True, ngram_range=(1, 2), min_df=2, stop_words="english", max_features=200_000
        )
        self._tags = TfidfVectorizer(analyzer=_same, norm="l2")
        self._text_table = self._words.fit_transform([one.text for one in self.history]).tocsr()
        self._tag_table = self._tags.fit_transform([list(one.tags) or ["-"] for one in self.history]).tocsr()

    def _read_answers(self) -> None:
        import numpy as np
        from scipy.sparse import csr_matrix

        at = [
            (n, self._place[who], score) for n, one in enumerate(self.history) for who, score in one.answerers.items()
        ]
        rows, columns, scores = zip(*at, strict=True)
        shape = (len(self.history), len(self.people))
        self._answered = csr_matrix((np.ones(len(at), np.float32), (rows, columns)), shape=shape)
        liked = np.log1p(np.maximum(np.array(scores, np.float32), 0))
        self._liked = csr_matrix((1 + liked, (rows, columns)), shape=shape)
        self._asked_by: dict[object, list[int]] = {}
        for n, one in enumerate(self.history):
            if one.asker is not None:
                self._asked_by.setdefault(one.asker, []).append(n)

    def _features(self, part: Sequence[Asked], seen: int) -> Any:
        """question × person × feature, from the first `seen` questions of the history only."""
        import numpy as np

        answered, liked = self._answered[:seen], self._liked[:seen]
        age = np.arange(seen, 0, -1, dtype=np.float32) / len(self.history)
        fast, slow = 0.5 ** (age / FAST), 0.5 ** (age / SLOW)
        alike = np.asarray((self._words.transform([one.text for one in part]) @ self._text_table[:seen].T).todense())
        same = np.asarray(
            (self._tags.transform([list(one.tags) or ["-"] for one in part]) @ self._tag_table[:seen].T).todense()
        )
        few, many = (_nearest(alike, count) for count in NEAREST)
        both = alike + 0.5 * same
        found = [
            many**1.5 @ answered, few**2 @ liked, (alike**2 * slow) @ answered, (both**2) @ answered, (both**2 * slow) @ liked,
            same @ answered, (same**2) @ liked, (same * slow) @ answered, (same * fast) @ answered,
            self._contact(part, seen),
        ]  # fmt: skip
        count = np.asarray(answered.sum(axis=0)).ravel()
        mean = np.asarray(liked.sum(axis=0)).ravel() / np.maximum(count, 1)
        found.append((alike @ answered) / np.sqrt(np.maximum(count, 1)))
        found.append((same @ answered) / np.sqrt(np.maximum(count, 1)))
        alone = [
            np.log1p(count),
            mean,
            slow @ answered,
            fast @ answered,
            _since_last(answered, seen, len(self.history)),
        ]
        found += [np.broadcast_to(np.asarray(one).ravel(), found[0].shape) for one in alone]
        return np.stack([np.asarray(one, dtype=np.float32) for one in found], axis=2)

    def _contact(self, part: Sequence[Asked], seen: int) -> Any:
        """How often each person answered this asker before, and minus one for the asker."""
        import numpy as np

        met = np.zeros((len(part), len(self.people)), np.float32)
        for n, one in enumerate(part):
            before = [at for at in self._asked_by.get(one.asker, ()) if at < seen]
            if before:
                met[n] = np.asarray(self._answered[before].sum(axis=0)).ravel()
            if one.asker in self._place:
                met[n, self._place[one.asker]] -= 1
        return met

    def _learn(self) -> None:
        """On blocks in the order of time; each block's features know only what was before the block."""
        import numpy as np
        from sklearn.ensemble import HistGradientBoostingClassifier
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        edges = np.linspace(LEARN_FROM * len(self.history), len(self.history), BLOCKS + 1).astype(int)
        rows, right = [], []
        for first, last in pairwise(edges):
            part = self.history[first:last]
            table = self._features(part, int(first))
            candidates, found = self._rows(table)
            rows.append(found)
            for n, one in enumerate(part):
                gold = [self._place[who] for who in one.answerers]
                right.append(np.isin(candidates[n], gold))
        table, labels = np.concatenate(rows), np.concatenate(right).astype(np.int8)
        self._models = [
            HistGradientBoostingClassifier(
                max_iter=250, learning_rate=0.05, max_leaf_nodes=15, min_samples_leaf=60, l2_regularization=5, random_state=SEED
            ),
            make_pipeline(StandardScaler(), LogisticRegression(C=0.3, max_iter=500)),
        ]  # fmt: skip
        for model in self._models:
            model.fit(table, labels)

    def _rows(self, table: Any) -> tuple[Any, Any]:
        """The candidates of each question, and one row for each: raw, as a share of the question's best, and by place."""
        import numpy as np

        count = min(CANDIDATES, table.shape[1])
        candidates = np.argsort(-_retrieval(table), axis=1, kind="stable")[:, :count]
        raw = np.take_along_axis(table, candidates[:, :, None], axis=1)
        top = np.abs(raw).max(axis=1, keepdims=True)
        share = raw / np.where(top > 0, top, 1)
        place = (-raw).argsort(axis=1).argsort(axis=1)
        rows = np.concatenate([np.log1p(np.maximum(raw, 0)), share, 1 / (1 + place)], axis=2)
        return candidates, rows.reshape(-1, rows.shape[2]).astype(np.float32)

    def _score(self, rows: Any) -> Any:
        """The mean of what the two classifiers say, as log odds."""
        import numpy as np

        chances = [np.clip(model.predict_proba(rows)[:, 1], 1e-7, 1 - 1e-7) for model in self._models]
        return sum(np.log(one / (1 - one)) for one in chances) / len(chances)


def _retrieval(table: Any) -> Any:
    """Who is worth a closer look: votes by words, votes by tags, and recent activity, each as a share of its best."""
    import numpy as np

    parts = [(0, 1.0), (4, 1.0), (7, 0.7), (8, 0.7), (15, 0.6), (9, 0.3)]
    found = 0.0
    for at, weight in parts:
        values = np.maximum(table[:, :, at], 0)
        top = values.max(axis=1, keepdims=True)
        found = found + weight * np.sqrt(values / np.where(top > 0, top, 1))
    return found


def _nearest(alike: Any, count: int) -> Any:
    import numpy as np

    if alike.shape[1] <= count:
        return alike
    floor = np.partition(alike, -count, axis=1)[:, -count][:, None]
    return np.where(alike >= floor, alike, 0)


def _since_last(answered: Any, seen: int, whole: int) -> Any:
    """1 for who answered a moment ago, falling with time; 0 for who never did."""
    import numpy as np

    last = np.full(answered.shape[1], -1.0)
    rows, columns = answered.nonzero()
    np.maximum.at(last, columns, rows)
    return np.where(last >= 0, 1 / (1 + 20 * (seen - last) / whole), 0)


def _same(tags: Sequence[str]) -> Sequence[str]:
    return tags
