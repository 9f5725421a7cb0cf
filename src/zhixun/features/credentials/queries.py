from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from zhixun.features.accounts import queries as accounts
from zhixun.features.accounts.rules import check_right
from zhixun.features.catalog import queries as catalog
from zhixun.kernel.errors import Forbidden, NotFound
from zhixun.kernel.sealed import unseal
from zhixun.kernel.tables import any_of
from zhixun.kernel.values import Actor

from .models import Application, Check, Claim, ClaimScan
from .rules import ClaimState, Wish
from .rules.scans import JPEG

QUEUE_SHOWN = 100


@dataclass(frozen=True)
class ScanLine:
    id: str
    claim_id: str
    owner_id: str
    position: int
    media_type: str
    bytes: int

    @property
    def is_picture(self) -> bool:
        return self.media_type == JPEG

    @property
    def name(self) -> str:
        return f"scan-{self.position}.{'jpg' if self.is_picture else 'pdf'}"


@dataclass(frozen=True)
class ClaimLine:
    """A credential as its owner sees it, and as it stands in the reviewers' queue."""

    id: str
    consultant_id: str
    name: str
    kind: str
    number_shown: str
    issuer: str
    issued_on: date
    expires_on: date | None
    state: ClaimState
    submitted_at: datetime
    decided_at: datetime | None
    checks: int
    """How many have agreed so far."""
    reason: str
    scans: tuple[ScanLine, ...] = ()


@dataclass(frozen=True)
class ClaimView:
    """Everything a reviewer needs to check one."""

    line: ClaimLine
    number: str
    note: str
    checked_by_me: bool


@dataclass(frozen=True)
class ApplicationView:
    id: str
    person_id: str
    name: str
    wish: Wish
    state: str
    reason: str
    applied_at: datetime
    decided_at: datetime | None


def claims_of(db: Session, consultant_id: str) -> list[ClaimLine]:
    """One's own, the newest first. Two statements."""
    mine = select(Claim).where(Claim.consultant_id == consultant_id).order_by(Claim.submitted_at.desc())
    return _with_scans(db, [_line(row, "") for row in db.scalars(mine)])


def own_scan(db: Session, claim_id: str, scan_id: str, actor: Actor) -> ScanLine:
    """For whoever handed it in. Raises NotFound."""
    found = _scan(db, claim_id, scan_id)
    if found.owner_id != actor.user_id:
        raise NotFound
    return found


def check_own(db: Session, claim_id: str, actor: Actor) -> None:
    """Raises NotFound, of another's credential too."""
    row = db.get(Claim, claim_id)
    if row is None or row.consultant_id != actor.user_id:
        raise NotFound


def scan_to_check(db: Session, claim_id: str, scan_id: str, actor: Actor) -> ScanLine:
    """For reviewers, and not of their own. Raises Forbidden, NotFound."""
    _check_reviewer(actor)
    found = _scan(db, claim_id, scan_id)
    if found.owner_id == actor.user_id:
        raise NotFound
    return found


def scan_is_kept(db: Session, scan_id: str) -> bool:
    return db.get(ClaimScan, scan_id) is not None


def queue(db: Session, actor: Actor, language: str) -> list[ClaimLine]:
    """What waits for this reviewer: not their own, and not what they have checked. Names in `language`. Raises Forbidden."""
    _check_reviewer(actor)
    mine = exists().where(Check.claim_id == Claim.id, Check.reviewer_id == actor.user_id)
    waiting = select(Claim).where(Claim.state == "submitted", Claim.consultant_id != actor.user_id, ~mine)
    rows = list(db.scalars(waiting.order_by(Claim.submitted_at, Claim.id).limit(QUEUE_SHOWN)))
    return _named(db, rows, language)


