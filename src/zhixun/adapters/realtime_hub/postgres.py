"""Live signals between processes, by LISTEN and NOTIFY.

Each process has one listening thread. A frame reaches the subscribers of its own process at once and directly, those
of others by NOTIFY. NOTIFY carries less than 8,000 bytes: a larger frame is stored for a few minutes and its id sent.
When the listener has lost its connection, frames may be missing: then every subscriber is handed {"type": "resync"}.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout
from sqlalchemy.orm import Mapped, mapped_column

from zhixun.kernel.tables import Table
from zhixun.kernel.values import new_id, utc_now

from .memory import Deliver, MemoryHub

log = logging.getLogger(__name__)

NOTICE = "zhixun_live"
PAYLOAD_BYTES_MAX = 7_900
"""PostgreSQL refuses 8,000 bytes and more."""
KEPT = timedelta(minutes=5)
PUBLISH_CONNECTIONS = 2
PUBLISH_SECONDS = 2.0
LISTEN_SECONDS = 5.0
"""How long a first subscriber waits for the listener; also how often a quiet listener looks whether it still hears."""
LOOK_UP_SECONDS = 0.5
RETRY_SECONDS_FIRST, RETRY_SECONDS_MAX = 0.1, 3.0
CONNECTION: dict[str, Any] = {
    "connect_timeout": 3,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}
RESYNC = {"type": "resync"}


class StoredFrame(Table):
    """A frame too large to be notified; kept only until everyone has fetched it."""

    __tablename__ = "realtime_hub_frames"
    __table_args__ = {"prefixes": ["UNLOGGED"]}
    personal_data = "erase"
    kept_for = ("at", 1)

    id: Mapped[str] = mapped_column(primary_key=True)
    frame: Mapped[str]
    at: Mapped[datetime] = mapped_column(index=True)


class PostgresHub:
    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._here = MemoryHub()
        self._process = new_id()
        self._starting = threading.Lock()
        self._listens = threading.Event()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._connections: ConnectionPool[psycopg.Connection[Any]] | None = None

    def publish(self, channel: str, frame: Mapping[str, Any]) -> None:
        self._here.publish(channel, frame)
        said = json.dumps({"from": self._process, "to": channel, "frame": frame}, separators=(",", ":"))
        try:
            with self._publishing() as connection:
                if len(said) > PAYLOAD_BYTES_MAX:
                    said = self._stored(connection, channel, frame)
                connection.execute("SELECT pg_notify(%s, %s)", (NOTICE, said))
        except (psycopg.Error, PoolTimeout):
            log.warning("a live signal was not passed on to other processes: the database is away", exc_info=True)

    def subscribe(self, channel: str, deliver: Deliver) -> Callable[[], None]:
        end = self._here.subscribe(channel, deliver)
        self._start_listening()
        return end

    def close(self) -> None:
        """End the listener and the connections; tests need it, a process simply ends."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(LISTEN_SECONDS)
        if self._connections is not None:
            self._connections.close()

    @contextmanager
    def _publishing(self) -> Iterator[psycopg.Connection[Any]]:
        with self._starting:
            if self._connections is None:
                self._connections = ConnectionPool(
                    self._conninfo, kwargs={"autocommit": True, **CONNECTION}, min_size=0, max_size=PUBLISH_CONNECTIONS,
                    timeout=PUBLISH_SECONDS, check=ConnectionPool.check_connection, open=True,
                )  # fmt: skip
        with self._connections.connection() as connection:
            yield connection

    def _stored(self, connection: psycopg.Connection[Any], channel: str, frame: Mapping[str, Any]) -> str:
        """Keep a large frame for the others to fetch; returns the small notice that names it."""
        now, frame_id = utc_now(), new_id()
        connection.execute("DELETE FROM realtime_hub_frames WHERE at < %s", (now - KEPT,))
        connection.execute(
            "INSERT INTO realtime_hub_frames (id, frame, at) VALUES (%s, %s, %s)", (frame_id, json.dumps(frame), now)
        )
        return json.dumps({"from": self._process, "to": channel, "stored": frame_id})

    def _start_listening(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._listen_for_ever, name="realtime-hub", daemon=True)
                self._thread.start()
        self._listens.wait(LISTEN_SECONDS)

    def _listen_for_ever(self) -> None:
        pause, heard_before = RETRY_SECONDS_FIRST, False
        while not self._ended.is_set():
            try:
                with psycopg.connect(self._conninfo, autocommit=True, **CONNECTION) as connection:
                    connection.execute(f"LISTEN {NOTICE}")
                    self._listens.set()
                    if heard_before:
                        self._here.publish_everywhere(RESYNC)
                    pause, heard_before = RETRY_SECONDS_FIRST, True
                    self._listen(connection)
            except psycopg.Error as error:
                log.warning("the live listener lost the database (%s); it tries again in %.1f s", error, pause)
                self._ended.wait(pause)
                pause = min(pause * 2, RETRY_SECONDS_MAX)

    def _listen(self, connection: psycopg.Connection[Any]) -> None:
        quiet_seconds = 0.0
        while not self._ended.is_set():
            quiet_seconds += LOOK_UP_SECONDS
            # A list, because the generator holds the connection's lock and _hear may need the connection.
            for notice in list(connection.notifies(timeout=LOOK_UP_SECONDS, stop_after=1)):
                quiet_seconds = 0.0
                self._hear(connection, notice.payload)
            if quiet_seconds >= LISTEN_SECONDS:
                quiet_seconds = 0.0
                connection.execute("SELECT 1")  # a connection that died quietly says so here

    def _hear(self, connection: psycopg.Connection[Any], payload: str) -> None:
        said = json.loads(payload)
        if said["from"] == self._process or not self._here.has_listeners(said["to"]):
            return
        frame = said.get("frame")
        if frame is None:
            row = connection.execute(
                "SELECT frame FROM realtime_hub_frames WHERE id = %s", (said["stored"],)
            ).fetchone()
            frame = json.loads(row[0]) if row else RESYNC
        self._here.publish(said["to"], frame)
