"""What the house keeper asks of the outside: copies of the whole house, and proof that they can be brought back."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class Backup:
    name: str
    made_at: datetime
    size_bytes: int
    counts: dict[str, int]
    """Table → rows, as they were when it was made."""
    verified_at: datetime | None
    problems: tuple[str, ...]


class BackupRefused(Exception):
    """It cannot be done; the sentence says why and what to do."""


class Backups(Protocol):
    """Encrypted copies of the database and the files. The master keys are never among them."""

    def create(self, now: datetime) -> Backup:
        """Make one. Raises BackupRefused."""

    def known(self) -> list[Backup]:
        """The newest first."""

    def rehearsed(self, name: str) -> AbstractContextManager[str]:
        """Bring it back into a scratch database that lives as long as the block; yields its address."""

    def note_verified(self, name: str, now: datetime, problems: tuple[str, ...]) -> Backup:
        """Write down what a rehearsal found."""

    def restore(self, name: str) -> None:
        """Put its database and files in the place of the present ones. Raises BackupRefused."""

    def forget_old(self, keep: int) -> list[str]:
        """Delete all but the newest `keep`, and never the newest that was verified; returns what went."""

    def note_erased(self, person_id: str) -> None:
        """Remember, beside the backups, whom none of them may bring back. Twice is once."""

    def erased(self) -> list[str]: ...
