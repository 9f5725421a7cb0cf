"""The embedded PostgreSQL: our own small supervisor over PostgreSQL's programs.

Processes of one data folder share its server: an operator's command beside the running application, a worker apart.
Each holds a shared lock on `users.lock`; who leaves last stops the server. A killed process loses its lock, not the
server: the next start adopts it. Starting and stopping happen under an exclusive lock, `start.lock`.
"""

from __future__ import annotations

import fcntl
import logging
import os
import secrets
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psycopg

from . import binaries, postmaster
from .errors import DatabaseUnavailable
from .place import Place, settle, socket_folder

log = logging.getLogger(__name__)

START_SECONDS_MAX = 120
STOP_SECONDS_MAX = 30
LOCK_SECONDS_MAX = 150
LOG_BYTES_MAX = 10_000_000
WATCH_SECONDS = 0.5
PAUSE_SECONDS = 0.05
NAME = "zhixun"

MODEST = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "maintenance_work_mem": "32MB",
    "max_wal_size": "512MB",
    "max_worker_processes": "2",
    "max_parallel_workers": "0",
    "max_logical_replication_workers": "0",
    "autovacuum_max_workers": "2",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] ",
    "log_error_verbosity": "terse",  # without DETAIL, which quotes the row that was refused
}
"""Settings for one small machine: a few connections, little memory, no helper processes that nobody needs."""


