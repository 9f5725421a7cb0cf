"""A real MongoDB for the tests that ask for one: one node, on the loopback, in a folder of its own."""

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

import pytest

from tests import programs

TOOLS = Path(__file__).parents[1] / ".venv" / "tools"
READY_SECONDS_MAX = 60
MISSING = "MongoDB is missing: scripts/mongodb.sh fetches it, `make test` does so by itself"


@contextmanager
def server() -> Iterator[str]:
    """The address of a running MongoDB; the test is skipped where the machine has none, and fails in CI."""
    found = [shutil.which("mongod"), *map(str, sorted(TOOLS.glob("mongodb-*/mongod")))]
    program = next((one for one in found if one), None)
    if program is None:
        if os.environ.get("CI"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    folder, port = Path(tempfile.mkdtemp(prefix="zhixun-test-mongo-")), _free_port()
    log = (folder / "log").open("wb")
    process = programs.begin(
        [program, "--dbpath", str(folder), "--bind_ip", "127.0.0.1", "--port", str(port), "--nounixsocket",
         "--wiredTigerCacheSizeGB", "0.25", "--setParameter", "diagnosticDataCollectionEnabled=false"],
        stdout=log, stderr=log,
    )  # fmt: skip
    try:
        _wait(process, port, folder / "log")
        yield f"mongodb://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)
        log.close()
        shutil.rmtree(folder, ignore_errors=True)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + READY_SECONDS_MAX
    while time.monotonic() < until:
        if process.poll() is not None:
            pytest.fail(f"MongoDB ended at once: {log.read_text()[-2_000:]}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail("MongoDB did not start.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
