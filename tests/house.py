"""A running Zhixun on its own embedded PostgreSQL, that can be killed and started again."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx2

from tests import programs

READY_SECONDS_MAX = 300
"""Much more than it takes; who shares a machine with many waits long."""


class House:
    """`settings` are more ZHIXUN_… variables: with a database of their own, several houses answer over one."""

    def __init__(self, data_dir: Path, settings: Mapping[str, str] | None = None) -> None:
        self.data_dir, self.port, self._settings = data_dir, free_port(), dict(settings or {})
        self.address = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None
        self._log = (data_dir.parent / "serve.log").open("ab")

    def run(self, *arguments: str) -> Any:
        """Run one `zhixun …` command to its end; returns its JSON."""
        command = [sys.executable, "-m", "zhixun.cli", *arguments, "--data-dir", str(self.data_dir), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, env=self._environment(), check=False)
        assert done.returncode == 0, f"{arguments}: {done.stdout}\n{done.stderr}"
        return json.loads(done.stdout.splitlines()[-1]) if done.stdout.strip() else None

    def start(self) -> None:
        self.begin()
        self.wait_until_ready()

    def begin(self) -> None:
        command = [sys.executable, "-m", "zhixun.cli", "serve", "--host", "127.0.0.1", "--port", str(self.port)]
        self._process = programs.begin(
            [*command, "--data-dir", str(self.data_dir)], stdout=self._log, stderr=self._log, env=self._environment()
        )

    def wait_until_ready(self) -> None:
        until = time.monotonic() + READY_SECONDS_MAX
        while time.monotonic() < until:
            assert self._process is not None
            assert self._process.poll() is None, f"serve ended with {self._process.returncode}; see {self._log.name}"
            try:
                if httpx2.get(f"{self.address}/readyz", timeout=2).status_code == 200:
                    return
            except httpx2.HTTPError:
                pass
            time.sleep(0.1)
        self.kill_application()
        raise AssertionError(f"not ready after {READY_SECONDS_MAX} s; see {self._log.name}")

    def kill_application(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def kill_database(self) -> None:
        """kill -9 of the postmaster: its children notice by themselves."""
        os.kill(self.postmaster(), signal.SIGKILL)

    def postmaster(self) -> int:
        found = next(self.data_dir.rglob("postmaster.pid"), None)
        assert found is not None, f"no postmaster.pid under {self.data_dir}"
        return int(found.read_text().splitlines()[0])

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(timeout=30)
        self._log.close()

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "ZHIXUN_RATE_LIMITS": "off", "PYTHONUNBUFFERED": "1", **self._settings}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
