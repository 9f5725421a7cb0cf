"""The embedded passage index: tantivy in a folder of its own, fed with words and pairs that are already cut.

A question asks four fields at once: words and pairs, of the title alone and of the whole passage. Writers and readers
behave as those of the search index do.
"""

from __future__ import annotations

import math
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import tantivy
from tantivy import Occur, Query

from zhixun.features.assistant.ports import FORMAT_VERSION, Passage, PassageHit
from zhixun.features.assistant.rules import Terms, Weighed

HEAP_BYTES = 15_000_000
WRITER_WAIT_SECONDS, WRITER_PAUSE_SECONDS = 20.0, 0.05
WORD_BOOST, PAIR_BOOST = 1.0, 0.4


class TantivyPassages:
    def __init__(self, folder: Path) -> None:
        self._root = folder
        self._folder = folder / f"v{FORMAT_VERSION}"
        self._lock = threading.Lock()
        self._index: tantivy.Index | None = None
        self._seen: tuple[int, int] | None = None

    def put(self, passages: Sequence[Passage]) -> None:
        def change(writer: tantivy.IndexWriter) -> None:
            for one in passages:
                writer.delete_documents_by_term("id", one.id)
                writer.add_document(_stored(one))

        if passages:
            self._write(change)

    def remove(self, ids: Sequence[str]) -> None:
        def change(writer: tantivy.IndexWriter) -> None:
            for one in ids:
                writer.delete_documents_by_term("id", one)

        if ids:
            self._write(change)

    def rebuild(self, passages: Iterable[Passage]) -> None:
        def change(writer: tantivy.IndexWriter) -> None:
            writer.delete_all_documents()
            for one in passages:
                writer.add_document(_stored(one))

        self._write(change)
        for old in self._root.glob("v*"):
            if old != self._folder:
                shutil.rmtree(old, ignore_errors=True)

    def find(self, asked: Terms, *, language: str = "", limit: int = 20) -> list[PassageHit]:
        searcher = self._searcher()
        if searcher is None or not (asked.words or asked.pairs):
            return []
        query = _query(asked.distinct, language)
        return [PassageHit(searcher.doc(at)["id"][0], float(score)) for score, at in searcher.search(query, limit).hits]

    def rarity(self, asked: Terms) -> Weighed:
        searcher = self._searcher()
        if searcher is None or not searcher.num_docs:
            return Weighed({}, {})
        count = searcher.num_docs
        return Weighed(
            {word: _idf(count, searcher.doc_freq("words", word)) for word in asked.words},
            {pair: _idf(count, searcher.doc_freq("pairs", pair)) for pair in asked.pairs},
        )

    def digests(self) -> Mapping[str, str]:
        searcher = self._searcher()
        if searcher is None or not searcher.num_docs:
            return {}
        found = (searcher.doc(at) for _, at in searcher.search(Query.all_query(), searcher.num_docs).hits)
        return {doc["id"][0]: doc["digest"][0] for doc in found}

    def elsewhere(self, folder: Path) -> TantivyPassages:
        return TantivyPassages(folder)

    def _write(self, change: Callable[[tantivy.IndexWriter], None]) -> None:
        with self._lock:
            if self._index is None:
                self._folder.mkdir(parents=True, exist_ok=True)
                self._index = tantivy.Index(SCHEMA, path=str(self._folder))
            writer = _open_writer(self._index)
            try:
                change(writer)
                writer.commit()
            except BaseException:
                writer.rollback()
                raise
            finally:
                writer.wait_merging_threads()
            self._seen = None

    def _searcher(self) -> tantivy.Searcher | None:
        """A view of the newest commit, also of other processes; None where nothing was ever written."""
        try:
            status = (self._folder / "meta.json").stat()
        except FileNotFoundError:
            return None
        with self._lock:
            if self._index is None:
                self._index = tantivy.Index(SCHEMA, path=str(self._folder))
            stamp = (status.st_mtime_ns, status.st_ino)
            if stamp != self._seen:
                self._index.reload()
                self._seen = stamp
            return self._index.searcher()


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


def _open_writer(index: tantivy.Index) -> tantivy.IndexWriter:
    """Waits for another process's writer, which is short; raises ValueError when it never ends."""
    give_up_at = time.monotonic() + WRITER_WAIT_SECONDS
    while True:
        try:
            return index.writer(heap_size=HEAP_BYTES, num_threads=1)
        except ValueError as error:
            if not re.search("lock", str(error), re.IGNORECASE) or time.monotonic() > give_up_at:
                raise
            time.sleep(WRITER_PAUSE_SECONDS)
