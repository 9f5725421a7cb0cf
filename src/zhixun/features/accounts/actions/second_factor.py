"""A second factor beside the password: an app that counts codes, recovery codes, and the door they are asked at."""

from __future__ import annotations

import secrets

import pyotp
from sqlalchemy import delete, func, select, update

from zhixun.features.accounts import queries, rules
from zhixun.features.accounts.models import App, Door, FailedTry, RecoveryCode, SignIn
from zhixun.kernel.errors import N_, Conflict, Forbidden, NotFound
from zhixun.kernel.sealed import seal, unseal
from zhixun.kernel.unit_of_work import UnitOfWork, unit_of_work
from zhixun.kernel.values import SYSTEM, Actor, new_id

from .people import refuse_too_many
from .telling import note_change


class WrongCode(Forbidden):
    code, status = "wrong_code", 401
    message = N_("This code is not right, or it was used already. Wait for the next one and try again.")


class AppExists(Conflict):
    code, message = "app_exists", N_("You have an authenticator app already. Remove it first.")


class NoFactor(Conflict):
    code, message = "no_factor", N_("Recovery codes stand in for a second factor. Set one up first.")


def open_door(uow: UnitOfWork, *, user_id: str) -> str:
    """The password was right and a second factor is asked: the token of the door they stand at, good for ten minutes."""
    token = secrets.token_urlsafe(32)
    uow.db.add(
        Door(
            token_hash=queries.hash_of(token), user_id=user_id, opened_at=uow.now,
            expires_at=uow.now + rules.DOOR_LASTS,
        )
    )  # fmt: skip
    return token


def close_door(uow: UnitOfWork, *, token: str) -> None:
    uow.db.execute(delete(Door).where(Door.token_hash == queries.hash_of(token)))


def check_code(*, user_id: str, code: str) -> None:
    """A code of their app, or one of their recovery codes: good once. Own transaction, throttled as passwords are.

    Raises WrongCode, TooManyTries.
    """
    with unit_of_work() as uow:
        index = _one_by_one(uow, user_id)
        if _takes_code(uow, user_id, rules.clean_code(code)):
            return
        uow.db.add(FailedTry(id=new_id(), email_index=index, at=uow.now))
    raise WrongCode(fields={"code": WrongCode.message})


def prove(uow: UnitOfWork, *, token: str, by_factor: bool) -> None:
    """Whoever holds this sign-in has just shown again that it is them: by a second factor, or by their password."""
    until = {"proved_until": uow.now + rules.PROOF_LASTS}
    held = SignIn.token_hash == queries.hash_of(token)
    uow.db.execute(update(SignIn).where(held).values(until | ({"second_factor": True} if by_factor else {})))


def begin_app(uow: UnitOfWork) -> None:
    """Make a new secret for the asker's app. It counts once `confirm_app` has seen a code of it. Raises AppExists."""
    user_id = uow.actor.user_id
    _lock(uow, user_id)
    known = uow.db.get(App, user_id, populate_existing=True)
    if known is not None and known.confirmed_at is not None:
        raise AppExists
    secret = seal(uow.db, App.secret, row=user_id, person=user_id, text=pyotp.random_base32())
    if known is None:
        uow.db.add(App(user_id=user_id, secret=secret, last_step=0, made_at=uow.now, confirmed_at=None))
    else:
        known.secret, known.made_at = secret, uow.now


def confirm_app(actor: Actor, *, token: str, code: str) -> tuple[str, ...]:
    """The app shows codes that fit: from now on it is asked for. Own transaction.

    Returns recovery codes where these are the person's first; they are never shown again. Confirmed twice is once.
    Raises NotFound, WrongCode, TooManyTries.
    """
    with unit_of_work(actor) as uow:
        index = _one_by_one(uow, actor.user_id)
        app = uow.db.get(App, actor.user_id, populate_existing=True)
        if app is None:
            raise NotFound
        if app.confirmed_at is not None:
            return ()
        if (step := _step(uow, app, rules.clean_code(code))) is not None:
            app.last_step, app.confirmed_at = step, uow.now
            return factor_added(uow, token=token, change="app_added")
        uow.db.add(FailedTry(id=new_id(), email_index=index, at=uow.now))
    raise WrongCode(fields={"code": WrongCode.message})


