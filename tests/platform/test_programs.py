"""A run of the tests that is killed leaves no server behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import mongodb

END_SECONDS_MAX = 30
RUN = """
import signal, sys
from tests import {name} as it
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever began us in the background let us be deaf to it
with it.{server}():
    print("up", flush=True)
    sys.stdin.read()
"""
SERVERS = {"postgres": ("cluster", "postgres"), "mongodb": ("server", "mongod")}


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing tells a program that its parent was killed")
@pytest.mark.parametrize("name", SERVERS)
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_server_ends_with_the_run_that_started_it(name: str, how: signal.Signals) -> None:
    server, program = SERVERS[name]
    if name == "mongodb":
        with mongodb.server():  # skips where there is none
            pass
    run = subprocess.Popen(
        [sys.executable, "-c", RUN.format(name=name, server=server)], text=True, process_group=0,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert run.stdout is not None
    assert run.stdout.readline() == "up\n"
    started = [one for one in children(run.pid) if program in Path(f"/proc/{one}/cmdline").read_text()]
    assert started
    os.killpg(run.pid, how)
    run.wait(END_SECONDS_MAX)
    until = time.monotonic() + END_SECONDS_MAX
    while any(map(runs, started)):
        assert time.monotonic() < until, f"{program} outlives its run"
        time.sleep(0.1)
