"""A PostgreSQL that somebody else runs."""

from __future__ import annotations

import psycopg

from .errors import DatabaseUnavailable

MAJOR_MIN = 15
CONNECT_SECONDS_MAX = 10


def check_version(url: str) -> None:
    """Raises DatabaseUnavailable where nobody answers at `url`, or somebody older than PostgreSQL 15."""
    try:
        with psycopg.connect(url, connect_timeout=CONNECT_SECONDS_MAX) as connection:
            version = connection.info.server_version
    except psycopg.Error as error:
        said = (str(error).strip().splitlines() or ["no answer"])[0]
        raise DatabaseUnavailable(
            f"The database of ZHIXUN_DATABASE_URL does not answer ({said}). Check the address, and that PostgreSQL runs."
        ) from error
    refuse_older(version // 10_000)


def refuse_older(major: int) -> None:
    if major < MAJOR_MIN:
        raise DatabaseUnavailable(
            f"The database of ZHIXUN_DATABASE_URL is PostgreSQL {major}; Zhixun needs PostgreSQL {MAJOR_MIN} or newer. "
            "Upgrade it, or leave ZHIXUN_DATABASE_URL empty to use the embedded one."
        )
