"""On this machine, in this process: closed forms that take seconds for what one house has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zhixun.features.recommend.rules import collaborative
from zhixun.features.recommend.rules.choices import TOGETHER_MIN, WEIGHTS_KEPT, Choice


class LocalTrainer:
    name = "local"

    def item_weights(self, choices: Sequence[Choice]) -> Mapping[str, Mapping[str, float]]:
        import numpy as np
        from scipy.sparse import csr_matrix

        strongest: dict[tuple[str, str], float] = {}
        for one in choices:
            pair = (one.person, one.item)
            strongest[pair] = max(strongest.get(pair, 0.0), one.weight)
        if not strongest:
            return {}
        people = {person: n for n, person in enumerate(dict.fromkeys(person for person, _ in strongest))}
        items = list(dict.fromkeys(item for _, item in strongest))
        places = {item: n for n, item in enumerate(items)}
        at = tuple(zip(*((people[person], places[item]) for person, item in strongest), strict=True))
        table = csr_matrix((np.fromiter(strongest.values(), np.float64), at), shape=(len(people), len(items)))
        whole = csr_matrix((np.ones(len(strongest)), at), shape=table.shape)
        together = np.asarray((whole.T @ whole).todense())
        weights = np.where(together >= TOGETHER_MIN, self._weights(table), 0.0)
        found: dict[str, dict[str, float]] = {}
        for n, item in enumerate(items):
            best = [m for m in np.argsort(-weights[n], kind="stable")[:WEIGHTS_KEPT] if weights[n, m] > 0 and m != n]
            if best:
                found[item] = {items[m]: round(float(weights[n, m]), 5) for m in best}
        return found

    def _weights(self, table: Any) -> Any:
        if table.shape[1] <= collaborative.EASE_ITEMS_MAX:
            return collaborative.ease(table)
        normal = collaborative.normal_table(table)
        return (normal.T @ normal).toarray()
