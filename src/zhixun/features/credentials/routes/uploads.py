from __future__ import annotations

from collections.abc import Sequence

from flask import request

from zhixun.features.credentials import actions
from zhixun.features.credentials.rules import scans as rules
from zhixun.features.credentials.rules.scans import Scan
from zhixun.kernel.ports import BlobStore
from zhixun.kernel.services import service
from zhixun.web import limits
from zhixun.web.security import current_actor, work


def sent() -> list[Scan]:
    """The scans of a form, checked. Raises Invalid, TooMany."""
    chosen = [one for one in request.files.getlist("scans") if one.filename]
    rules.check_count(len(chosen))
    if chosen:
        limits.limit("send_scans", current_actor().user_id, tries=rules.UPLOADS_MAX, seconds=rules.UPLOADS_SECONDS)
    return [rules.checked(one.read()) for one in chosen]


def keep(claim_id: str, key: str, scans: Sequence[Scan]) -> None:
    """Files first, sealed, then the rows that name them: nobody is shown a scan that is not there."""
    if not scans:
        return
    with work() as uow:
        kept = actions.seal_scans(uow, claim_id=claim_id, key=key, scans=scans)
    for name, data in kept:
        service(BlobStore).put(name, data)
