"""How much memory the whole demo takes: the application, its sample data, and every PostgreSQL process.

Run: python -m bench.memory [--data-dir FOLDER]

Starts the demo (in a folder of its own, unless told otherwise), waits until its history is complete, opens pages, and adds
up the proportional share of memory (PSS) of all its processes. Prints the figure, and its ratio to what we allow.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import psutil

from zhixun.adapters.database import place, postmaster

LIMIT_MB = 700
START_SECONDS_MAX = 300
FILL_SECONDS_MAX = 3_600
PAGES = ("/", "/en/", "/consultants", "/en/consultants", "/match?q=租房押金不退怎么办", "/components", "/sign-in")
ROUNDS = 20


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path)
    given = parser.parse_args()
    began = time.monotonic()
    with running_demo(given.data_dir) as demo:
        up_seconds = time.monotonic() - began
        filling = demo.megabytes()
        demo.wait_until_filled()
        _open_pages(demo.address)
        done = demo.megabytes()
    figures = {
        "page_up_seconds": round(up_seconds, 1),
        "while_filling_mb": round(filling),
        "memory_mb": round(done),
        "limit_mb": LIMIT_MB,
        "ratio": round(done / LIMIT_MB, 2),
    }
    print(json.dumps(figures))
    return 0 if max(filling, done) <= LIMIT_MB else 1


class Demo:
    """A demo that runs."""

    def __init__(self, pid: int, port: int, data_dir: Path) -> None:
        self._pid, self._port, self._data_dir = pid, port, data_dir
        self.address = f"http://127.0.0.1:{port}"

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline:
            try:
                if httpx2.get(f"{self.address}/readyz", trust_env=False).status_code == 200:
                    return
            except httpx2.TransportError:
                time.sleep(0.1)
        raise SystemExit("the demo did not start")

    def wait_until_filled(self) -> None:
        """The demo's one child is the process that adds the history."""
        deadline = time.monotonic() + FILL_SECONDS_MAX
        while any(_lives(child) and "sample" in child.cmdline() for child in psutil.Process(self._pid).children()):
            if time.monotonic() > deadline:
                raise SystemExit("the sample history did not end")
            time.sleep(1)

    def megabytes(self) -> float:
        """What the demo, its children, and the PostgreSQL that serves it take."""
        server = postmaster.of(place.settle(self._data_dir).data)
        assert server is not None, "the database does not run"
        found = {}
        for parent in (psutil.Process(self._pid), psutil.Process(server)):
            for process in (parent, *parent.children(recursive=True)):
                found[process.pid] = process
        return sum(process.memory_full_info().pss for process in found.values() if _lives(process)) / 1e6


@contextmanager
def running_demo(data_dir: Path | None = None) -> Iterator[Demo]:
    """Start the demo (in a folder of its own, unless told otherwise); it stops with the block."""
    folder = Path(tempfile.mkdtemp(prefix="zhixun-bench-", dir="/tmp"))
    folder.chmod(0o755)
    data_dir, port = data_dir or folder / "var", _free_port()
    command = [sys.executable, "-m", "zhixun.cli", "demo", "--port", str(port), "--data-dir", str(data_dir)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    demo = Demo(process.pid, port, data_dir)
    try:
        demo.wait_until_ready()
        yield demo
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
        shutil.rmtree(folder)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _lives(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def _open_pages(address: str) -> None:
    with httpx2.Client(base_url=address, trust_env=False, timeout=60) as browser:
        for _ in range(ROUNDS):
            for page in PAGES:
                browser.get(page)


if __name__ == "__main__":
    raise SystemExit(main())
