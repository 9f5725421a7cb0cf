from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from zhixun.events.credentials import (
    ApplicationDecided,
    CredentialDecided,
    CredentialExpiring,
    CredentialSubmitted,
)
from zhixun.features.accounts import actions as accounts
from zhixun.features.accounts import queries as accounts_queries
from zhixun.features.accounts.rules import check_right
from zhixun.features.catalog import actions as catalog
from zhixun.features.catalog import queries as catalog_queries
from zhixun.features.credentials import queries, rules
from zhixun.features.credentials.models import Application, Check, Claim
from zhixun.features.credentials.rules import ApplicationState, ClaimState, Proof, Wish
from zhixun.features.credentials.rules.scans import Scan
from zhixun.kernel.errors import N_, Conflict, Forbidden, NotFound
from zhixun.kernel.sealed import seal
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import Money, Words

from .refusals import CheckedByYou, DecidedAlready, NotVerifiedYet, TooManyClaims
from .scans import add_scans, check_may_submit, erase_scans, forget_scans, keep_scans, remove_scan, seal_scans

__all__ = [
    "CheckedByYou",
    "DecidedAlready",
    "NotVerifiedYet",
    "TooManyClaims",
    "add_scans",
    "erase_scans",
    "remove_scan",
    "seal_scans",
]

RIGHT = "appoint"


def submit_claim(uow: UnitOfWork, *, claim_id: str, proof: Proof, scans: Sequence[Scan] = ()) -> str:
    """Hand in a credential to be checked by two people, with scans that `seal_scans` has sealed under the claim's own id;
    the same id twice is done once.

    Raises Forbidden (neither a consultant nor applying), Invalid, TooManyClaims, NotFound (another's id).
    """
    person = uow.actor.user_id
    proof = rules.check_proof(proof, today=uow.now.date())
    if check_may_submit(uow, claim_id):
        return claim_id
    uow.db.add(
        Claim(
            id=claim_id, consultant_id=person, kind=proof.kind, number_shown=rules.masked(proof.number),
            number=seal(uow.db, Claim.number, row=claim_id, person=person, text=proof.number), issuer=proof.issuer,
            issued_on=proof.issued_on, expires_on=proof.expires_on, state=ClaimState.SUBMITTED.value,
            note=seal(uow.db, Claim.note, row=claim_id, person=person, text=proof.note), submitted_at=uow.now,
            decided_at=None, first_by="", second_by="", reason="", expiry_told_at=None,
        )
    )  # fmt: skip
    uow.db.flush()
    keep_scans(uow, claim_id=claim_id, key=claim_id, scans=scans)
    uow.emit(CredentialSubmitted(claim_id=claim_id, consultant_id=person))
    return claim_id


def withdraw_claim(uow: UnitOfWork, *, claim_id: str) -> None:
    """Take back what was handed in; a verified one loses its seal. Raises NotFound, DecidedAlready."""
    row = _locked(uow, claim_id)
    if row.consultant_id != uow.actor.user_id:
        raise NotFound
    if row.state == ClaimState.WITHDRAWN:
        return
    if row.state == ClaimState.VERIFIED:
        catalog.remove_credential(uow, credential_id=row.id)
    _become(uow, row, ClaimState.WITHDRAWN)


def agree(uow: UnitOfWork, *, claim_id: str) -> ClaimState:
    """One reviewer has checked it and agrees; the second one's agreement puts it on the consultant's page.

    Raises Forbidden (no reviewer, or one's own), NotFound, DecidedAlready, CheckedByYou.
    """
    row = _to_judge(uow, claim_id)
    _note_check(uow, row, agrees=True)
    if not row.first_by:
        row.first_by = uow.actor.user_id
        return ClaimState.SUBMITTED
    row.second_by = uow.actor.user_id
    _become(uow, row, ClaimState.VERIFIED)
    catalog.add_credential(
        uow, credential_id=row.id, consultant_id=row.consultant_id, name=rules.KINDS[row.kind], how=rules.HOW,
        number=row.number_shown, checked_on=uow.now.date(), expires_on=row.expires_on,
    )  # fmt: skip
    return ClaimState.VERIFIED


