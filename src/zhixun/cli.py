"""`zhixun …`: the house's own commands, and `zhixun <feature> <verb>` for those the features bring."""

from __future__ import annotations

import argparse
import fcntl
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from zhixun import asgi, doctor, migrations, sample, worker
from zhixun.adapters.database import DatabaseUnavailable, opened
from zhixun.adapters.key_ring.given import KeysUnreadable
from zhixun.app import FEATURES, fulfil_ports, subscribe_all, unlock_vault
from zhixun.features.assistant import actions as assistant
from zhixun.features.assistant.queries import house_articles
from zhixun.features.catalog import actions as catalog
from zhixun.features.profiles import jobs as profiles
from zhixun.features.recommend import jobs as recommend
from zhixun.features.search import jobs as search
from zhixun.kernel import database
from zhixun.kernel.errors import DomainError
from zhixun.kernel.feature import Command
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.sample import fill
from zhixun.settings import Settings, SettingsError

LOOPBACK = "127.0.0.1"
PORT_MAX = 65_535
LIBRARIES = {
    "alembic": logging.WARNING,
    "httpx2": logging.WARNING,
    "procrastinate": logging.ERROR,
    "procrastinate.worker.worker": logging.CRITICAL,  # The database went away: worker.py says so in a line.
    "procrastinate.utils": logging.CRITICAL,
    "psycopg.pool": logging.CRITICAL,
}
NAMED_ACCOUNTS = 6


class CannotServe(Exception):
    """The site cannot be opened; the sentence says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns its exit code: 0 it holds, 1 it does not, 2 it could not be tried."""
    given = _parser().parse_args(arguments)
    _log_quietly()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # So that what we opened is closed again.
    try:
        code: int = given.run(given)
    except DomainError as refusal:
        return _say(given, 1, refusal.code, str(refusal))
    except (SettingsError, DatabaseUnavailable, CannotServe, KeysUnreadable) as error:
        return _say(given, 2, "cannot_start", str(error))
    except KeyboardInterrupt:
        return 130
    return code


