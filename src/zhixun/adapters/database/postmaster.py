"""Reads who runs a cluster: PostgreSQL's own postmaster.pid, believed only where that process is really there.

After a crash the file stays behind, and its number may by now belong to somebody else (in containers, often to us).
"""

from __future__ import annotations

import subprocess
from pathlib import Path


def of(data: Path) -> int | None:
    """The process id of the server that runs the cluster in `data`, or None."""
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None
    return pid if _runs(pid, data) else None


def forget_stale(data: Path) -> None:
    """Remove a postmaster.pid whose process is gone; PostgreSQL itself would trust any process of that number."""
    if of(data) is None:
        (data / "postmaster.pid").unlink(missing_ok=True)


def _runs(pid: int, data: Path) -> bool:
    words = _command_line(pid)
    return bool(words) and "postgres" in words.split("\0")[0] and str(data) in words


def _command_line(pid: int) -> str:
    """Empty where there is no such process, or only what is left of a dead one."""
    if Path("/proc/self").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="surrogateescape")
        except OSError:
            return ""
    return subprocess.run(
        ["ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout
