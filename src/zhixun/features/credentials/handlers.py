from __future__ import annotations

from zhixun.events.credentials import ScanRemoved
from zhixun.kernel.ports import BlobStore
from zhixun.kernel.services import service
from zhixun.kernel.tables import Session

from . import queries


def forget_scan(event: ScanRemoved) -> None:
    """One that was sent again in the meantime, by the same form, stays."""
    with Session() as db:
        kept = queries.scan_is_kept(db, event.scan_id)
    if not kept:
        service(BlobStore).delete(event.scan_id)
