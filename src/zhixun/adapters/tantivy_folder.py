"""A tantivy index in a folder of its own, for the adapters that keep one.

tantivy allows one writer at a time, guarded by a lock on the folder; a writer is opened for each change and closed at
once, so that a second worker only waits. Readers look at the time stamp of the folder's table of contents and reload.
"""

from __future__ import annotations

import re
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import tantivy

HEAP_BYTES = 15_000_000
WRITER_WAIT_SECONDS, WRITER_PAUSE_SECONDS = 20.0, 0.05


class TantivyFolder:
    """`version` is the shape of the documents: each has a folder of its own below `root`, and rebuilding deletes the
    others. Documents are known by their field "id"."""

    def __init__(self, root: Path, version: int, schema: tantivy.Schema) -> None:
        self._root, self._schema = root, schema
        self._folder = root / f"v{version}"
        self._lock = threading.Lock()
        self._index: tantivy.Index | None = None
        self._seen: tuple[int, int] | None = None

    def put(self, documents: Sequence[tuple[str, tantivy.Document]]) -> None:
        """(id, document), each instead of the one that had its id."""

        def change(writer: tantivy.IndexWriter) -> None:
            for known, document in documents:
                writer.delete_documents_by_term("id", known)
                writer.add_document(document)

        if documents:
            self._write(change)

    def remove(self, ids: Sequence[str]) -> None:
        def change(writer: tantivy.IndexWriter) -> None:
            for one in ids:
                writer.delete_documents_by_term("id", one)

        if ids:
            self._write(change)

    def rebuild(self, documents: Iterable[tantivy.Document]) -> None:
        def change(writer: tantivy.IndexWriter) -> None:
            writer.delete_all_documents()
            for one in documents:
                writer.add_document(one)

        self._write(change)
        for old in self._root.glob("v*"):
            if old != self._folder:
                shutil.rmtree(old, ignore_errors=True)

    def searcher(self) -> tantivy.Searcher | None:
        """A view of the newest commit, also of other processes; None where nothing was ever written."""
        try:
            status = (self._folder / "meta.json").stat()
        except FileNotFoundError:
            return None
        with self._lock:
            if self._index is None:
                self._index = tantivy.Index(self._schema, path=str(self._folder))
            stamp = (status.st_mtime_ns, status.st_ino)
            if stamp != self._seen:
                self._index.reload()
                self._seen = stamp
            return self._index.searcher()

    def _write(self, change: Callable[[tantivy.IndexWriter], None]) -> None:
        with self._lock:
            if self._index is None:
                self._folder.mkdir(parents=True, exist_ok=True)
                self._index = tantivy.Index(self._schema, path=str(self._folder))
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
