from __future__ import annotations

from zhixun.events.privacy import PersonErased
from zhixun.kernel.services import service

from .ports import Backups


def remember_erased(event: PersonErased) -> None:
    """No backup may bring an erased person back: restoring erases them again."""
    service(Backups).note_erased(event.person_id)
