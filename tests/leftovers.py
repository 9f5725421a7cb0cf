"""A marker in every text of one person, and where it stands: in no store once they are erased."""

from __future__ import annotations

from pathlib import Path

from tests import postgres
from zhixun.features.search.ports import SearchIndex
from zhixun.features.search.rules import words as cut
from zhixun.kernel.services import service

MARKER = "Zq7marker"


def everywhere(db_url: str, folder: Path, mongo: str = "") -> list[str]:
    """Where the marker stands: a dump of the whole database, the index, MongoDB, and every file of the house."""
    found = [line for line in postgres.dump(db_url).splitlines() if MARKER.lower() in line.lower()]
    found += [f"index: {hit.id}" for hit in service(SearchIndex).find(cut(MARKER)).hits]
    if mongo:
        from pymongo import MongoClient

        with MongoClient(mongo) as client:
            database = client.get_default_database()
            held = (str(one) for name in database.list_collection_names() for one in database[name].find())
            found += [f"mongodb: {one}" for one in held if MARKER.lower() in one.lower()]
    files = [path for path in folder.rglob("*") if path.is_file()]
    return found + [str(path) for path in files if MARKER.lower().encode() in path.read_bytes().lower()]