def remove_app(uow: UnitOfWork) -> None:
    """The asker's app is no longer asked for. None there changes nothing."""
    gone = uow.db.execute(delete(App).where(App.user_id == uow.actor.user_id).returning(App.confirmed_at)).scalar()
    if gone is not None:
        factor_removed(uow, change="app_removed")


def make_codes(uow: UnitOfWork) -> tuple[str, ...]:
    """Ten new recovery codes for the asker; the old ones end. Raises NoFactor."""
    _lock(uow, uow.actor.user_id)
    if not queries.has_second_factor(uow.db, uow.actor.user_id):
        raise NoFactor
    note_change(uow, "codes_made")
    return _new_codes(uow)


def factor_added(uow: UnitOfWork, *, token: str, change: str) -> tuple[str, ...]:
    """Note a new factor of the asker's, count this sign-in as made with it, and return their first recovery codes."""
    note_change(uow, change)
    prove(uow, token=token, by_factor=True)
    others = (SignIn.user_id == uow.actor.user_id, SignIn.token_hash != queries.hash_of(token))
    soon = func.least(SignIn.proved_until, uow.now + rules.PROOF_LASTS)
    uow.db.execute(update(SignIn).where(*others).values(proved_until=soon))
    uow.db.flush()
    return () if queries.factors_of(uow.db, uow.actor.user_id).codes_left else _new_codes(uow)


def factor_removed(uow: UnitOfWork, *, change: str) -> None:
    """Note that a factor is gone; with the last of them the recovery codes go."""
    note_change(uow, change)
    uow.db.flush()
    if not queries.has_second_factor(uow.db, uow.actor.user_id):
        uow.db.execute(delete(RecoveryCode).where(RecoveryCode.user_id == uow.actor.user_id))
        mine = SignIn.user_id == uow.actor.user_id
        uow.db.execute(update(SignIn).where(mine).values(second_factor=False))


def _takes_code(uow: UnitOfWork, user_id: str, code: str) -> bool:
    if not rules.is_app_code(code):
        digest = queries.recovery_hash(uow.db, user_id, code)
        unused = (RecoveryCode.user_id == user_id, RecoveryCode.code_hash == digest, RecoveryCode.used_at.is_(None))
        used = update(RecoveryCode).where(*unused).values(used_at=uow.now).returning(RecoveryCode.code_hash)
        if uow.db.scalar(used) is None:
            return False
        note_change(uow, "code_used", user_id=user_id)
        return True
    app = uow.db.get(App, user_id, populate_existing=True)
    if app is None or app.confirmed_at is None or (step := _step(uow, app, code)) is None:
        return False
    app.last_step = step
    return True


def _step(uow: UnitOfWork, app: App, code: str) -> int | None:
    secret = unseal(uow.db, App.secret, row=app.user_id, person=app.user_id, sealed=app.secret, reader=SYSTEM)
    return rules.step_of(secret, code, uow.now, after=app.last_step)


def _new_codes(uow: UnitOfWork) -> tuple[str, ...]:
    user_id, codes = uow.actor.user_id, rules.new_recovery_codes()
    uow.db.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    uow.db.add_all(
        RecoveryCode(
            user_id=user_id, code_hash=queries.recovery_hash(uow.db, user_id, rules.clean_code(code)), made_at=uow.now,
            used_at=None,
        )
        for code in codes
    )  # fmt: skip
    return codes


def _one_by_one(uow: UnitOfWork, user_id: str) -> str:
    """Of a hundred guesses at the same moment no more than eight are answered. Raises TooManyTries."""
    _lock(uow, user_id)
    index = queries.code_tries_index(uow.db, user_id)
    refuse_too_many(uow, index)
    return index


def _lock(uow: UnitOfWork, user_id: str) -> None:
    uow.db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"factor:{user_id}", 0))))
