"""The embedded index: tantivy, in a folder of its own. Words come already cut, so it only splits at spaces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import tantivy
from tantivy import Occur, Order, Query

from zhixun.adapters.tantivy_folder import TantivyFolder
from zhixun.features.search.ports import ANYONE, FORMAT_VERSION, Document, Filter, Hit, Hits
from zhixun.features.search.ports import Order as OrderName

MAIN_BOOST, SIDE_BOOST, TIE_BREAKER = 2.5, 1.0, 0.15
LABELS_MAX = 1_000
CHANNELS = ("video", "voice", "text")
LOOSE_FROM_LETTERS = 4
"""Shorter words mean something else when a letter changes."""


class TantivyIndex:
    def __init__(self, folder: Path) -> None:
        self._folder = TantivyFolder(folder, FORMAT_VERSION, SCHEMA)

    def put(self, documents: Sequence[Document]) -> None:
        self._folder.put([(one.id, _stored(one)) for one in documents])

    def remove(self, ids: Sequence[str]) -> None:
        self._folder.remove(ids)

    def rebuild(self, documents: Iterable[Document]) -> None:
        self._folder.rebuild(_stored(one) for one in documents)

    def find(
        self,
        words: Sequence[str],
        only: Filter = ANYONE,
        *,
        order: OrderName = "fit",
        offset: int = 0,
        limit: int = 20,
        loose: bool = False,
    ) -> Hits:
        searcher = self._folder.searcher()
        if searcher is None or limit < 1:
            return Hits()
        query = _query(words, only, loose)
        # Tantivy sets memory aside for all of offset + limit before it looks, and where there is none it ends the process.
        is_past, limit = offset >= searcher.num_docs, max(1, min(limit, searcher.num_docs))
        start = 0 if is_past else offset
        if order == "fit" and words:
            found = searcher.search(query, limit, offset=start)
        else:
            name, direction = (_price(only.channel), Order.Asc) if order == "price" else ("rating", Order.Desc)
            found = searcher.search(query, limit, offset=start, order_by_field=name, order=direction)
        scored = order == "fit" and bool(words)
        hits = tuple(Hit(searcher.doc(at)["id"][0], float(key) if scored else 0.0) for key, at in found.hits)
        return Hits(() if is_past else hits, found.count)  # type: ignore[attr-defined]  # missing in tantivy's own stub

    def matched_words(self, words: Sequence[str], ids: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        searcher = self._folder.searcher()
        if searcher is None or not ids or not words:
            return {}
        found = searcher.search(Query.term_set_query(SCHEMA, "id", list(ids)), len(ids))
        return dict(_matched(searcher.doc(at), words) for _, at in found.hits)

    def count_labels(self, words: Sequence[str], only: Filter = ANYONE) -> Mapping[str, int]:
        searcher = self._folder.searcher()
        if searcher is None:
            return {}
        counted = searcher.aggregate(
            _query(words, only, False), {"labels": {"terms": {"field": "labels", "size": LABELS_MAX}}}
        )
        return {bucket["key"]: bucket["doc_count"] for bucket in counted["labels"]["buckets"]}

    def digests(self, ids: Sequence[str] | None = None) -> Mapping[str, str]:
        searcher = self._folder.searcher()
        if searcher is None or not searcher.num_docs:
            return {}
        query = Query.all_query() if ids is None else Query.term_set_query(SCHEMA, "id", list(ids))
        found = (searcher.doc(where) for _, where in searcher.search(query, searcher.num_docs).hits)
        return {doc["id"][0]: doc["digest"][0] for doc in found}

    def count(self) -> int:
        searcher = self._folder.searcher()
        return searcher.num_docs if searcher is not None else 0


def _price(channel: str) -> str:
    return f"price_{channel}" if channel else "price"


def _schema() -> tantivy.Schema:
    build = tantivy.SchemaBuilder()
    build.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    build.add_text_field("main", stored=True, tokenizer_name="whitespace", index_option="freq")
    build.add_text_field("side", stored=True, tokenizer_name="whitespace", index_option="freq")
    build.add_text_field("labels", tokenizer_name="raw", index_option="basic", fast=True)
    for channel in ("", *CHANNELS):
        build.add_integer_field(_price(channel), indexed=True, fast=True)
    build.add_float_field("rating", fast=True)
    build.add_text_field("digest", stored=True, tokenizer_name="raw", index_option="basic")
    return build.build()


SCHEMA = _schema()


def _stored(one: Document) -> tantivy.Document:
    stored: dict[str, Any] = {
        "id": one.id, "main": " ".join(one.main), "side": " ".join(one.side), "labels": list(one.labels),
        "rating": one.rating, "digest": one.digest,
    }  # fmt: skip
    stored |= {_price(channel): minor for channel, minor in one.prices_minor.items()}
    return tantivy.Document.from_dict(stored, SCHEMA)


def _query(words: Sequence[str], only: Filter, loose: bool) -> Query:
    must: list[tuple[Occur, Query]] = []
    if words:
        must.append((Occur.Must, Query.boolean_query([(Occur.Should, _word(word, loose)) for word in words])))
    for label in sorted(only.labels):
        must.append((Occur.Must, Query.const_score_query(_term("labels", label, "basic"), 0.0)))
    if only.price_max_minor is not None:
        dear = Query.range_query(
            SCHEMA, _price(only.channel), tantivy.FieldType.Integer, upper_bound=only.price_max_minor
        )
        must.append((Occur.Must, Query.const_score_query(dear, 0.0)))
    if only.within is not None:
        inside = Query.term_set_query(SCHEMA, "id", list(only.within)) if only.within else Query.empty_query()
        must.append((Occur.Must, Query.const_score_query(inside, 0.0)))
    return Query.boolean_query(must) if must else Query.all_query()


def _word(word: str, loose: bool) -> Query:
    if loose and len(word) >= LOOSE_FROM_LETTERS:
        forgiving = [Query.fuzzy_term_query(SCHEMA, name, word, distance=1) for name in ("main", "side")]
        return Query.disjunction_max_query(forgiving, TIE_BREAKER)
    main = Query.boost_query(_term("main", word, "freq"), MAIN_BOOST)
    side = Query.boost_query(_term("side", word, "freq"), SIDE_BOOST)
    return Query.disjunction_max_query([main, side], TIE_BREAKER)


def _term(name: str, value: str, option: str) -> Query:
    return Query.term_query(SCHEMA, name, value, option)


def _matched(doc: tantivy.Document, words: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    there = {*doc["main"][0].split(), *doc["side"][0].split()}
    return doc["id"][0], tuple(word for word in words if word in there)
