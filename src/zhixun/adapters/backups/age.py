"""Backups as files: pg_dump and the data folder in one tar, encrypted with age, a small JSON with counts beside each.

Whoever holds only the public key can make them; opening one takes the identity. Neither the identity nor the master keys
of the vault are ever inside.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from zhixun.adapters.database import DatabaseUnavailable, binaries
from zhixun.features.admin.ports import Backup, BackupRefused

LEFT_OUT = {"postgres", "search", "backups", "keys", "backup-identity", "site.lock", "postgres.log"}
"""Of the data folder: what is made anew (the index), copied another way (the database), or must lie elsewhere (keys)."""
DUMP = "database.dump"
SUFFIX = ".tar.age"
RUN_SECONDS_MAX = 4 * 3600


class AgeBackups:
    def __init__(self, data_dir: Path, address: str, programs: Path | None, recipient: str = "") -> None:
        self._data, self._address, self._programs, self._recipient = data_dir, address, programs, recipient
        self._folder = data_dir / "backups"

    def create(self, now: datetime) -> Backup:
        import pyrage  # late: only here, and only now and then

        name = f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
        self._folder.mkdir(parents=True, exist_ok=True)
        recipient = pyrage.x25519.Recipient.from_str(self._public_key())
        with tempfile.TemporaryDirectory(dir=self._folder, prefix=".making-") as where:
            dump, packed = Path(where) / DUMP, Path(where) / "packed.tar"
            counts = self._dumped(dump)
            with tarfile.open(packed, "w") as tar:
                tar.add(dump, DUMP)
                for path in sorted(self._data.iterdir()) if self._data.exists() else ():
                    if path.name not in LEFT_OUT and not path.is_symlink() and not path.is_socket():
                        tar.add(path, f"files/{path.name}")
            sealed = Path(where) / "sealed"
            pyrage.encrypt_file(str(packed), str(sealed), [recipient])
            sealed.chmod(0o600)
            sealed.replace(self._path(name))
        made = Backup(name, now, self._path(name).stat().st_size, counts, None, ())
        self._note(made)
        return made

    def known(self) -> list[Backup]:
        if not self._folder.exists():
            return []
        notes = (json.loads(path.read_text()) for path in self._folder.glob("*.json"))
        return sorted((_read(note) for note in notes), key=lambda one: one.made_at, reverse=True)

    @contextmanager
    def rehearsed(self, name: str) -> Iterator[str]:
        scratch = f"zhixun_rehearsal_{secrets.token_hex(4)}"
        with psycopg.connect(self._address, autocommit=True) as db:
            db.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(scratch)))
        address = _with_database(self._address, scratch)
        try:
            with self._opened(name) as where:
                self._run("pg_restore", "--no-owner", "--exit-on-error", "-d", address, str(where / DUMP))
            yield address
        finally:
            with psycopg.connect(self._address, autocommit=True) as db:
                db.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(scratch)))

    def note_verified(self, name: str, now: datetime, problems: tuple[str, ...]) -> Backup:
        noted = replace(self._known(name), verified_at=now, problems=problems)
        self._note(noted)
        return noted

    def restore(self, name: str) -> None:
        with self._opened(name) as where:
            self._run(
                "pg_restore", "--no-owner", "--clean", "--if-exists", "--single-transaction", "-d", self._address,
                str(where / DUMP),
            )  # fmt: skip
            files = where / "files"
            for path in sorted(files.rglob("*")) if files.exists() else ():
                target = self._data / path.relative_to(files)
                if path.is_dir():
                    target.mkdir(parents=True, exist_ok=True)
                else:
                    target.parent.mkdir(parents=True, exist_ok=True)
                    path.replace(target)

    def forget_old(self, keep: int) -> list[str]:
        known = self.known()
        proven = next((one.name for one in known if one.verified_at and not one.problems), None)
        gone = [one.name for one in known[keep:] if one.name != proven]
        for name in gone:
            self._path(name).unlink(missing_ok=True)
            self._path(name).with_suffix("").with_suffix(".json").unlink(missing_ok=True)
        return gone

    def note_erased(self, person_id: str) -> None:
        if person_id not in self.erased():
            self._folder.mkdir(parents=True, exist_ok=True)
            with (self._folder / "erased.txt").open("a") as file:
                file.write(person_id + "\n")

    def erased(self) -> list[str]:
        path = self._folder / "erased.txt"
        return path.read_text().split() if path.exists() else []

    def _dumped(self, target: Path) -> dict[str, int]:
        """Dump one snapshot of the database, and count its rows in the same snapshot."""
        with psycopg.connect(self._address) as db:
            db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            snapshot = db.execute("SELECT pg_export_snapshot()").fetchone()
            assert snapshot is not None
            self._run("pg_dump", "-Fc", "--no-owner", f"--snapshot={snapshot[0]}", "-f", str(target), self._address)
            return counts(db)

    @contextmanager
    def _opened(self, name: str) -> Iterator[Path]:
        import pyrage  # late: only here, and only now and then

        self._known(name)
        path = self._data / "backup-identity"
        if not path.exists():
            raise BackupRefused(f"Opening a backup takes its identity: put it into {path}, and take it away after.")
        identity = pyrage.x25519.Identity.from_str(path.read_text().split()[-1])
        with tempfile.TemporaryDirectory(dir=self._folder, prefix=".opening-") as where:
            packed = Path(where) / "packed.tar"
            try:
                pyrage.decrypt_file(str(self._path(name)), str(packed), [identity])
            except (pyrage.DecryptError, OSError) as error:
                raise BackupRefused(
                    f"{name} does not open: it is damaged, or for another identity ({error})."
                ) from error
            with tarfile.open(packed) as tar:
                tar.extractall(where, filter="data")
            packed.unlink()
            yield Path(where)

    def _public_key(self) -> str:
        """The recipient that was set; else of an identity made once, in the data folder."""
        import pyrage  # late: only here, and only now and then

        if self._recipient:
            return self._recipient
        path = self._data / "backup-identity"
        if not path.exists():
            made = pyrage.x25519.Identity.generate()
            path.touch(mode=0o600)
            path.write_text(f"# public key: {made.to_public()}\n{made}\n")
        return str(pyrage.x25519.Identity.from_str(path.read_text().split()[-1]).to_public())

    def _known(self, name: str) -> Backup:
        found = next((one for one in self.known() if one.name == name), None)
        if found is None or not self._path(name).exists():
            raise BackupRefused(f"There is no backup called {name}. See: zhixun backup list")
        return found

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}{SUFFIX}"

    def _note(self, backup: Backup) -> None:
        told = {**asdict(backup), "made_at": backup.made_at.isoformat()}
        told["verified_at"] = backup.verified_at.isoformat() if backup.verified_at else None
        draft = self._folder / f".{backup.name}.json"
        draft.write_text(json.dumps(told))
        draft.replace(self._folder / f"{backup.name}.json")

    def _run(self, program: str, *arguments: str) -> None:
        folder = self._programs_of_its_age()
        done = subprocess.run(
            [str(folder / program), *arguments], capture_output=True, text=True, timeout=RUN_SECONDS_MAX, check=False
        )
        if done.returncode:
            raise BackupRefused(f"{program} did not succeed: {done.stderr.strip()[-500:]}")

    def _programs_of_its_age(self) -> Path:
        """Those of the database's own version: newer ones write down what an older server does not understand."""
        with psycopg.connect(self._address) as db:
            major = db.info.server_version // 10_000
        try:
            return binaries.choose(self._programs, major=major).folder
        except DatabaseUnavailable:
            raise BackupRefused(
                f"The database is PostgreSQL {major}, and a backup needs the programs of that version here. Install "
                f"them (Debian and Ubuntu: apt-get install postgresql-{major}), or name their folder in ZHIXUN_POSTGRES_BIN."
            ) from None


def counts(db: psycopg.Connection) -> dict[str, int]:
    """Table → rows, of every table of ours."""
    named = db.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'procrastinate%' ORDER BY 1"
    ).fetchall()
    found = {}
    for (name,) in named:
        row = db.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(name))).fetchone()
        found[name] = int(row[0]) if row else 0
    return found


def _read(note: dict[str, Any]) -> Backup:
    verified = note["verified_at"]
    return Backup(
        str(note["name"]), datetime.fromisoformat(str(note["made_at"])), int(str(note["size_bytes"])),
        dict(note["counts"]), datetime.fromisoformat(str(verified)) if verified else None,
        tuple(note["problems"]),
    )  # fmt: skip


def _with_database(address: str, name: str) -> str:
    """The same server, another database; the rest of the address stays."""
    head, _, query = address.partition("?")
    scheme, _, rest = head.partition("://")
    server, slash, _ = rest.partition("/")
    return f"{scheme}://{server}{slash or '/'}{name}" + (f"?{query}" if query else "")
