"""Where the embedded cluster lives, and as whom it runs.

PostgreSQL refuses to run as root, so root's cluster belongs to an unprivileged user, who often may not enter root's
folders (/root is closed). Opening those is not ours to do. Such a cluster lives under /var/lib/zhixun instead, and
the data folder holds a link to it: removing the data folder forgets the cluster, and the next start makes a new one.
"""

from __future__ import annotations

import os
import pwd
import re
import secrets
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import DatabaseUnavailable

NAME = "postgres"
SHARED = Path("/var/lib/zhixun")
BELONGS_TO = "belongs-to"
UNPRIVILEGED_USERS = ("zhixun", "nobody")
SOCKET = ".s.PGSQL.5432"
SOCKET_PATH_BYTES_MAX = 103
"""Of a Unix socket's whole address: 107 on Linux, 103 on macOS."""


@dataclass(frozen=True)
class Identity:
    """The user PostgreSQL runs as when root starts it."""

    uid: int
    gid: int
    name: str

    def __str__(self) -> str:
        return f"the user {self.name}"


@dataclass(frozen=True)
class Place:
    folder: Path
    identity: Identity | None
    """None: PostgreSQL runs as whoever runs us."""

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def as_user(self) -> dict[str, Any]:
        """How subprocess starts a program here: as the unprivileged user, with nothing of our environment."""
        who = self.identity
        clean = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
        if who is None:
            return {"cwd": self.folder, "env": clean}
        return {"cwd": self.folder, "env": clean, "user": who.uid, "group": who.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        if self.identity:
            os.chown(path, self.identity.uid, self.identity.gid)


def settle(data_dir: Path) -> Place:
    """The place of the cluster of `data_dir`, made when missing. Raises DatabaseUnavailable."""
    if not hasattr(os, "getuid"):
        raise DatabaseUnavailable("The embedded PostgreSQL needs Linux or macOS. Set ZHIXUN_DATABASE_URL.")
    data_dir = data_dir.absolute()
    link = data_dir / NAME
    if link.is_symlink() and not link.exists():
        raise DatabaseUnavailable(
            f"The database of {data_dir} lived in {os.readlink(link)}, which is gone. Bring it back, "
            f"or remove {link} to start with an empty database."
        )
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        return _known(link) if link.exists() else _new(link)
    except OSError as error:
        raise DatabaseUnavailable(
            f"The data folder {data_dir} cannot be used: {error}. Choose another --data-dir."
        ) from error


def forgotten() -> list[Path]:
    """Clusters under SHARED whose data folder is gone, or has another by now. Never removed by us: a disk may be away."""
    found = []
    for note in sorted(SHARED.glob(f"clusters/*/{BELONGS_TO}")):
        link = Path(note.read_text())
        if not link.is_symlink() or Path(os.readlink(link)) != note.parent:
            found.append(note.parent)
    return found


def may_enter(path: Path, identity: Identity | None) -> bool:
    """Whether `identity` may enter the folder, or run the program, at `path`. Tried, not computed: there are ACLs."""
    if identity is None:
        return os.access(path, os.X_OK)
    who: dict[str, Any] = {"user": identity.uid, "group": identity.gid, "extra_groups": []}
    return subprocess.run(["test", "-x", str(path)], cwd="/", check=False, **who).returncode == 0


def open_folder(path: Path) -> None:
    """Make `path`, and what is missing of SHARED above it, so that everyone may enter, whatever the umask."""
    for one in reversed([path, *path.parents]):
        if one.is_relative_to(SHARED) and not one.exists():
            one.mkdir()
            one.chmod(0o755)


def socket_folder(place: Place) -> Path:
    """Where the socket lies: in the cluster's folder, or, where that path is too long for a socket (or libpq would
    misread it), in a short one of its own that `run` links to, the same at every start."""
    run = place.folder / "run"
    if not run.is_symlink() and _fits(run):
        run.mkdir(mode=0o700, exist_ok=True)
        place.own(run)
        return run
    target = Path(os.readlink(run)) if run.is_symlink() else None
    if target is None or not _make_again(target, place):
        target = Path(tempfile.mkdtemp(prefix="zhixun-", dir="/tmp" if Path("/tmp").is_dir() else None))
        run.unlink(missing_ok=True)
        run.symlink_to(target)
    place.own(target)
    return target


def _known(link: Path) -> Place:
    folder, owner = link.resolve(), link.stat()
    if os.getuid() != 0:
        if owner.st_uid != os.getuid():
            raise DatabaseUnavailable(
                f"The database in {folder} belongs to {_name(owner.st_uid)}. Start Zhixun as that user or as root, "
                "or choose another --data-dir."
            )
        return Place(folder, None)
    identity = Identity(owner.st_uid, owner.st_gid, _name(owner.st_uid)) if owner.st_uid else unprivileged()
    place = Place(folder, identity)
    place.own(folder)
    if not may_enter(folder, identity):
        raise DatabaseUnavailable(
            f"PostgreSQL must not run as root, and {identity} cannot enter {folder}. Move the data folder to where that "
            "user can (for instance /srv/zhixun) and name it with --data-dir."
        )
    return place


def _new(link: Path) -> Place:
    if os.getuid() != 0:
        link.mkdir(mode=0o700)
        return Place(link.resolve(), None)
    place = Place(link.parent.resolve() / link.name, unprivileged())
    link.mkdir(mode=0o700)
    place.own(link)
    if may_enter(place.folder, place.identity):
        return place
    link.rmdir()
    folder = SHARED / "clusters" / secrets.token_hex(6)
    open_folder(folder.parent)
    folder.mkdir(mode=0o700)
    place = Place(folder, place.identity)
    place.own(folder)
    (folder / BELONGS_TO).write_text(str(link))
    link.symlink_to(folder)
    return place


def unprivileged() -> Identity:
    """Whom root's PostgreSQL runs as: a user made for us, else nobody. Raises DatabaseUnavailable."""
    for name in UNPRIVILEGED_USERS:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return Identity(found.pw_uid, found.pw_gid, name)
    raise DatabaseUnavailable(
        "PostgreSQL must not run as root, and there is no user to run it as. Make one: useradd --system zhixun."
    )


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _fits(run: Path) -> bool:
    """A comma or blank would read as a list of folders."""
    path = str(run / SOCKET)
    return len(os.fsencode(path)) <= SOCKET_PATH_BYTES_MAX and re.fullmatch(r"[\w/.@+-]+", path, re.ASCII) is not None


def _make_again(target: Path, place: Place) -> bool:
    """Whether the short folder is (again) there and ours: a cleaner of /tmp may have removed it."""
    try:
        target.mkdir(mode=0o700, exist_ok=True)
    except OSError:
        return False
    owners = {os.getuid(), place.identity.uid if place.identity else os.getuid()}
    return not target.is_symlink() and target.stat().st_uid in owners
