"""A real Elasticsearch for the tests that ask for one: one node, on the loopback, in a folder of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests import programs
from tests.postgres import MEMORY, MEMORY_BYTES_MIN
from zhixun.adapters.database import place

TOOLS = Path(__file__).parents[1] / ".venv" / "tools"
READY_SECONDS_MAX = 240
MISSING = "Elasticsearch is missing: scripts/elasticsearch.sh fetches it, `make test` does so by itself"
SETTINGS = "discovery.type: single-node\nnetwork.host: 127.0.0.1\nxpack.security.enabled: false\n"


@contextmanager
def server() -> Iterator[str]:
    """The address of a running Elasticsearch; the test is skipped where the machine has none, and fails in CI."""
    if given := os.environ.get("ZHIXUN_TEST_ELASTICSEARCH"):
        yield given
        return
    homes, java = sorted(TOOLS.glob("elasticsearch-*/bin/elasticsearch")), shutil.which("java")
    if not homes or not java:
        if os.environ.get("CI"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    folder, port = Path(tempfile.mkdtemp(prefix="zhixun-test-elastic-", dir=_parent())), _free_port()
    with (folder / "log").open("wb") as log:
        process = _start(homes[-1].parents[1], Path(java).resolve().parents[1], folder, port, log)
        try:
            address = f"http://127.0.0.1:{port}"
            _wait(process, address, folder / "log")
            yield address
        finally:
            process.terminate()
            process.wait(60)
            shutil.rmtree(folder, ignore_errors=True)


def _start(home: Path, java: Path, folder: Path, port: int, log: object) -> subprocess.Popen[bytes]:
    """From a copy of its settings; as nobody in particular where we are root, which it refuses to be."""
    shutil.copytree(home / "config", folder / "config")
    (folder / "config" / "elasticsearch.yml").write_text(SETTINGS)
    for name in ("data", "logs", "tmp"):
        (folder / name).mkdir()
    here = place.Place(folder, place.unprivileged() if os.getuid() == 0 else None)
    if here.identity is not None:
        for one in (folder, *folder.rglob("*")):
            here.own(one)
    environment = {
        "PATH": os.environ["PATH"], "ES_JAVA_HOME": str(java), "ES_PATH_CONF": str(folder / "config"), "HOME": str(folder),
        "ES_TMPDIR": str(folder / "tmp"), "ES_JAVA_OPTS": "-Xms384m -Xmx384m",
    }  # fmt: skip
    command = [
        str(home / "bin" / "elasticsearch"), f"-Ehttp.port={port}", f"-Epath.data={folder / 'data'}", f"-Epath.logs={folder / 'logs'}"
    ]  # fmt: skip
    return programs.begin(command, **{**here.as_user(), "env": environment}, stdout=log, stderr=log)


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    until = time.monotonic() + READY_SECONDS_MAX
    while time.monotonic() < until:
        if process.poll() is not None:
            pytest.fail(f"Elasticsearch ended at once: {log.read_text()[-2_000:]}")
        try:
            if httpx2.get(f"{address}/_cluster/health", timeout=5).status_code == 200:
                return
        except httpx2.HTTPError:
            time.sleep(0.5)
    pytest.fail(f"Elasticsearch did not start: {log.read_text()[-2_000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _parent() -> Path:
    """In memory where there is room: making an index waits for the disk several times."""
    roomy = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > MEMORY_BYTES_MIN
    return MEMORY if roomy else Path("/tmp")
