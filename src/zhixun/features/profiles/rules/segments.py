"""Segments: k-means over the topics people care about; k by silhouette among those that come out alike again.

Silhouette: Rousseeuw 1987. Stability: the mean adjusted Rand index (Hubert & Arabie 1985) between the whole and halves
drawn from it; a k whose groups fall apart when people are left out is a k of chance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zhixun.kernel.values import Words

from .interests import cosine, labels_in

PEOPLE_MIN = 12
K_MAX = 8
GROUP_MIN = 3
DRAWS, DRAWN_SHARE = 4, 0.7
STABLE_FROM = 0.6
NEAR = 0.05
"""Of silhouette: a finer division must gain more than this to be worth its names."""
NAMED_BY = 2
SEED = 7


@dataclass(frozen=True)
class Segment:
    """`centre`: label → weight, of length 1. `labels`: by which it is named, the most telling first."""

    key: str
    centre: Mapping[str, float]
    labels: tuple[str, ...]
    size: int


@dataclass(frozen=True)
class Segments:
    """`members`: person → the segment's key. Empty where there are too few people to tell."""

    segments: tuple[Segment, ...] = ()
    members: Mapping[str, str] | None = None
    silhouette: float = 0.0
    stability: float = 0.0


def segment_people(vectors: Mapping[str, Mapping[str, float]]) -> Segments:
    """Person → vector in, segments out; the same for the same people. Only labels take part."""
    people = {person: labels for person, vector in sorted(vectors.items()) if (labels := labels_in(vector))}
    if len(people) < PEOPLE_MIN:
        return Segments()
    terms = sorted({term for vector in people.values() for term in vector})
    table = _table(list(people.values()), terms)
    different = len({tuple(row) for row in table.tolist()})
    found = [one for k in range(2, min(K_MAX, different, len(people) // GROUP_MIN) + 1) if (one := _try(table, k))]
    if not found:
        return Segments()
    best = _best(found)
    groups = [[n for n, group in enumerate(best.groups) if group == number] for number in range(best.k)]
    segments = tuple(
        _segment(f"s{number}", table, members, terms)
        for number, members in enumerate(sorted(groups, key=lambda members: (-len(members), members)))
    )
    members = {person: nearest(vector, segments) for person, vector in people.items()}
    return Segments(segments, members, round(best.silhouette, 4), round(best.stability, 4))


def nearest(vector: Mapping[str, float], segments: Sequence[Segment]) -> str:
    """The key of the segment whose centre is most alike; "" for who has no label in common with any."""
    labels = labels_in(vector)
    alike = [(cosine(labels, one.centre), one.key) for one in segments]
    best = max(alike, default=(0.0, ""))
    return best[1] if best[0] > 0 else ""


def name_of(segment: Segment, names: Mapping[str, Words]) -> Words:
    """In words, from its most telling topics: "关心「裁员」「竞业」"."""
    told = [names[label] for label in segment.labels if label in names]
    if not told:
        return Words("兴趣广泛", "Many interests")
    zh = "".join(f"「{one.zh or one.en}」" for one in told)
    return Words(f"关心{zh}", f"Cares about {' and '.join(one.en or one.zh for one in told)}")


@dataclass(frozen=True)
class _Tried:
    k: int
    groups: Sequence[int]
    silhouette: float
    stability: float


def _best(found: Sequence[_Tried]) -> _Tried:
    """Among the stable, the fewest groups whose silhouette is near the best; when none is stable, the stablest."""
    stable = [one for one in found if one.stability >= STABLE_FROM]
    if not stable:
        return max(found, key=lambda one: one.stability)
    best = max(one.silhouette for one in stable)
    return next(one for one in stable if one.silhouette >= best - NEAR)


def _table(vectors: Sequence[Mapping[str, float]], terms: Sequence[str]) -> Any:
    import numpy as np

    table = np.array([[vector.get(term, 0.0) for term in terms] for vector in vectors])
    return table / np.linalg.norm(table, axis=1, keepdims=True)


def _try(table: Any, k: int) -> _Tried | None:
    """None where a group is too small to be told of."""
    import numpy as np
    from sklearn.metrics import adjusted_rand_score, silhouette_score

    groups = _groups(table, k, SEED)
    if min(np.bincount(groups, minlength=k)) < GROUP_MIN:
        return None
    chance, again = np.random.default_rng(SEED), []
    for draw in range(DRAWS):
        drawn = chance.permutation(len(table))[: max(k + 1, int(len(table) * DRAWN_SHARE))]
        again.append(adjusted_rand_score(groups[drawn], _groups(table[drawn], k, SEED + draw + 1)))
    return _Tried(k, groups.tolist(), float(silhouette_score(table, groups)), float(np.mean(again)))


def _groups(table: Any, k: int, seed: int) -> Any:
    from sklearn.cluster import KMeans

    return KMeans(n_clusters=k, n_init=5, random_state=seed).fit_predict(table)


def _segment(key: str, table: Any, members: Sequence[int], terms: Sequence[str]) -> Segment:
    import numpy as np

    centre = table[members].mean(axis=0)
    more = centre - table.mean(axis=0)
    telling = [n for n in np.argsort(-more, kind="stable") if terms[n].startswith("topic=") and more[n] > 0][:NAMED_BY]
    length = float(np.linalg.norm(centre)) or 1.0
    kept = {
        terms[n]: round(float(centre[n]) / length, 5) for n in np.argsort(-centre, kind="stable")[:40] if centre[n] > 0
    }
    return Segment(key, kept, tuple(terms[n] for n in telling), len(members))
