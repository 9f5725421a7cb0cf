"""The log in MongoDB, for a house with more visitors than its database should write down."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from zhixun.features.behaviour.ports import Logged
from zhixun.features.behaviour.rules import Interaction

DATABASE, COLLECTION = "zhixun", "interactions"
WAIT_MS = 5_000
READ_AT_ONCE = 2_000
DUPLICATE = 11_000
FIELDS = ("kind", "subject", "at", "source", "text", "labels", "value_minor", "channel", "starts_at")


class MongoLog:
    """`address` is a mongodb:// address; the database is the one it names, or "zhixun"."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._lock = Lock()
        self._opened: Any = None

    def add(self, person: str, interactions: Sequence[Interaction]) -> int:
        from pymongo.errors import BulkWriteError

        if not interactions:
            return 0
        try:
            added = self._collection().insert_many([_document(person, one) for one in interactions], ordered=False)
            return len(added.inserted_ids)
        except BulkWriteError as error:
            told = error.details or {}
            if any(one.get("code") != DUPLICATE for one in told.get("writeErrors", ())) or told.get(
                "writeConcernErrors"
            ):
                raise
            return int(told["nInserted"])

    def of_person(self, person: str, *, since: datetime | None = None, limit: int = 1_000) -> list[Interaction]:
        latest = self._collection().find({"_id.person": person, **_from(since)})
        return [_interaction(one) for one in latest.sort([("at", -1), ("_id.id", -1)]).limit(limit)]

    def everything(self, *, since: datetime | None = None) -> Iterator[Logged]:
        found = self._collection().find(_from(since)).batch_size(READ_AT_ONCE)
        for one in found.sort([("at", 1), ("_id.person", 1), ("_id.id", 1)]).allow_disk_use(True):
            yield Logged(one["_id"]["person"], _interaction(one))

    def forget_person(self, person: str) -> int:
        return int(self._collection().delete_many({"_id.person": person}).deleted_count)

    def forget_before(self, moment: datetime) -> int:
        return int(self._collection().delete_many({"at": {"$lt": moment}}).deleted_count)

    def count(self) -> int:
        return int(self._collection().count_documents({}))

    def _collection(self) -> Any:
        """Opened at the first question, so that the house starts while MongoDB is away."""
        with self._lock:
            if self._opened is None:
                from pymongo import MongoClient, WriteConcern

                client: Any = MongoClient(
                    self._address, serverSelectionTimeoutMS=WAIT_MS, tz_aware=True, tzinfo=UTC, appname="zhixun"
                )
                database = client.get_default_database(DATABASE)
                opened = database.get_collection(COLLECTION, write_concern=WriteConcern("majority"))
                opened.create_index([("_id.person", 1), ("at", -1)])
                opened.create_index([("at", 1)])
                self._opened = opened
            return self._opened


def _document(person: str, one: Interaction) -> dict[str, Any]:
    said = {name: getattr(one, name) for name in FIELDS}
    return {"_id": {"person": person, "id": one.id}, **said, "labels": list(one.labels)}


def _interaction(stored: dict[str, Any]) -> Interaction:
    said = {name: stored[name] for name in FIELDS}
    return Interaction(id=stored["_id"]["id"], **{**said, "labels": tuple(said["labels"])})


def _from(since: datetime | None) -> dict[str, Any]:
    return {"at": {"$gte": since}} if since is not None else {}
