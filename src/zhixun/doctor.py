"""`zhixun doctor`: looks at everything a running house stands on, and says how to mend what is not in order."""

from __future__ import annotations

import importlib.metadata
import ipaddress
import shutil
import socket
import zoneinfo
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from sqlalchemy import text
from sqlalchemy.orm import Session as SqlSession

from zhixun import migrations
from zhixun.adapters.database import DatabaseUnavailable, opened, place
from zhixun.adapters.database.external import MAJOR_MIN
from zhixun.features.admin.ports import Backups
from zhixun.features.behaviour import queries as behaviour
from zhixun.features.search import queries as search
from zhixun.kernel import database, outbox, vault
from zhixun.kernel.services import service
from zhixun.kernel.tables import Session
from zhixun.kernel.values import utc_now
from zhixun.settings import Settings, unknown_names

BACKUP_AGE_MAX = timedelta(days=2)
CLOCK_SECONDS_MAX = 2.0
HEARTBEAT_SECONDS_MAX = 60.0
LAG_SECONDS_MAX = 60.0
DISK_WARN_BYTES = 2_000_000_000
DISK_FAIL_BYTES = 200_000_000
RELAY_SECONDS_MAX = 2.0
STUN_QUESTION = bytes.fromhex("000100002112a442") + b"zhixundoctor"
"""A STUN binding request (RFC 8489): type, length, magic cookie, and 12 bytes of our own."""
ZONES = ("Asia/Shanghai", "America/New_York", "Europe/London")

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Finding:
    name: str
    state: State
    sentence: str
    """What is so; where it is not "ok", also how to mend it."""


def examine(settings: Settings, fulfil: Callable[[str], None]) -> Iterator[Finding]:
    """One finding per thing looked at. `fulfil(address)` puts the adapters behind the ports."""
    yield from _outside_the_database(settings)
    try:
        with opened(url=settings.database_url, data_dir=settings.data_dir, programs=settings.postgres_bin) as address:
            database.connect(address)
            fulfil(address)
            with Session() as db:
                yield from _inside_the_database(db)
    except DatabaseUnavailable as error:
        yield Finding("database", "fail", str(error))


def _outside_the_database(settings: Settings) -> Iterator[Finding]:
    yield _settings()
    yield _public_address(settings)
    yield _proxies(settings)
    yield _mail(settings)
    yield _calls(settings)
    yield _time_zones()
    yield _disk(settings.data_dir)
    if not settings.database_url:
        yield _forgotten_clusters(settings.data_dir)


def _inside_the_database(db: SqlSession) -> Iterator[Finding]:
    yield _version(db)
    yield _clock(db)
    if not migrations.is_current(db.connection()):
        yield Finding("migrations", "fail", "The database has another shape than this program. Run: zhixun migrate")
        return
    yield Finding("migrations", "ok", "The database has the newest shape.")
    yield _vault(db)
    yield _backups()
    yield _search_index(db)
    yield _interaction_log()
    yield from _worker(outbox.queue_state(db))


def _settings() -> Finding:
    if unknown := unknown_names():
        return Finding("settings", "warn", f"No setting is called {', '.join(unknown)}. Check the spelling.")
    return Finding("settings", "ok", "Every ZHIXUN_ variable is known and makes sense.")


def _public_address(settings: Settings) -> Finding:
    address = urlsplit(settings.public_url)
    host = address.hostname or ""
    if host == "localhost" or _is_loopback(host):
        return Finding(
            "public address", "warn",
            f"{settings.public_url} is for this machine alone. Set ZHIXUN_PUBLIC_URL to the address people will type.",
        )  # fmt: skip
    if address.scheme != "https":
        return Finding(
            "public address", "fail",
            f"{settings.public_url} is not encrypted. Put a TLS proxy in front and set ZHIXUN_PUBLIC_URL=https://{host}.",
        )  # fmt: skip
    try:
        socket.getaddrinfo(host, 443)
    except OSError:
        return Finding("public address", "warn", f"{host} has no address in the DNS yet, seen from here.")
    return Finding("public address", "ok", f"People reach the house at {settings.public_url}.")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _proxies(settings: Settings) -> Finding:
    if settings.secure and not settings.trusted_proxies:
        return Finding(
            "proxies", "warn",
            "Behind a TLS proxy everyone seems to come from its address, and shares its rate limits. Name it in "
            "ZHIXUN_TRUSTED_PROXIES (often 127.0.0.1).",
        )  # fmt: skip
    believed = ", ".join(settings.trusted_proxies) or "nobody"
    return Finding("proxies", "ok", f"X-Forwarded-For is believed from {believed}.")


def _mail(settings: Settings) -> Finding:
    if settings.mailer == "console":
        return Finding(
            "mail", "warn", "Mails are written to the log, not sent. People see their notices in the app only."
        )
    return Finding("mail", "ok", f"Mails go out by {settings.mailer}.")


def _calls(settings: Settings) -> Finding:
    if not settings.turn_urls:
        return Finding(
            "calls", "warn",
            "No relay is set up: calls work within one network only. Run coturn, and set ZHIXUN_TURN_URLS and _SECRET.",
        )  # fmt: skip
    host, _, rest = settings.turn_urls[0].partition(":")[2].partition(":")
    port = int(rest.partition("?")[0] or 3478)
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
            door.settimeout(RELAY_SECONDS_MAX)
            door.sendto(STUN_QUESTION, (host, port))
            door.recv(1_500)
    except OSError:
        return Finding("calls", "fail", f"The relay at {host}:{port} does not answer. Is coturn running and reachable?")
    return Finding("calls", "ok", f"The relay at {host}:{port} answers.")