def _log_quietly() -> None:
    """Our own words, and of the libraries' only what we do not say ourselves."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr)
    for name, level in LIBRARIES.items():
        logging.getLogger(name).setLevel(level)


def _say(given: argparse.Namespace, exit_code: int, code: str, sentence: str) -> int:
    if given.json:
        print(json.dumps({"code": code, "message": sentence}, ensure_ascii=False))
    print(sentence, file=sys.stderr)
    return exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="zhixun", description="Paid one-to-one consulting, on your own server.")
    commands = parser.add_subparsers(required=True, metavar="command")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--data-dir", type=Path, metavar="FOLDER", help="where everything is kept (default: ./var)")
    common.add_argument("--json", action="store_true", help="answer in JSON")

    def add(name: str, run: Callable[[argparse.Namespace], int], help: str) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=help, description=help, parents=[common])
        one.set_defaults(run=run)
        return one

    _add_door(add("demo", _demo, "run everything, with sample data, for a look around"))
    serving = add("serve", _serve, "answer people: pages, API, live connections")
    _add_door(serving)
    serving.add_argument("--workers", type=int, metavar="N", help="processes (default 1, which also does the jobs)")
    add("worker", _worker, "deliver facts and run what the clock starts")
    add("migrate", _migrate, "bring the database to this program's shape")
    add("doctor", _doctor, "look at everything and say how to mend what is not in order")
    _add_sample(add("sample", _sample, "add lively sample data: the same for the same seed, none of it twice"))
    for noun, brought in _by_noun().items():
        if not brought[0].verb:
            brought[0].arguments(add(noun, _bound(brought[0]), brought[0].help))
            continue
        verbs = commands.add_parser(noun, help=f"commands of {noun}").add_subparsers(required=True, metavar="verb")
        for command in brought:
            verb = verbs.add_parser(command.verb, help=command.help, description=command.help, parents=[common])
            command.arguments(verb)
            verb.set_defaults(run=_bound(command))
    return parser


def _by_noun() -> dict[str, list[Command]]:
    found: dict[str, list[Command]] = {}
    for feature in FEATURES:
        for command in feature.commands:
            found.setdefault(command.noun or feature.name, []).append(command)
    return found


def _add_door(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default=LOOPBACK, help=f"address to listen on (default {LOOPBACK})")
    parser.add_argument("--port", type=_port, default=8000, help="port to listen on (default 8000)")


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= PORT_MAX:
        raise argparse.ArgumentTypeError(f"a port is a number from 1 to {PORT_MAX}")
    return int(text)


def _add_sample(parser: argparse.ArgumentParser) -> None:
    for name, default, what in (
        ("consultants", fill.CONSULTANTS, "consultants to list"),
        ("clients", fill.CLIENTS, "clients with a history"),
        ("days", fill.DAYS, "days of history"),
        ("seed", fill.SEED, "what chance begins with"),
    ):
        parser.add_argument(f"--{name}", type=int, default=default, metavar="N", help=f"{what} (default {default})")
    parser.add_argument(
        "--gently", action="store_true", help="rest as long as it works, and end with whoever started it"
    )


def _bound(command: Command) -> Callable[[argparse.Namespace], int]:
    def run(given: argparse.Namespace) -> int:
        if not command.needs_database:
            return command.run(given)
        with _house(_settings(given)):
            return command.run(given)

    return run


def _settings(given: argparse.Namespace, **more: Any) -> Settings:
    return Settings.from_environment(data_dir=given.data_dir, **more)


@contextmanager
def _house(settings: Settings, *, watched: bool = False) -> Iterator[str]:
    """Everything a command needs: the database open and in shape, ports fulfilled, handlers subscribed."""
    unlock_vault(settings)
    with opened(
        url=settings.database_url, data_dir=settings.data_dir, programs=settings.postgres_bin, watched=watched
    ) as address:
        if settings.database_url:
            _refuse_old_shape(address)
        else:
            migrations.upgrade(address)
        database.connect(address)
        fulfil_ports(settings, address)
        subscribe_all()
        yield address


def _refuse_old_shape(address: str) -> None:
    at, known = migrations.current(address)
    if at != known:
        raise DatabaseUnavailable(
            f"The database's shape is {at or 'empty'}, this program needs {known}. Run: zhixun migrate (after a backup)."
        )


def _demo(given: argparse.Namespace) -> int:
    began = time.monotonic()
    settings = _settings(given, demo=True, public_url=f"http://{given.host}:{given.port}")
    with _door(settings, given) as door:
        _step(f"Starting the database in {settings.data_dir} …")
        with _house(settings, watched=True) as address:
            _step("Adding sample data …")
            sample.fill_first(say=_step)
            search.keep_index_whole()  # The facts would do so too, one consultant after the other.
            with _history_beside(settings) as begin:

                def when_open() -> None:
                    _welcome(settings, time.monotonic() - began)
                    begin()

                _answer(settings, address, door, when_open)
    return 0


@contextmanager
def _history_beside(settings: Settings) -> Iterator[Callable[[], None]]:
    """The rest of the sample data comes from a process of its own, at low priority, so that pages stay quick."""
    started: list[subprocess.Popen[bytes]] = []
    command = [sys.executable, "-m", "zhixun.cli", "sample", "--gently", "--data-dir", str(settings.data_dir)]

    def begin() -> None:
        started.append(subprocess.Popen(command))
        threading.Thread(target=started[0].wait, daemon=True).start()  # Else it stays a zombie until we end.

    try:
        yield begin
    finally:
        for process in started:
            process.terminate()
            process.wait()


def _sample(given: argparse.Namespace) -> int:
    if given.consultants < 0 or given.clients < 0 or given.days < 0:
        raise SettingsError("--consultants, --clients and --days count from 0.")
    stop = _stop_with_parent() if given.gently else None
    with suppress(KeyboardInterrupt), _house(_settings(given)):
        sample.fill_first(seed=given.seed, consultants=given.consultants, say=_step)
        sample.fill_rest(seed=given.seed, clients=given.clients, days=given.days, say=_step, stop=stop)
        profiles.build_nightly()  # What the clock does at night, so that a demo has segments and a model today.
        recommend.train_nightly()
        if given.json:
            print(json.dumps({"consultants": given.consultants, "clients": given.clients, "days": given.days}))
    return 0


def _stop_with_parent() -> threading.Event:
    stop, parent = threading.Event(), os.getppid()
    os.nice(10)

    def watch() -> None:
        while os.getppid() == parent and not stop.wait(1):
            pass
        stop.set()

    threading.Thread(target=watch, daemon=True).start()
    return stop


def _serve(given: argparse.Namespace) -> int:
    settings = _settings(given, workers=given.workers)
    with _door(settings, given) as door, _house(settings, watched=True) as address:
        with unit_of_work() as uow:
            catalog.put_house_fields(uow)
            assistant.put_house_articles(uow, articles=house_articles())
        search.keep_index_whole()  # Whoever comes first should find people; the worker has the whole night to catch up with.
        jobs = "" if settings.workers == 1 else " Jobs need a process of their own: zhixun worker"
        _answer(settings, address, door, lambda: _step(f"Zhixun answers at http://{given.host}:{given.port}.{jobs}"))
    return 0


def _answer(settings: Settings, address: str, door: asgi.Door, when_open: Callable[[], None]) -> None:
    with suppress(KeyboardInterrupt):  # Being told to stop is the ordinary end.
        asgi.serve(settings, address, door, when_open)
    _step("Stopping …")


def _worker(given: argparse.Namespace) -> int:
    with _house(_settings(given), watched=True) as address:
        _step("The worker is at work.")
        worker.run_until_signalled(address)
    return 0


def _migrate(given: argparse.Namespace) -> int:
    settings = _settings(given)
    unlock_vault(settings)
    with opened(url=settings.database_url, data_dir=settings.data_dir, programs=settings.postgres_bin) as address:
        before, _ = migrations.current(address)
        migrations.upgrade(address)
        after, _ = migrations.current(address)
    if given.json:
        print(json.dumps({"before": before, "after": after}))
    else:
        print(
            f"The database is at {after}."
            if before == after
            else f"The database went from {before or 'nothing'} to {after}."
        )
    return 0


def _fulfil_all(settings: Settings, address: str) -> None:
    unlock_vault(settings)
    fulfil_ports(settings, address)


def _doctor(given: argparse.Namespace) -> int:
    settings = _settings(given)
    findings = list(doctor.examine(settings, lambda address: _fulfil_all(settings, address)))
    healthy = all(finding.state != "fail" for finding in findings)
    if given.json:
        print(json.dumps({"healthy": healthy, "findings": [asdict(one) for one in findings]}, ensure_ascii=False))
    else:
        for finding in findings:
            print(f"{finding.state:<5} {finding.name:<16} {finding.sentence}")
    return 0 if healthy else 1


@contextmanager
def _door(settings: Settings, given: argparse.Namespace) -> Iterator[asgi.Door]:
    """The port, and the right to be the one site of this data folder: there is one search index and one live hub."""
    try:
        door = asgi.listen(given.host, given.port)
    except (OSError, OverflowError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise CannotServe(
            f"Cannot listen on {given.host}:{given.port} ({said}). Choose another with --port."
        ) from error
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with door, (settings.data_dir / "site.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise CannotServe(
                f"Zhixun already runs from {settings.data_dir} ({lock.read().strip() or 'starting'}). "
                "Stop it first, or choose another --data-dir."
            ) from None
        lock.truncate(0)
        lock.write(f"http://{given.host}:{given.port}")
        lock.flush()
        yield door


def _welcome(settings: Settings, seconds: float) -> None:
    print(f"\n  Zhixun · 知询 is ready after {seconds:.1f} s:  {settings.public_url}\n")
    print(f"  Sign in with the password {sample.PASSWORD} as")
    accounts = [account.email for account in sample.DEMO_ACCOUNTS]
    for email in accounts[:NAMED_ACCOUNTS]:
        print(f"    {email}")
    print(f"    {accounts[NAMED_ACCOUNTS]} … {accounts[-1]}")
    print("\n  Ctrl-C stops it. Ninety days of sample history are being added meanwhile.\n", flush=True)


def _step(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