def claim(db: Session, claim_id: str, actor: Actor, language: str) -> ClaimView:
    """One credential with its whole number; reading it leaves a line that its owner can see. Raises Forbidden, NotFound."""
    _check_reviewer(actor)
    row = db.get(Claim, claim_id)
    if row is None or row.consultant_id == actor.user_id:
        raise NotFound
    opened = {
        column.key: unseal(
            db, column, row=row.id, person=row.consultant_id, sealed=getattr(row, column.key), reader=actor
        )
        for column in (Claim.number, Claim.note)
    }
    mine = db.get(Check, (row.id, actor.user_id)) is not None
    line = _with_scans(db, _named(db, [row], language))[0]
    return ClaimView(line, opened["number"], opened["note"], mine)


def verified_count(db: Session, person_id: str) -> int:
    """How many different kinds of verified credentials that hold today."""
    holds = or_(Claim.expires_on.is_(None), Claim.expires_on >= func.current_date())
    verified = (Claim.consultant_id == person_id, Claim.state == "verified", holds)
    return db.scalars(select(func.count(Claim.kind.distinct())).where(*verified)).one()


def application_of(db: Session, person_id: str) -> ApplicationView | None:
    """A person's newest application, if they ever applied."""
    newest = select(Application).where(Application.person_id == person_id).order_by(Application.applied_at.desc())
    row = db.scalars(newest.limit(1)).first()
    return _application(row, "") if row else None


def applications(db: Session, actor: Actor) -> list[tuple[ApplicationView, int]]:
    """The desk's queue, the longest waiting first, with how many kinds of credentials are verified. RightNeeded."""
    check_right(actor, "appoint")
    open_ = select(Application).where(Application.state == "applied").order_by(Application.applied_at)
    rows = list(db.scalars(open_.limit(QUEUE_SHOWN)))
    people = accounts.people(db, {row.person_id for row in rows})
    names = {person.user_id: person.name for person in people.values()}
    return [(_application(row, names.get(row.person_id, "–")), verified_count(db, row.person_id)) for row in rows]


def _scan(db: Session, claim_id: str, scan_id: str) -> ScanLine:
    row = db.get(ClaimScan, scan_id)
    if row is None or row.claim_id != claim_id:
        raise NotFound
    return _scan_line(row)


def _with_scans(db: Session, lines: Sequence[ClaimLine]) -> list[ClaimLine]:
    named = select(ClaimScan).where(ClaimScan.claim_id == any_of([line.id for line in lines]))
    found: dict[str, list[ScanLine]] = defaultdict(list)
    for row in db.scalars(named.order_by(ClaimScan.claim_id, ClaimScan.position)):
        found[row.claim_id].append(_scan_line(row))
    return [replace(line, scans=tuple(found[line.id])) for line in lines]


def _scan_line(row: ClaimScan) -> ScanLine:
    return ScanLine(row.id, row.claim_id, row.consultant_id, row.position, row.media_type, row.bytes)


def _check_reviewer(actor: Actor) -> None:
    if not actor.is_a("reviewer"):
        raise Forbidden


def _named(db: Session, rows: Sequence[Claim], language: str) -> list[ClaimLine]:
    people = catalog.called(db, accounts.people(db, {row.consultant_id for row in rows}), language)
    return [_line(row, people[row.consultant_id].name if row.consultant_id in people else "–") for row in rows]


def _line(row: Claim, name: str) -> ClaimLine:
    return ClaimLine(
        row.id, row.consultant_id, name, row.kind, row.number_shown, row.issuer, row.issued_on, row.expires_on,
        ClaimState(row.state), row.submitted_at, row.decided_at, bool(row.first_by) + bool(row.second_by), row.reason,
    )  # fmt: skip


def _application(row: Application, name: str) -> ApplicationView:
    wish = Wish(
        row.field_id, row.title, row.line, row.about, row.city, row.years, row.price_minor, tuple(row.topic_ids)
    )  # fmt: skip
    return ApplicationView(row.id, row.person_id, name, wish, row.state, row.reason, row.applied_at, row.decided_at)
