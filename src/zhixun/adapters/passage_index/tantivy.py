"""The embedded passage index: tantivy in a folder of its own, fed with words and pairs that are already cut.

A question asks four fields at once: words and pairs, of the title alone and of the whole passage.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import tantivy
from tantivy import Occur, Query

from zhixun.adapters.tantivy_folder import TantivyFolder
from zhixun.features.assistant.ports import FORMAT_VERSION, Passage, PassageHit
from zhixun.features.assistant.rules import Terms, Weighed

WORD_BOOST, PAIR_BOOST = 1.0, 0.4


class TantivyPassages:
    def __init__(self, folder: Path) -> None:
        self._folder = TantivyFolder(folder, FORMAT_VERSION, SCHEMA)

    def put(self, passages: Sequence[Passage]) -> None:
        self._folder.put([(one.id, _stored(one)) for one in passages])

    def remove(self, ids: Sequence[str]) -> None:
        self._folder.remove(ids)

    def rebuild(self, passages: Iterable[Passage]) -> None:
        self._folder.rebuild(_stored(one) for one in passages)

    def find(self, asked: Terms, *, language: str = "", limit: int = 20) -> list[PassageHit]:
        searcher = self._folder.searcher()
        if searcher is None or not (asked.words or asked.pairs):
            return []
        query = _query(asked.distinct, language)
        return [PassageHit(searcher.doc(at)["id"][0], float(score)) for score, at in searcher.search(query, limit).hits]

    def rarity(self, asked: Terms) -> Weighed:
        searcher = self._folder.searcher()
        if searcher is None or not searcher.num_docs:
            return Weighed({}, {})
        count = searcher.num_docs
        return Weighed(
            {word: _idf(count, searcher.doc_freq("words", word)) for word in asked.words},
            {pair: _idf(count, searcher.doc_freq("pairs", pair)) for pair in asked.pairs},
        )

    def digests(self) -> Mapping[str, str]:
        searcher = self._folder.searcher()
        if searcher is None or not searcher.num_docs:
            return {}
        found = (searcher.doc(at) for _, at in searcher.search(Query.all_query(), searcher.num_docs).hits)
        return {doc["id"][0]: doc["digest"][0] for doc in found}

    def elsewhere(self, folder: Path) -> TantivyPassages:
        return TantivyPassages(folder)


def _schema() -> tantivy.Schema:
    build = tantivy.SchemaBuilder()
    build.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    build.add_text_field("language", tokenizer_name="raw", index_option="basic")
    for name in ("title_words", "words", "title_pairs", "pairs"):
        build.add_text_field(name, tokenizer_name="whitespace", index_option="freq")
    build.add_text_field("digest", stored=True, tokenizer_name="raw", index_option="basic")
    return build.build()


SCHEMA = _schema()


def _stored(one: Passage) -> tantivy.Document:
    return tantivy.Document.from_dict(
        {
            "id": one.id, "language": one.language, "digest": one.digest,
            "title_words": " ".join(one.title.words), "words": " ".join(one.title.words + one.body.words),
            "title_pairs": " ".join(one.title.pairs), "pairs": " ".join(one.title.pairs + one.body.pairs),
        },
        SCHEMA,
    )  # fmt: skip


def _query(asked: Terms, language: str) -> Query:
    should = [
        (Occur.Should, Query.boost_query(Query.term_query(SCHEMA, field, term, "freq"), boost))
        for field, many, boost in (
            ("title_words", asked.words, WORD_BOOST), ("words", asked.words, WORD_BOOST),
            ("title_pairs", asked.pairs, PAIR_BOOST), ("pairs", asked.pairs, PAIR_BOOST),
        )
        for term in many
    ]  # fmt: skip
    must = [(Occur.Must, Query.boolean_query(should))]
    if language:
        spoken = Query.term_query(SCHEMA, "language", language, "basic")
        must.append((Occur.Must, Query.const_score_query(spoken, 0.0)))
    return Query.boolean_query(must)


def _idf(count: int, having: int) -> float:
    return math.log(1 + (count - having + 0.5) / (having + 0.5))
