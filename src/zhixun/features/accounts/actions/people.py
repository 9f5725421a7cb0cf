from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from zhixun.events.accounts import PersonSignedUp, RolesChanged
from zhixun.features.accounts import queries, rules
from zhixun.features.accounts.models import Block, Challenge, Door, FailedTry, MailLink, SignIn, User
from zhixun.kernel.errors import N_, Conflict, Forbidden, Invalid, NotFound, TooMany
from zhixun.kernel.sealed import seal
from zhixun.kernel.unit_of_work import UnitOfWork, unit_of_work
from zhixun.kernel.values import new_id

from .telling import note_change

_hasher = PasswordHasher()
_hash_of_nobody = _hasher.hash(secrets.token_urlsafe(16))


class EmailTaken(Conflict):
    code, message = "email_taken", N_("There is already an account with this address. Please sign in.")


class WrongPassword(Forbidden):
    code, status, message = "wrong_password", 401, N_("The address or the password is not right.")


class TooManyTries(TooMany):
    code, message = "too_many_tries", N_("Too many wrong passwords. Please wait 15 minutes and try again.")


class LastAdministrator(Conflict):
    code, message = "last_administrator", N_("The house needs at least one administrator. Appoint another one first.")


@dataclass(frozen=True)
class SignedIn:
    token: str
    user_id: str
    expires_at: datetime


def hash_password(password: str) -> str:
    """The argon2id hash (library defaults: 64 MiB, 3 passes). Slow on purpose: call it outside a transaction."""
    rules.check_password(password)
    return _hasher.hash(password)


def sign_up(
    uow: UnitOfWork,
    *,
    user_id: str,
    email: str,
    password_hash: str,
    name: str,
    zone: str = "Asia/Shanghai",
    language: str = "zh",
    roles: Iterable[str] = ("client",),
) -> str:
    """Open an account and return its id. The same id with the same address twice is done once.

    Knowing an id proves nothing: sign nobody in for it without `check_credentials`. Raises Invalid, EmailTaken.
    """
    address = rules.clean_email(email)
    if (known := uow.db.get(User, user_id)) is not None:
        if known.email_index != queries.index_of(uow.db, address):
            raise EmailTaken
        return user_id
    user = User(
        id=user_id,
        email=seal(uow.db, User.email, row=user_id, person=user_id, text=address),
        email_index=queries.index_of(uow.db, address),
        name=rules.clean_name(name),
        password_hash=password_hash,
        roles=sorted(set(roles) & rules.ROLES),
        zone=rules.clean_zone(zone),
        language=rules.clean_language(language),
        created_at=uow.now,
    )
    try:
        with uow.db.begin_nested():
            uow.db.add(user)
    except IntegrityError:
        raise EmailTaken(fields={"email": EmailTaken.message}) from None
    uow.emit(PersonSignedUp(user_id=user_id))
    return user_id


def check_credentials(*, email: str, password: str) -> str:
    """Whose address and password these are (a user id). Own transactions, none open while hashing.

    An address without an account is hashed for, refused and throttled like any other, so that nobody learns who is
    here. Raises WrongPassword or TooManyTries.
    """
    address = rules.clean_email(email)
    with unit_of_work() as uow:
        index = queries.index_of(uow.db, address)
        refuse_too_many(uow, index)
        user = uow.db.scalar(select(User).where(User.email_index == index))
    right = _matches(user.password_hash if user else _hash_of_nobody, password)
    with unit_of_work() as uow:
        # Asked again, one after the other: of a hundred guesses at the same moment no more than eight are answered.
        uow.db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"tries:{index}", 0))))
        refuse_too_many(uow, index)
        if right and user is not None:
            return user.id
        uow.db.add(FailedTry(id=new_id(), email_index=index, at=uow.now))
    raise WrongPassword


def confirm_password(*, user_id: str, password: str) -> None:
    """Once more, before something that cannot be taken back: it is really them. Throttled as signing in is.

    Raises WrongPassword, TooManyTries, NotFound.
    """
    with unit_of_work() as uow:
        address = queries.emails_of(uow.db, [user_id], uow.actor).get(user_id)
    if address is None:
        raise NotFound
    check_credentials(email=address, password=password)


def change_password(uow: UnitOfWork, *, password_hash: str, token: str) -> None:
    """A new password for the asker, who has just confirmed the old one. Everyone else signed in as them is signed out.

    Raises NotFound.
    """
    user = uow.db.get(User, uow.actor.user_id)
    if user is None:
        raise NotFound
    user.password_hash = password_hash
    uow.db.execute(delete(MailLink).where(MailLink.user_id == user.id, MailLink.kind != "confirm"))
    end_other_sign_ins(uow, token=token)
    note_change(uow, "password_changed")


def sign_in(
    uow: UnitOfWork, *, user_id: str, user_agent: str = "", kind: str = "browser", second_factor: bool = False
) -> SignedIn:
    """Open a sign-in for a person whose credentials were checked. `kind` is "browser" or "api"; `second_factor` says that
    they have shown one too."""
    token = secrets.token_urlsafe(32)
    lasts = rules.API_TOKEN_LASTS if kind == "api" else rules.SIGN_IN_LASTS
    proved = lasts if kind == "api" and not second_factor else rules.PROOF_LASTS
    uow.db.add(
        SignIn(
            token_hash=queries.hash_of(token),
            user_id=user_id,
            kind=kind,
            user_agent=user_agent[:200],
            created_at=uow.now,
            expires_at=uow.now + lasts,
            proved_until=uow.now + proved,
            second_factor=second_factor,
        )
    )
    return SignedIn(token, user_id, uow.now + lasts)


