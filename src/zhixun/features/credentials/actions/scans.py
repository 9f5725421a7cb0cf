"""Scans of a credential: kept while it waits or holds, and fixed once somebody has checked it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, func, select

from zhixun.events.credentials import ScanRemoved
from zhixun.features.credentials import queries, rules
from zhixun.features.credentials.models import Claim, ClaimScan
from zhixun.features.credentials.rules import ClaimState
from zhixun.features.credentials.rules.scans import SCANS_MAX, Scan, check_count, scan_id
from zhixun.kernel import sealed
from zhixun.kernel.errors import N_, Forbidden, NotFound
from zhixun.kernel.unit_of_work import UnitOfWork

from .refusals import CheckedAlready, DecidedAlready, TooManyClaims


def check_may_submit(uow: UnitOfWork, claim_id: str) -> bool:
    """Whether the asker has handed this one in already. Raises Forbidden (neither a consultant nor applying), NotFound
    (another's id), TooManyClaims."""
    person = uow.actor.user_id
    if not uow.actor.is_a("consultant") and queries.application_of(uow.db, person) is None:
        raise Forbidden(N_("Please apply first."))
    known = uow.db.get(Claim, claim_id)
    if known is not None:
        if known.consultant_id != person:
            raise NotFound
        return True
    waiting = select(func.count()).select_from(Claim).where(Claim.consultant_id == person, Claim.state == "submitted")
    if uow.db.scalars(waiting).one() >= rules.CLAIMS_OPEN_MAX:
        raise TooManyClaims
    return False


def seal_scans(uow: UnitOfWork, *, claim_id: str, key: str, scans: Sequence[Scan]) -> list[tuple[str, bytes]]:
    """(id, sealed data) for each; the caller puts them into the BlobStore, then hands in the credential or adds them under
    the same `key` (of a new credential its id). Raises Invalid, and as `check_may_submit`."""
    check_count(len(scans))
    check_may_submit(uow, claim_id)
    named = [(scan_id(claim_id, key, scan), scan.data) for scan in scans]
    owner = uow.actor.user_id
    return [(name, sealed.seal_blob(uow.db, blob_id=name, person=owner, data=data)) for name, data in named]


def add_scans(uow: UnitOfWork, *, claim_id: str, key: str, scans: Sequence[Scan]) -> None:
    """More scans of a credential that nobody has checked yet. The same key twice is done once.

    Raises Invalid, NotFound (another's too), DecidedAlready, CheckedAlready.
    """
    _own_unchecked(uow, claim_id)
    keep_scans(uow, claim_id=claim_id, key=key, scans=scans)


def remove_scan(uow: UnitOfWork, *, claim_id: str, scan_id: str) -> None:
    """Take one back. Raises NotFound (another's too), DecidedAlready, CheckedAlready."""
    _own_unchecked(uow, claim_id)
    gone = delete(ClaimScan).where(ClaimScan.id == scan_id, ClaimScan.claim_id == claim_id).returning(ClaimScan.id)
    if uow.db.scalar(gone) is None:
        raise NotFound
    uow.emit(ScanRemoved(scan_id=scan_id))


def keep_scans(uow: UnitOfWork, *, claim_id: str, key: str, scans: Sequence[Scan]) -> None:
    """The rows of scans that lie in the BlobStore already, in the places that are free; the claim's row is locked or new."""
    rows = uow.db.scalars(select(ClaimScan).where(ClaimScan.claim_id == claim_id)).all()
    known, taken = {row.id for row in rows}, {row.position for row in rows}
    wanted = {scan_id(claim_id, key, scan): scan for scan in scans}
    new = {name: scan for name, scan in wanted.items() if name not in known}
    check_count(len(known) + len(new))
    free = (place for place in range(1, SCANS_MAX + 1) if place not in taken)
    for place, (name, scan) in zip(free, new.items(), strict=False):
        uow.db.add(
            ClaimScan(
                id=name, claim_id=claim_id, consultant_id=uow.actor.user_id, position=place, media_type=scan.media_type,
                bytes=len(scan.data), added_at=uow.now,
            )
        )  # fmt: skip


def forget_scans(uow: UnitOfWork, claim_id: str) -> None:
    """What was needed to check a credential goes with it."""
    for gone in uow.db.scalars(delete(ClaimScan).where(ClaimScan.claim_id == claim_id).returning(ClaimScan.id)):
        uow.emit(ScanRemoved(scan_id=gone))


def erase_scans(uow: UnitOfWork, person_id: str) -> int:
    gone = uow.db.scalars(delete(ClaimScan).where(ClaimScan.consultant_id == person_id).returning(ClaimScan.id)).all()
    for one in gone:
        uow.emit(ScanRemoved(scan_id=one))
    return len(gone)


def _own_unchecked(uow: UnitOfWork, claim_id: str) -> None:
    row = uow.db.get(Claim, claim_id, with_for_update=True)
    if row is None or row.consultant_id != uow.actor.user_id:
        raise NotFound
    if row.state != ClaimState.SUBMITTED:
        raise DecidedAlready
    if row.first_by:
        raise CheckedAlready
