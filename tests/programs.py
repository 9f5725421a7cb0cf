"""Servers that tests start end with whoever started them, even where that is killed and cleans nothing up."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

PR_SET_PDEATHSIG = 1


def begin(command: Sequence[str], *, last: signal.Signals = signal.SIGTERM, **how: Any) -> subprocess.Popen[Any]:
    """A program in a group of its own, which Ctrl-C does not reach; on Linux it is sent `last` when we are gone.

    The system takes the end of the thread that began it for ours, so only the main thread may.
    """
    assert threading.current_thread() is threading.main_thread(), "its program would end with this thread"
    return subprocess.Popen(command, process_group=0, preexec_fn=_dies_with_us(last), **how)


def _dies_with_us(last: signal.Signals) -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    libc, we = ctypes.CDLL(None), os.getpid()

    def ask() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(last))
        if os.getppid() != we:
            os._exit(1)

    return ask