def sign_out(uow: UnitOfWork, *, token: str) -> None:
    uow.db.execute(delete(SignIn).where(SignIn.token_hash == queries.hash_of(token)))


def end_sign_in(uow: UnitOfWork, *, sign_in_id: str) -> None:
    """End one of the asker's own sign-ins, wherever it is. One that is gone already, or not theirs, changes nothing."""
    uow.db.execute(
        delete(SignIn).where(
            SignIn.user_id == uow.actor.user_id,
            func.left(SignIn.token_hash, queries.SIGN_IN_ID_LENGTH) == sign_in_id,
        )
    )


def end_other_sign_ins(uow: UnitOfWork, *, token: str) -> None:
    """End all of the asker's sign-ins but the one held by `token`."""
    mine = (SignIn.user_id == uow.actor.user_id, SignIn.token_hash != queries.hash_of(token))
    uow.db.execute(delete(SignIn).where(*mine))


def change_preferences(
    uow: UnitOfWork, *, name: str | None = None, zone: str | None = None, language: str | None = None
) -> None:
    """Change the asker's own name, zone or language; None leaves it as it is. Raises Invalid, NotFound."""
    user = uow.db.get(User, uow.actor.user_id)
    if user is None:
        raise NotFound
    user.name = rules.clean_name(name) if name is not None else user.name
    user.zone = rules.clean_zone(zone) if zone else user.zone
    user.language = rules.clean_language(language) if language else user.language


def appoint(uow: UnitOfWork, *, user_id: str, roles: Iterable[str]) -> None:
    """Give a person exactly these roles of the house (APPOINTED), and take the others of them away; being a client or a
    consultant is not touched. Whoever holds a role at the desk is an operator. Raises RightNeeded, NotFound, Invalid,
    LastAdministrator."""
    rules.check_right(uow.actor, "appoint")
    wanted = frozenset(roles)
    if wanted - rules.APPOINTED:
        raise Invalid(fields={"roles": N_("We do not know this role.")})
    keep_appointments_still(uow)
    user = uow.db.get(User, user_id, with_for_update=True)
    if user is None:
        raise NotFound
    before = frozenset(user.roles) & rules.APPOINTED
    if before == wanted:
        return
    if "administrator" in before - wanted and queries.is_last_administrator(uow.db, user_id):
        raise LastAdministrator
    desk = {"operator"} if wanted & rules.DESK_RIGHTS.keys() else set()
    user.roles = sorted((set(user.roles) - rules.APPOINTED - {"operator"}) | wanted | desk)
    uow.emit(
        RolesChanged(
            user_id=user_id, by_id=uow.actor.user_id, given=" ".join(sorted(wanted - before)),
            taken=" ".join(sorted(before - wanted)),
        )
    )  # fmt: skip


def keep_appointments_still(uow: UnitOfWork) -> None:
    """Whoever appoints, dismisses or is erased does so one after the other until the end of the transaction: two
    administrators who go at the same moment would leave none."""
    uow.db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("appoint", 0))))


def grant_role(uow: UnitOfWork, *, user_id: str, role: str) -> None:
    """Add a role to a person; twice is once. Who may decide that is for the caller to know. Raises NotFound."""
    assert role in rules.ROLES, role
    user = uow.db.get(User, user_id, with_for_update=True)
    if user is None:
        raise NotFound
    if role not in user.roles:
        user.roles = [*user.roles, role]


def block_person(uow: UnitOfWork, *, person_id: str) -> None:
    """The actor wants no more bookings and messages from this person. Twice is once. Raises NotFound."""
    if person_id == uow.actor.user_id or person_id not in queries.people(uow.db, [person_id]):
        raise NotFound
    new = insert(Block).values(blocker_id=uow.actor.user_id, blocked_id=person_id, at=uow.now)
    uow.db.execute(new.on_conflict_do_nothing())


def unblock_person(uow: UnitOfWork, *, person_id: str) -> None:
    """Nothing to take back is fine."""
    uow.db.execute(delete(Block).where(Block.blocker_id == uow.actor.user_id, Block.blocked_id == person_id))


def forget_lapsed(uow: UnitOfWork) -> None:
    """Delete sign-ins that have ended, doors and challenges that nobody can answer at, and tries that no longer count."""
    for table in (SignIn, Door, Challenge, MailLink):
        uow.db.execute(delete(table).where(table.expires_at <= uow.now))
    uow.db.execute(delete(FailedTry).where(FailedTry.at <= uow.now - rules.TRIES_WINDOW))


def refuse_too_many(uow: UnitOfWork, email_index: str) -> None:
    if wait := queries.wait_seconds(uow.db, email_index, uow.now):
        raise TooManyTries(extra={"retry_after_seconds": wait})


def _matches(password_hash: str, password: str) -> bool:
    try:
        return len(password) <= rules.PASSWORD_LENGTH_MAX and _hasher.verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError, UnicodeEncodeError):
        return False
