"""The database's two homes: the embedded PostgreSQL under the data folder, or any PostgreSQL by address."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .embedded import EmbeddedPostgres
from .errors import DatabaseUnavailable
from .external import check_version

__all__ = ["DatabaseUnavailable", "opened"]


@contextmanager
def opened(*, url: str, data_dir: Path, programs: Path | None = None, watched: bool = False) -> Iterator[str]:
    """A database that answers, for the length of the block; yields its libpq address.

    `url` names a PostgreSQL of the house; empty means the embedded one under `data_dir`, run with the binaries in
    `programs` (by default the best found). `watched` servers are started again should they die.
    Raises DatabaseUnavailable with a sentence that says how to mend it.
    """
    if url:
        check_version(url)
        yield url
        return
    server = EmbeddedPostgres(data_dir, programs)
    address = server.start()
    if watched:
        server.watch()
    try:
        yield address
    finally:
        server.leave()