def refuse(uow: UnitOfWork, *, claim_id: str, reason: str) -> None:
    """One reviewer's refusal is enough; its owner reads the reason. Raises as `agree`, and Invalid."""
    text = rules.check_reason(reason)
    row = _to_judge(uow, claim_id)
    _note_check(uow, row, agrees=False)
    row.reason = text
    _become(uow, row, ClaimState.REFUSED)


def apply(uow: UnitOfWork, *, application_id: str, wish: Wish) -> str:
    """Ask to become a consultant, or change what was said while it is undecided. Raises Invalid, Conflict."""
    fields = catalog_queries.fields(uow.db)
    wish = rules.check_wish(wish, {field.id: {topic.id for topic in field.topics} for field in fields})
    if uow.actor.is_a("consultant"):
        raise Conflict(N_("You are a consultant already."))
    open_ = select(Application).where(Application.person_id == uow.actor.user_id, Application.state == "applied")
    row = uow.db.scalar(open_.with_for_update())
    if row is None:
        row = Application(
            id=application_id,
            person_id=uow.actor.user_id,
            state="applied",
            reason="",
            applied_at=uow.now,
            decided_at=None,
        )
        uow.db.add(row)
    row.field_id, row.title, row.line, row.about = wish.field_id, wish.title, wish.line, wish.about
    row.city, row.years, row.price_minor, row.topic_ids = wish.city, wish.years, wish.price_minor, list(wish.topic_ids)
    return row.id


def accept_application(uow: UnitOfWork, *, application_id: str) -> None:
    """The desk takes them on, once the credentials their field asks for are verified: a page with the topics they chose (that
    the field still has), a first service, and the role; their calendar opens by the fact. Raises RightNeeded, NotFound, DecidedAlready, NotVerifiedYet.
    """
    row = _to_decide(uow, application_id)
    field = next(one for one in catalog_queries.fields(uow.db) if one.id == row.field_id)
    if queries.verified_count(uow.db, row.person_id) < len(field.credentials_required):
        raise NotVerifiedYet
    person = accounts_queries.person(uow.db, row.person_id)
    said = [Words.of({person.language: text}) for text in (row.title, row.line, row.about, row.city)]
    catalog.list_consultant(
        uow, consultant_id=row.person_id, slug=rules.slug_of(person.name, row.person_id), name=Words(person.name, person.name),
        field_id=row.field_id, topic_ids=[topic.id for topic in field.topics if topic.id in row.topic_ids], languages=[person.language], years=row.years,
        seniority=rules.seniority_of(row.years), gender="", portrait=row.person_id[-12:], title=said[0], line=said[1],
        about=said[2], city=said[3],
    )  # fmt: skip
    catalog.add_service(
        uow, service_id=row.id, consultant_id=row.person_id, channel="video", minutes=60, price=Money(row.price_minor),
        title=rules.FIRST_SERVICE,
    )  # fmt: skip
    accounts.grant_role(uow, user_id=row.person_id, role="consultant")
    _decide(uow, row, ApplicationState.ACCEPTED)


def refuse_application(uow: UnitOfWork, *, application_id: str, reason: str) -> None:
    """Raises RightNeeded, NotFound, DecidedAlready, Invalid."""
    text = rules.check_reason(reason)
    row = _to_decide(uow, application_id)
    row.reason = text
    _decide(uow, row, ApplicationState.REFUSED)


