"""What every BlobStore promises."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from zhixun.adapters.blob_store.files import FileStore
from zhixun.kernel.ports import BlobStore
from zhixun.kernel.values import new_id

WHOLE = bytes(range(256)) * 4_000


@pytest.fixture
def store(tmp_path: Path) -> BlobStore:
    return FileStore(tmp_path / "blobs")


def test_what_was_put_comes_back_whole(store):
    one, other = new_id(), new_id()
    store.put(one, WHOLE)
    store.put(other, b"")
    assert (store.get(one), store.get(other), store.get(new_id())) == (WHOLE, b"", None)


def test_put_again_replaces_and_deleted_twice_is_deleted(store):
    one = new_id()
    store.put(one, b"first")
    store.put(one, b"second")
    assert store.get(one) == b"second"
    store.delete(one)
    store.delete(one)
    assert store.get(one) is None


def test_whoever_reads_while_others_write_sees_the_one_or_the_other(store):
    one, stop, seen = new_id(), threading.Event(), []
    store.put(one, b"a" * 100_000)

    def write(letter: bytes) -> None:
        while not stop.is_set():
            store.put(one, letter * 100_000)

    writers = [threading.Thread(target=write, args=(letter,)) for letter in (b"a", b"b")]
    for writer in writers:
        writer.start()
    for _ in range(50):
        seen.append(store.get(one))
    stop.set()
    for writer in writers:
        writer.join()
    assert set(seen) <= {b"a" * 100_000, b"b" * 100_000}


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "a" * 31, "A" * 32])
def test_only_ids_name_blobs(store, name):
    with pytest.raises(AssertionError):
        store.put(name, b"x")


def test_only_the_house_may_read_the_folder(tmp_path):
    one = new_id()
    FileStore(tmp_path / "blobs").put(one, WHOLE)
    [path] = [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
