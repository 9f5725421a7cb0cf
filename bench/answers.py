"""How well passages are found and unanswerable questions refused, beside a plain BM25 over words, on the same questions.

Run: python -m bench.answers [--data FILE …]

`--data` are open sets in the forms of `zhixun assistant evaluate`; without one, the articles of the house are asked for
by their own titles with every third word left out, in both languages. Each line: NDCG@10, MRR@10, the ratio of our NDCG
to that of plain BM25 (k1 1.2, b 0.75, title and text as one), the area under the curve of "can be answered" against
the same questions without their answer, and the milliseconds a question takes.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path

from zhixun.adapters.passage_index.tantivy import TantivyPassages
from zhixun.features.assistant.commands import Asked, DataSet, Text, figures_of, read
from zhixun.features.assistant.queries import house_articles
from zhixun.features.assistant.rules import measuring, passages
from zhixun.features.search.rules import all_words

K1, B = 1.2, 0.75


def house() -> DataSet:
    texts, asked = {}, []
    for one in house_articles():
        for place, text in enumerate(passages(one.body)):
            texts[f"{one.id}#{place}"] = Text(one.title, text, one.id)
        words = [word for place, word in enumerate(all_words(one.title)) if place % 3 != 2]
        asked.append(Asked(" ".join(words), frozenset({one.id})))
    return DataSet(texts, asked, grouped=True)


def plain_bm25(data: DataSet) -> tuple[float, float]:
    """NDCG@10 and MRR@10 of the textbook formula."""
    ids = list(data.texts)
    counts = [Counter(all_words(f"{one.title} {one.body}")) for one in data.texts.values()]
    mean = sum(map(len, counts)) / len(counts)
    postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for at, count in enumerate(counts):
        norm = K1 * (1 - B + B * sum(count.values()) / mean)
        for word, often in count.items():
            postings[word].append((at, often * (K1 + 1) / (often + norm)))
    gains, firsts = [], []
    for one in data.asked:
        scores: dict[int, float] = defaultdict(float)
        for word in dict.fromkeys(all_words(one.question)):
            having = postings.get(word, ())
            idf = math.log(1 + (len(ids) - len(having) + 0.5) / (len(having) + 0.5))
            for at, weight in having:
                scores[at] += idf * weight
        ranked = [ids[at] for at, _ in sorted(scores.items(), key=lambda each: -each[1])]
        groups = list(dict.fromkeys(data.texts[id_].group for id_ in ranked))
        right = {id_ for id_, text in data.texts.items() if text.group in one.right} if data.grouped else one.right
        gains.append(measuring.ndcg(ranked if data.grouped else groups, right))
        firsts.append(measuring.reciprocal_rank(groups, one.right))
    return measuring.mean(gains), measuring.mean(firsts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", nargs="*", default=[], type=Path)
    sets = {str(path): read(path) for path in parser.parse_args().data} or {"articles of the house": house()}
    print(f"{'set':40} {'NDCG@10':>8} {'MRR@10':>8} {'plain':>8} {'ratio':>6} {'AUROC':>6} {'ms':>6}")
    for name, data in sets.items():
        with tempfile.TemporaryDirectory() as folder:
            index = TantivyPassages(Path(folder))
            began = time.perf_counter()
            told = figures_of(index, data, [])
            each_ms = (time.perf_counter() - began) * 1000 / (3 * len(data.asked))
        plain, _ = plain_bm25(data)
        print(
            f"{name[-40:]:40} {told['ndcg@10']:8.4f} {told['mrr@10']:8.4f} {plain:8.4f} {told['ndcg@10'] / plain:6.3f} "
            f"{told['auroc_own_answer_removed']:6.3f} {each_ms:6.2f}"
        )


if __name__ == "__main__":
    main()