def _time_zones() -> Finding:
    for name in ZONES:
        try:
            zoneinfo.ZoneInfo(name)
        except zoneinfo.ZoneInfoNotFoundError:
            return Finding("time zones", "fail", f"There are no rules for {name}. Install the package tzdata.")
    return Finding("time zones", "ok", f"Rules of {importlib.metadata.version('tzdata')} are at hand.")


def _disk(data_dir: Path) -> Finding:
    there = next(path for path in (data_dir.absolute(), *data_dir.absolute().parents) if path.exists())
    free = shutil.disk_usage(there).free
    state: State = "fail" if free < DISK_FAIL_BYTES else "warn" if free < DISK_WARN_BYTES else "ok"
    mend = "" if state == "ok" else " Make room, or move the data folder."
    return Finding("disk", state, f"{free / 1e9:.1f} GB are free under {there}.{mend}")


def _forgotten_clusters(data_dir: Path) -> Finding:
    link = data_dir.absolute() / place.NAME
    if gone := place.forgotten():
        return Finding(
            "database folder", "warn",
            f"The data folders of {len(gone)} databases are gone: {', '.join(map(str, gone))}. If that was meant, "
            "remove these too.",
        )  # fmt: skip
    return Finding("database folder", "ok", f"The embedded database is in {link.resolve()}.")


def _version(db: SqlSession) -> Finding:
    number = int(db.scalar(text("SHOW server_version_num")) or 0)
    if number // 10_000 < MAJOR_MIN:
        return Finding("database", "fail", f"PostgreSQL {number // 10_000} is too old; {MAJOR_MIN} or newer is needed.")
    return Finding("database", "ok", f"PostgreSQL {db.scalar(text('SHOW server_version'))} answers.")


def _clock(db: SqlSession) -> Finding:
    before = utc_now()
    theirs = db.scalar(text("SELECT clock_timestamp()"))
    after = utc_now()
    assert theirs is not None
    apart = max((before - theirs).total_seconds(), (theirs - after).total_seconds(), 0.0)
    if apart > CLOCK_SECONDS_MAX:
        return Finding("clock", "fail", f"Our clock and the database's are {apart:.0f} s apart. Set both by NTP.")
    return Finding("clock", "ok", f"Our clock and the database's agree (within {apart:.1f} s).")


def _vault(db: SqlSession) -> Finding:
    state = vault.state(db)
    if state.missing:
        return Finding(
            "vault", "fail",
            f"The ring lacks the master key {', '.join(state.missing)}, or has another of that name: what it wraps cannot be read. Put the lost "
            "ZHIXUN_KEYS or the file keys of the data folder back.",
        )  # fmt: skip
    hangs = ", ".join(f"{count} on {name}" for name, count in sorted(state.by_master.items())) or "none yet"
    return Finding("vault", "ok", f"Keys of people: {hangs}; {state.destroyed} destroyed.")


def _backups() -> Finding:
    known = service(Backups).known()
    if not known or utc_now() - known[0].made_at > BACKUP_AGE_MAX:
        return Finding("backups", "warn", "No backup was made lately. Run a worker at night, or: zhixun backup create")
    if known[0].problems:
        return Finding("backups", "fail", f"{known[0].name} did not hold in its rehearsal: {known[0].problems[0]}")
    proven = next((one for one in known if one.verified_at), None)
    last = f"{proven.name} was brought back in a rehearsal" if proven else "none was rehearsed: zhixun backup verify"
    return Finding("backups", "ok" if proven else "warn", f"{len(known)} backups; {last}.")


def _search_index(db: SqlSession) -> Finding:
    if search.index_is_whole(db):
        return Finding("search", "ok", "Every listed consultant is in the search index.")
    return Finding("search", "warn", "The search index misses consultants. Run: zhixun search rebuild")


def _interaction_log() -> Finding:
    try:
        count = behaviour.logged_count()
    except Exception as error:  # whichever library is behind the port has its own kinds
        return Finding(
            "interactions", "fail",
            f"The log of interactions does not answer ({type(error).__name__}). Check ZHIXUN_INTERACTION_LOG and its address.",
        )  # fmt: skip
    return Finding("interactions", "ok", f"The log of interactions answers; it has {count}.")


def _worker(queue: outbox.QueueState) -> Iterator[Finding]:
    silent = queue.heartbeat_seconds
    if silent is None or silent > HEARTBEAT_SECONDS_MAX:
        yield Finding(
            "worker", "warn", "No worker is running: nothing is delivered. Run: zhixun serve, or zhixun worker"
        )
    else:
        yield Finding("worker", "ok", f"A worker was heard of {silent:.0f} s ago.")
    if queue.lag_seconds > LAG_SECONDS_MAX:
        yield Finding(
            "queue", "warn",
            f"{queue.waiting} jobs wait, the oldest for {queue.lag_seconds:.0f} s. If a worker runs, start another.",
        )  # fmt: skip
    elif queue.failed:
        yield Finding("queue", "warn", f"{queue.failed} jobs were given up. Look at them on the operator's desk.")
    else:
        yield Finding("queue", "ok", f"{queue.waiting} jobs wait, none was given up.")
