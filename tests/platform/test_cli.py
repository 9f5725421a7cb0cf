"""The house is opened, asked and closed from the command line: real processes, real signals."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from zhixun import cli
from zhixun.adapters.database import place, postmaster

START_SECONDS_MAX = 120
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("ZHIXUN_")}


@dataclass
class Site:
    data_dir: Path
    port: int
    process: subprocess.Popen[str]

    def get(self, path: str, **headers: str) -> httpx2.Response:
        address = f"http://127.0.0.1:{self.port}{path}"
        return httpx2.get(address, headers=headers, timeout=20, trust_env=False)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def zhixun(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "zhixun.cli", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env=ENVIRONMENT | environment, timeout=120
    )


def start(data_dir: Path, *arguments: str, **environment: str) -> Site:
    port = free_port()
    command = [sys.executable, "-m", "zhixun.cli", *arguments, "--port", str(port), "--data-dir", str(data_dir)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT | environment)
    site, deadline = Site(data_dir, port, process), time.monotonic() + START_SECONDS_MAX
    while True:
        try:
            if site.get("/readyz").status_code == 200:
                return site
        except httpx2.TransportError:
            time.sleep(0.1)
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        assert time.monotonic() < deadline, "it did not start"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One running site for all tests here that only look."""
    folder = Path(tempfile.mkdtemp(prefix="zhixun-test-", dir="/tmp"))
    folder.chmod(0o755)
    running = start(folder / "var", "serve")
    yield running
    running.process.send_signal(signal.SIGTERM)
    try:
        assert running.process.wait(60) == 0
        assert postmaster.of(place.settle(folder / "var").data) is None, "the database was left running"
    finally:
        running.process.kill()
        shutil.rmtree(folder)


def test_it_answers_pages_and_machines(site: Site) -> None:
    assert site.get("/").status_code == 200
    assert site.get("/healthz").json()["alive"] is True
    assert "zhixun_requests_total" in site.get("/metrics").text
    assert "server" not in site.get("/").headers


def test_pages_and_their_files_go_out_packed(site: Site) -> None:
    page = site.get("/legal/terms")
    assert page.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in page.headers["Vary"]
    sheet = page.text.split('rel="stylesheet" href="')[1].split('"')[0]
    assert site.get(sheet).headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in site.get("/healthz").headers, "too small to be worth it"


def test_operators_commands_work_beside_the_running_site(site: Site) -> None:
    found = zhixun("ledger", "verify", "--data-dir", site.data_dir, "--json")
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout)["holds"] is True
    assert site.get("/readyz").status_code == 200


def test_the_doctor_finds_a_running_house_in_order(site: Site) -> None:
    found = zhixun("doctor", "--data-dir", site.data_dir, "--json", ZHIXUN_DATABSE_URL="misspelt")
    assert found.returncode == 0, found.stdout
    findings: dict[str, Any] = {one["name"]: one for one in json.loads(found.stdout)["findings"]}
    for name in ("database", "migrations", "clock", "time zones", "search", "worker", "queue"):
        assert findings[name]["state"] == "ok", findings[name]
    assert findings["settings"]["state"] == "warn"
    assert "ZHIXUN_DATABSE_URL" in findings["settings"]["sentence"]
    assert "ZHIXUN_PUBLIC_URL" in findings["public address"]["sentence"]


def test_a_second_site_on_the_same_folder_is_refused_and_told_where_the_first_is(site: Site) -> None:
    second = zhixun("serve", "--port", free_port(), "--data-dir", site.data_dir)
    assert second.returncode == 2
    assert f"already runs from {site.data_dir} (http://127.0.0.1:{site.port})" in second.stderr
    assert site.get("/readyz").status_code == 200


def test_a_taken_port_is_said_in_a_sentence(site: Site, tmp_path: Path) -> None:
    found = zhixun("serve", "--port", site.port, "--data-dir", tmp_path, "--json")
    assert found.returncode == 2
    assert "Choose another with --port" in found.stderr
    assert json.loads(found.stdout)["code"] == "cannot_start"
    assert "Traceback" not in found.stderr


def test_nobody_may_say_where_they_come_from_unless_their_proxy_is_trusted(site: Site) -> None:
    answer = site.get("/", **{"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"})
    assert "Strict-Transport-Security" not in answer.headers


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., int]]:
    """Run a command here, where it ends before anything is started; a process of its own takes seconds."""
    before = signal.getsignal(signal.SIGTERM)
    for name in [name for name in os.environ if name.startswith("ZHIXUN_")]:
        monkeypatch.delenv(name)
    yield lambda *arguments: cli.main([*map(str, arguments)])
    signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("port", [-1, 0, 70_000, "http"])
def test_a_port_that_cannot_be_is_refused(
    in_process: Callable[..., int], tmp_path: Path, port: object, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        in_process("serve", f"--port={port}", "--data-dir", tmp_path)
    assert "a port is a number from 1 to 65535" in capsys.readouterr().err


def test_a_setting_that_makes_no_sense_stops_the_start(
    in_process: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZHIXUN_MAILER", "smoke")
    assert in_process("migrate", "--data-dir", tmp_path, "--json") == 2
    said = capsys.readouterr()
    assert said.err == "ZHIXUN_MAILER must be one of: console, smtp.\n"
    assert json.loads(said.out) == {"code": "cannot_start", "message": said.err.strip()}


def test_commands_that_need_no_database_start_none(in_process: Callable[..., int], tmp_path: Path) -> None:
    case = tmp_path / "missing.json"
    assert in_process("scheduling", "slots", "--case", case, "--data-dir", tmp_path / "var") == 2
    assert not (tmp_path / "var").exists()


def test_several_processes_answer_and_end_together(open_path: Path) -> None:
    several = start(open_path / "var", "serve", "--workers", "2", ZHIXUN_REALTIME_HUB="postgres")
    assert several.get("/").status_code == 200
    several.process.send_signal(signal.SIGTERM)
    assert several.process.wait(60) == 0
    assert postmaster.of(place.settle(open_path / "var").data) is None


def test_a_killed_site_starts_again_on_the_database_it_left(open_path: Path) -> None:
    first = start(open_path / "var", "serve")
    first.process.kill()
    first.process.wait()
    data = place.settle(open_path / "var").data
    left = postmaster.of(data)
    second = start(open_path / "var", "serve")
    try:
        assert left == postmaster.of(data)
    finally:
        second.process.send_signal(signal.SIGINT)
        assert second.process.wait(60) == 0
    assert postmaster.of(data) is None
