"""The embedded PostgreSQL, with real processes: adopted, shared, started again, and refused in clear sentences."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from zhixun.adapters.database import DatabaseUnavailable, binaries, embedded, external, opened, place, postmaster
from zhixun.adapters.database.embedded import EmbeddedPostgres

HOLD = """
import sys, time
from pathlib import Path
from zhixun.adapters.database import opened
with opened(url="", data_dir=Path(sys.argv[1]), watched=True) as address:
    print(address, flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """A data folder with a new cluster, for copying: making one anew takes a second or more."""
    folder = Path(tempfile.mkdtemp(prefix="zhixun-test-", dir="/tmp"))
    folder.chmod(0o755)
    with opened(url="", data_dir=folder):
        pass
    yield folder
    shutil.rmtree(folder)


def copy(made: Path, data_dir: Path) -> Path:
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", made, data_dir], check=True)
    return data_dir


@pytest.fixture
def data_dir(made: Path, open_path: Path) -> Iterator[Path]:
    yield copy(made, open_path / "var")
    stop(open_path / "var")


@pytest.fixture
def new_dir(open_path: Path) -> Iterator[Path]:
    yield open_path / "var"
    if (open_path / "var" / "postgres").exists():
        stop(open_path / "var")


def stop(data_dir: Path) -> None:
    if pid := pid_of(data_dir):
        os.kill(pid, signal.SIGQUIT)
        wait_until(lambda: pid_of(data_dir) is None)


def pid_of(data_dir: Path) -> int | None:
    return postmaster.of(place.settle(data_dir).data)


def wait_until(holds: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.05)


def ask(address: str, question: str = "SELECT 1") -> object:
    with psycopg.connect(address, autocommit=True) as connection:
        asked = connection.execute(question)
        return asked.fetchone() if asked.description else None


@contextmanager
def another_process(data_dir: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(data_dir)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_it_starts_keeps_its_rows_and_stops_with_the_last_who_leaves(data_dir: Path) -> None:
    with opened(url="", data_dir=data_dir) as address:
        ask(address, "CREATE TABLE kept AS SELECT 42 AS answer")
        with opened(url="", data_dir=data_dir):
            pass
        assert ask(address, "SELECT answer FROM kept") == (42,)
    assert pid_of(data_dir) is None
    with opened(url="", data_dir=data_dir) as address:
        assert ask(address, "SELECT answer FROM kept") == (42,)


def test_it_needs_the_password_listens_on_no_port_and_never_runs_as_root(data_dir: Path) -> None:
    with opened(url="", data_dir=data_dir) as address:
        with pytest.raises(psycopg.OperationalError, match="password"):
            ask(address.replace("zhixun:", "zhixun:wrong"))
        assert ask(address, "SHOW listen_addresses") == ("",)
        pid = pid_of(data_dir)
        assert Path(f"/proc/{pid}").stat().st_uid != 0
        folder = place.settle(data_dir).folder
        assert folder.stat().st_mode & 0o077 == 0
        assert (folder / "password").stat().st_mode & 0o077 == 0


def test_what_a_killed_application_leaves_is_adopted(data_dir: Path) -> None:
    with another_process(data_dir) as killed:
        assert killed.stdout is not None
        killed.stdout.readline()
        before = pid_of(data_dir)
        killed.kill()
        killed.wait()
    assert pid_of(data_dir) == before
    with opened(url="", data_dir=data_dir) as address:
        assert ask(address)
        assert pid_of(data_dir) == before
    assert pid_of(data_dir) is None


def test_two_processes_share_the_server_and_the_last_one_stops_it(data_dir: Path) -> None:
    with opened(url="", data_dir=data_dir) as address, another_process(data_dir) as other:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == address
        other.communicate("\n", timeout=30)
        assert ask(address)
    assert pid_of(data_dir) is None


def test_a_killed_server_is_started_again_while_the_application_runs(data_dir: Path) -> None:
    with opened(url="", data_dir=data_dir, watched=True) as address:
        ask(address, "CREATE TABLE kept AS SELECT 42 AS answer")
        before = pid_of(data_dir)
        assert before
        os.kill(before, signal.SIGKILL)
        wait_until(lambda: pid_of(data_dir) not in {None, before})
        wait_until(lambda: answers(address))
        assert ask(address, "SELECT answer FROM kept") == (42,)


def answers(address: str) -> bool:
    try:
        return ask(address) == (1,)
    except psycopg.OperationalError:
        return False


def test_a_stale_pid_file_that_names_a_living_stranger_is_seen_through(data_dir: Path) -> None:
    with opened(url="", data_dir=data_dir):
        lines = (place.settle(data_dir).data / "postmaster.pid").read_text().splitlines()
        kept = "\n".join([str(os.getpid()), *lines[1:]])
    (place.settle(data_dir).data / "postmaster.pid").write_text(kept)
    with opened(url="", data_dir=data_dir) as address:
        assert ask(address) == (1,)


def test_half_a_cluster_is_never_taken_for_one(new_dir: Path) -> None:
    here = place.settle(new_dir)
    (here.folder / "data.new" / "base").mkdir(parents=True)
    with opened(url="", data_dir=new_dir) as address:
        assert ask(address) == (1,)


def test_another_major_version_is_refused_with_both_versions_and_a_way_on(data_dir: Path) -> None:
    here = place.settle(data_dir)
    (here.data / "PG_VERSION").write_text("12\n")
    with pytest.raises(
        DatabaseUnavailable, match=r"made by PostgreSQL 12, .* is only PostgreSQL 18.*Install PostgreSQL 12"
    ):
        EmbeddedPostgres(data_dir).start()


def test_without_the_wheel_the_systems_postgresql_serves(new_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system = next(iter(sorted(Path("/").glob("usr/lib/postgresql/*/bin"), reverse=True)), None)
    monkeypatch.setattr(binaries, "WHEEL", "no_such_wheel")
    if system is None:
        with pytest.raises(DatabaseUnavailable, match="no PostgreSQL programs"):
            binaries.choose(None, major=None)
        return
    with opened(url="", data_dir=new_dir) as address:
        version = ask(address, "SHOW server_version")
        assert isinstance(version, tuple)
        assert str(version[0]).split(".")[0] == system.parent.name


def test_without_any_programs_the_sentence_says_what_to_install(new_dir: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match="Install PostgreSQL 15 or newer"):
        EmbeddedPostgres(new_dir, new_dir.parent).start()


def test_programs_that_are_too_old_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "_major", lambda program: 14)
    with pytest.raises(DatabaseUnavailable, match=r"PostgreSQL 14.* is too old"):
        binaries.choose(None, major=None)


@pytest.mark.parametrize("name", ["d" * 120, "知 询", "a,b"])
def test_a_folder_whose_path_no_socket_can_have_works_all_the_same(made: Path, open_path: Path, name: str) -> None:
    deep = copy(made, open_path / name / "var")
    shutil.rmtree(place.settle(deep).folder / "run")
    with opened(url="", data_dir=deep) as address:
        assert ask(address) == (1,)
        run = Path(os.readlink(place.settle(deep).folder / "run"))
    shutil.rmtree(run)
    with opened(url="", data_dir=deep) as again:
        assert ask(again) == (1,)
        assert again == address
    shutil.rmtree(run)


def test_roots_closed_folder_stays_closed_and_the_cluster_lives_where_postgresql_may_enter(
    open_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = open_path / "lib"
    monkeypatch.setattr(place, "SHARED", shared)
    monkeypatch.setattr(binaries, "COPIES", shared / "programs")
    closed = open_path / "closed"
    closed.mkdir(mode=0o700)
    wheel = binaries.choose(None, major=None).folder.parent.parent
    programs = shutil.copytree(wheel / "pginstall18", closed / wheel.name / "pginstall18")
    shutil.copytree(wheel.with_name(f"{wheel.name}.libs"), closed / f"{wheel.name}.libs")
    with opened(url="", data_dir=closed / "var", programs=programs / "bin") as address:
        assert ask(address) == (1,)
    assert closed.stat().st_mode & 0o777 == 0o700
    if os.getuid() != 0:  # Who runs PostgreSQL as themselves enters their own folder.
        assert (closed / "var" / "postgres").is_dir()
        return
    assert (closed / "var" / "postgres").resolve().is_relative_to(shared / "clusters")
    assert place.forgotten() == []
    shutil.rmtree(closed / "var")
    assert len(place.forgotten()) == 1
    assert EmbeddedPostgres(closed / "var", programs / "bin").start()
    stop(closed / "var")


def test_a_cluster_that_has_moved_away_is_missed_not_replaced(open_path: Path) -> None:
    (open_path / "postgres").symlink_to(open_path / "gone")
    with pytest.raises(DatabaseUnavailable, match="which is gone"):
        EmbeddedPostgres(open_path).start()


def test_a_data_folder_that_cannot_be_made_is_refused_with_a_sentence(open_path: Path) -> None:
    (open_path / "file").write_text("not a folder")
    with pytest.raises(DatabaseUnavailable, match="Choose another --data-dir"):
        EmbeddedPostgres(open_path / "file" / "var").start()


def test_a_server_of_the_house_is_used_as_it_is(db_url: str) -> None:
    with opened(url=db_url, data_dir=Path("/nonexistent")) as address:
        assert address == db_url
        assert ask(address) == (1,)


def test_nobody_at_the_address_is_said_in_a_sentence() -> None:
    with pytest.raises(DatabaseUnavailable, match=r"does not answer .*Check the address"):
        external.check_version("postgresql://zhixun@127.0.0.1:1/zhixun")


def test_an_older_server_is_refused_with_its_version() -> None:
    with pytest.raises(DatabaseUnavailable, match="is PostgreSQL 14; Zhixun needs PostgreSQL 15"):
        external.refuse_older(14)


def test_a_server_that_cannot_start_says_its_last_words(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(embedded.MODEST, "shared_buffers", "1kB")
    with pytest.raises(DatabaseUnavailable, match="shared_buffers"):
        EmbeddedPostgres(data_dir).start()