class EmbeddedPostgres:
    def __init__(self, data_dir: Path, programs: Path | None = None) -> None:
        self._data_dir = data_dir
        self._given = programs
        self._place: Place | None = None
        self._programs: binaries.Programs | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._users: IO[str] | None = None
        self._left = threading.Event()

    @property
    def place(self) -> Place:
        assert self._place is not None, "start comes first"
        return self._place

    def start(self) -> str:
        """A server that answers: started, or found running and adopted. Returns its libpq address.

        Raises DatabaseUnavailable: no programs, another major version, a folder that cannot be used.
        """
        self._place = settle(self._data_dir)
        with self._alone():
            self._users = (self.place.folder / "users.lock").open("w")
            fcntl.flock(self._users, fcntl.LOCK_SH)
            self._programs = self._fitting_programs()
            if not self.place.data.exists():
                self._create()
            self._launch_unless_running()
            self._make_database()
        return self.address()

    def address(self, database: str = NAME) -> str:
        password = quote((self.place.folder / "password").read_text(), safe="")
        host = quote(str(socket_folder(self.place)), safe="")
        return f"postgresql://{NAME}:{password}@/{database}?host={host}"

    def watch(self) -> None:
        """From now on, start the server again whenever it dies."""
        threading.Thread(target=self._keep_alive, name="postgres-watch", daemon=True).start()

    def leave(self) -> None:
        """Stop the server, unless another process of this data folder still uses it."""
        self._left.set()
        with self._alone():
            users, self._users = self._users, None
            if users is None:
                return
            with users:
                try:
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return
                self._stop()

    def _fitting_programs(self) -> binaries.Programs:
        version = self.place.data / "PG_VERSION"
        major = int(version.read_text().split(".")[0]) if version.exists() else None
        return binaries.within_reach(binaries.choose(self._given, major=major), self.place.identity)

    def _create(self) -> None:
        """initdb into a folder beside, renamed when done, so that half a cluster is never taken for one."""
        assert self._programs is not None
        half, password = self.place.folder / "data.new", self.place.folder / "password"
        subprocess.run(["rm", "-rf", str(half)], check=True)
        password.unlink(missing_ok=True)
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(24))
        self.place.own(password)
        locale = ["--locale-provider=builtin", "--locale=C.UTF-8"] if self._programs.major >= 17 else ["--locale=C"]
        made = subprocess.run(
            [
                self._programs.folder / "initdb", "-D", half, "-U", NAME, "-A", "scram-sha-256",
                f"--pwfile={password}", "-E", "UTF8", *locale,
            ],
            capture_output=True, text=True, check=False, **self.place.as_user(),
        )  # fmt: skip
        if made.returncode:
            said = (made.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise DatabaseUnavailable(f"A new database could not be made in {self.place.folder}: {said}")
        half.rename(self.place.data)

    def _launch_unless_running(self) -> None:
        deadline = time.monotonic() + START_SECONDS_MAX
        while not (postmaster.of(self.place.data) and self._answers(deadline)):
            self._launch()
            while self._process and self._process.poll() is None and not self._answers(time.monotonic()):
                if time.monotonic() > deadline:
                    raise DatabaseUnavailable(
                        f"PostgreSQL did not start within {START_SECONDS_MAX} s; see {self._log()}."
                    )
                time.sleep(PAUSE_SECONDS)
            if self._process and self._process.poll() is None:
                return
            # What a killed server left (its last backends, its shared memory) goes away within a moment.
            if time.monotonic() > deadline or not self._passing_trouble():
                raise DatabaseUnavailable(f"PostgreSQL did not start: {self._last_words()} (in {self._log()})")
            time.sleep(PAUSE_SECONDS * 10)

    def _launch(self) -> None:
        assert self._programs is not None
        postmaster.forget_stale(self.place.data)
        settings = {**MODEST, "unix_socket_directories": str(socket_folder(self.place))}
        if self._programs.major >= 18:
            settings["io_method"] = "sync"
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        path = self._log()
        with path.open("wb" if path.exists() and path.stat().st_size > LOG_BYTES_MAX else "ab") as said:
            self._process = subprocess.Popen(
                [self._programs.folder / "postgres", "-D", self.place.data, *options],
                stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                start_new_session=True,  # Ctrl-C in a terminal is for us; PostgreSQL stops when we have let go of it.
                **self.place.as_user(),
            )  # fmt: skip

    def _answers(self, deadline: float) -> bool:
        """Whether the server takes connections; a server that is only starting up is waited for until `deadline`."""
        while True:
            try:
                psycopg.connect(self.address("postgres"), connect_timeout=5).close()
            except psycopg.OperationalError:
                if time.monotonic() > deadline or postmaster.of(self.place.data) is None:
                    return False
                time.sleep(PAUSE_SECONDS)
            else:
                return True

    def _make_database(self) -> None:
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone():
                connection.execute(f"CREATE DATABASE {NAME}")

    def _keep_alive(self) -> None:
        while not self._left.wait(WATCH_SECONDS):
            if self._process:
                self._process.poll()
            if postmaster.of(self.place.data):
                continue
            log.warning("PostgreSQL has died; starting it again")
            try:
                with self._alone():
                    if not self._left.is_set():
                        self._launch_unless_running()
                        log.warning("PostgreSQL runs again")
            except Exception:  # this thread is the only one that brings the database back; it must outlive any try
                log.exception("PostgreSQL could not be started again; trying on")

    def _stop(self) -> None:
        pid = postmaster.of(self.place.data)
        for how in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            deadline = time.monotonic() + STOP_SECONDS_MAX
            while pid and postmaster.of(self.place.data) == pid:
                if time.monotonic() > deadline:
                    break
                os.kill(pid, how)
                time.sleep(PAUSE_SECONDS)
                if self._process:
                    self._process.poll()
        self._process = None

    def _log(self) -> Path:
        return self.place.folder / "log"

    def _last_words(self) -> str:
        lines = self._log().read_text(errors="replace").splitlines()
        return next((line for line in reversed(lines) if "FATAL" in line or "error" in line), "no reason given")

    def _passing_trouble(self) -> bool:
        said = self._last_words()
        return any(sign in said for sign in ("pre-existing shared memory", "lock file", "already in use"))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Only one process at a time starts or stops the server of a data folder."""
        deadline = time.monotonic() + LOCK_SECONDS_MAX
        with (self.place.folder / "start.lock").open("w") as lock:
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise DatabaseUnavailable(f"Another process has held {lock.name} for too long.") from None
                    time.sleep(PAUSE_SECONDS)
            yield
