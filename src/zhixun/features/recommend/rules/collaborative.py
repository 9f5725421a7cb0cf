"""Who chose this chose that: three closed forms over the table of people and items, and how they are joined.

EASE: Steck, "Embarrassingly shallow autoencoders for sparse data", WWW 2019. GF-CF: Shen et al., "How powerful is graph
convolution for recommendation?", CIKM 2021. Item-kNN: Sarwar et al., WWW 2001. numpy and scipy come with scikit-learn and are
imported where they are used, so that nothing else pays for them.
"""

from __future__ import annotations

from typing import Any

EASE_ITEMS_MAX = 15_000
"""EASE inverts a table of items by items; beyond this many it takes too much memory."""
EASE_LAMBDA_MIN, EASE_LAMBDA_SHARE = 1.0, 0.5
"""λ grows with the mean count of an item, within reason: few data need a heavier hand relative to what there is."""
EASE_LAMBDA_MAX = 400.0
LOW_PASS_RANK, LOW_PASS_WEIGHT = 256, 0.3
NEIGHBOURS = 100


def ease_lambda(table: Any) -> float:
    return float(
        min(EASE_LAMBDA_MAX, max(EASE_LAMBDA_MIN, EASE_LAMBDA_SHARE * 4 * table.sum() / max(1, table.shape[1])))
    )


def ease(table: Any, weight: float | None = None) -> Any:
    """Item × item weights B that best rebuild each person's row from their other items (zero diagonal)."""
    import numpy as np

    gram = np.asarray((table.T @ table).todense(), dtype=np.float64)
    gram[np.diag_indices_from(gram)] += weight if weight is not None else ease_lambda(table)
    inverse = np.linalg.inv(gram)
    found = inverse / -np.diag(inverse)
    found[np.diag_indices_from(found)] = 0.0
    return found.astype(np.float32)


def normal_table(table: Any) -> Any:
    """Each entry over the roots of its row's and column's counts."""
    import numpy as np
    from scipy.sparse import diags

    people = np.asarray(table.sum(axis=1)).ravel()
    items = np.asarray(table.sum(axis=0)).ravel()
    left = diags(1 / np.sqrt(np.maximum(people, 1)))
    right = diags(1 / np.sqrt(np.maximum(items, 1)))
    return (left @ table @ right).tocsr()


def graph_filter_scores(table: Any, rows: Any) -> Any:
    """GF-CF for these rows: the linear filter plus an ideal low-pass over the strongest LOW_PASS_RANK singular vectors."""
    import numpy as np
    from scipy.sparse import diags
    from scipy.sparse.linalg import svds

    normal = normal_table(table)
    asked = table[rows]
    linear = np.asarray((asked @ (normal.T @ normal)).todense(), dtype=np.float32)
    rank = min(LOW_PASS_RANK, min(table.shape) - 1)
    if rank < 1:
        return linear
    _, _, vectors = svds(normal.astype(np.float32), k=rank, random_state=0)
    items = np.sqrt(np.maximum(np.asarray(table.sum(axis=0)).ravel(), 1)).astype(np.float32)
    scaled = np.asarray(asked @ diags(1 / items) @ vectors.T, dtype=np.float32)
    return linear + LOW_PASS_WEIGHT * (scaled @ vectors) * items


def neighbour_scores(table: Any, rows: Any) -> Any:
    """Item-kNN by cosine, as the plain peer to be measured against."""
    import numpy as np
    from scipy.sparse import diags

    items = np.sqrt(np.maximum(np.asarray(table.multiply(table).sum(axis=0)).ravel(), 1e-9))
    normal = (table @ diags(1 / items)).tocsr()
    alike = np.asarray((normal.T @ normal).todense(), dtype=np.float32)
    np.fill_diagonal(alike, 0)
    if alike.shape[0] > NEIGHBOURS:
        floor = np.partition(alike, -NEIGHBOURS, axis=1)[:, -NEIGHBOURS][:, None]
        alike[alike < floor] = 0
    return np.asarray(table[rows] @ alike.T)


def joined_scores(table: Any, rows: Any) -> Any:
    """Person × item scores for these rows: EASE (where the items are few enough) and GF-CF, each in units of its own spread."""
    import numpy as np

    scores = _standard(graph_filter_scores(table, rows))
    if table.shape[1] <= EASE_ITEMS_MAX:
        scores = scores + EASE_SHARE * _standard(np.asarray(table[rows] @ ease(table)))
    return scores


EASE_SHARE = 2.0
"""EASE is the stronger of the two; the graph adds what lies two steps away."""


def _standard(scores: Any) -> Any:
    import numpy as np

    spread = scores.std(axis=1, keepdims=True)
    return (scores - scores.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1)