def pass_time(uow: UnitOfWork) -> int:
    """Let lapse what nobody decided, and end what has run out; returns how many. Runs by the clock."""
    late = select(Claim).where(Claim.state == "submitted", Claim.submitted_at <= uow.now - rules.CHECKED_WITHIN)
    ended = select(Claim).where(Claim.state == "verified", Claim.expires_on < uow.now.date())
    forgotten = select(Application).where(
        Application.state == "applied", Application.applied_at <= uow.now - rules.DECIDED_WITHIN
    )
    count = 0
    for wanted, state in ((late, ClaimState.LAPSED), (ended, ClaimState.EXPIRED)):
        for row in uow.db.scalars(wanted.with_for_update(skip_locked=True)):
            _become(uow, row, state)
            count += 1
    for application in uow.db.scalars(forgotten.with_for_update(skip_locked=True)):
        _decide(uow, application, ApplicationState.LAPSED)
        count += 1
    return count


def tell_expiring(uow: UnitOfWork) -> int:
    """State for every credential that runs out within 30 days that it does, once; returns how many. Runs by the clock."""
    today = uow.now.date()
    near = select(Claim).where(
        Claim.state == "verified", Claim.expiry_told_at.is_(None),
        Claim.expires_on.between(today, today + rules.EXPIRY_TOLD_BEFORE),
    )  # fmt: skip
    rows = uow.db.scalars(near.with_for_update(skip_locked=True)).all()
    for row in rows:
        assert row.expires_on is not None, "asked for those that run out"
        row.expiry_told_at = uow.now
        uow.emit(
            CredentialExpiring(
                claim_id=row.id, consultant_id=row.consultant_id, kind=row.kind, expires_on=row.expires_on.isoformat()
            )
        )  # fmt: skip
    return len(rows)


def _to_judge(uow: UnitOfWork, claim_id: str) -> Claim:
    if not uow.actor.is_a("reviewer"):
        raise Forbidden
    row = _locked(uow, claim_id)
    if row.consultant_id == uow.actor.user_id:
        raise Forbidden(N_("Nobody checks their own credentials."))
    if row.state != ClaimState.SUBMITTED:
        raise DecidedAlready
    return row


def _note_check(uow: UnitOfWork, row: Claim, *, agrees: bool) -> None:
    new = insert(Check).values(
        claim_id=row.id, reviewer_id=uow.actor.user_id, consultant_id=row.consultant_id, agrees=agrees, at=uow.now
    )
    if agrees and uow.db.scalar(new.on_conflict_do_nothing().returning(Check.claim_id)) is None:
        raise CheckedByYou
    if not agrees:
        # Who agreed may see better later: the verdict is replaced, and refusing needs one person only.
        uow.db.execute(
            new.on_conflict_do_update(index_elements=["claim_id", "reviewer_id"], set_={"agrees": False, "at": uow.now})
        )


def _locked(uow: UnitOfWork, claim_id: str) -> Claim:
    row = uow.db.get(Claim, claim_id, with_for_update=True)
    if row is None:
        raise NotFound
    return row


def _become(uow: UnitOfWork, row: Claim, state: ClaimState) -> None:
    if not rules.may_become(ClaimState(row.state), state):
        raise DecidedAlready
    row.state, row.decided_at = state.value, uow.now
    if state is not ClaimState.VERIFIED:
        forget_scans(uow, row.id)
    if state is not ClaimState.WITHDRAWN:
        uow.emit(CredentialDecided(claim_id=row.id, consultant_id=row.consultant_id, kind=row.kind, state=state.value))


def _to_decide(uow: UnitOfWork, application_id: str) -> Application:
    check_right(uow.actor, RIGHT)
    row = uow.db.get(Application, application_id, with_for_update=True)
    if row is None:
        raise NotFound
    if row.state != ApplicationState.APPLIED:
        raise DecidedAlready
    return row


def _decide(uow: UnitOfWork, row: Application, state: ApplicationState) -> None:
    row.state, row.decided_at = state.value, uow.now
    uow.emit(ApplicationDecided(application_id=row.id, person_id=row.person_id, state=state.value))
