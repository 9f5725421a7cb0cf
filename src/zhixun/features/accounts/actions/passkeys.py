"""Passkeys (WebAuthn): keys that stay in a device, made for this site alone. The challenge of each ceremony is kept here,
with whoever it was given to, and is good for one answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from zhixun.features.accounts import queries, rules
from zhixun.features.accounts.models import Challenge, Passkey
from zhixun.features.accounts.rules import Place, Purpose
from zhixun.kernel.errors import N_, Conflict, Forbidden
from zhixun.kernel.unit_of_work import UnitOfWork, unit_of_work
from zhixun.kernel.values import Actor, new_id

from .second_factor import factor_added, factor_removed

if TYPE_CHECKING:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor


class WrongPasskey(Forbidden):
    code, status = "wrong_passkey", 401
    message = N_("This passkey could not be checked. Please try again.")


class PasskeyKnown(Conflict):
    code, message = "passkey_known", N_("This device has a passkey here already.")


class TooManyPasskeys(Conflict):
    code, message = "too_many_passkeys", N_("You have ten passkeys already. Remove one you no longer use.")


def registration_options(uow: UnitOfWork, *, token: str, place: Place) -> str:
    """What the browser of the asker needs to make a passkey, as JSON. `token` is their sign-in."""
    import webauthn
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    options = webauthn.generate_registration_options(
        rp_id=place.rp_id, rp_name="知询 Zhixun", user_id=uow.actor.user_id.encode(), user_name=uow.actor.name,
        challenge=_new_challenge(uow, token, "register"),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.PREFERRED
        ),
        exclude_credentials=_described(queries.credentials_of(uow.db, uow.actor.user_id)),
    )  # fmt: skip
    return webauthn.options_to_json(options)


def add_passkey(actor: Actor, *, token: str, place: Place, credential: str, name: str) -> tuple[str, ...]:
    """Keep the passkey the asker's browser has made. Own transactions.

    Returns their first recovery codes (see confirm_app). Raises Invalid, WrongPasskey, PasskeyKnown, TooManyPasskeys.
    """
    import webauthn
    from webauthn.helpers import bytes_to_base64url

    called = rules.clean_passkey_name(name)
    challenge = _taken_challenge(token, "register")
    try:
        made = webauthn.verify_registration_response(
            credential=rules.clean_credential(credential), expected_challenge=challenge, expected_rp_id=place.rp_id,
            expected_origin=place.origin,
        )  # fmt: skip
    except Exception as refusal:  # the bytes are a stranger's, and the library raises what its parsers raise
        raise WrongPasskey from refusal
    with unit_of_work(actor) as uow:
        uow.db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"factor:{actor.user_id}", 0))))
        if len(queries.credentials_of(uow.db, actor.user_id)) >= rules.PASSKEYS_MAX:
            raise TooManyPasskeys
        row = Passkey(
            id=new_id(), user_id=actor.user_id, credential_id=bytes_to_base64url(made.credential_id),
            public_key=made.credential_public_key, sign_count=made.sign_count, name=called, made_at=uow.now, used_at=None,
        )  # fmt: skip
        try:
            with uow.db.begin_nested():
                uow.db.add(row)
        except IntegrityError:
            raise PasskeyKnown from None
        return factor_added(uow, token=token, change="passkey_added")


def remove_passkey(uow: UnitOfWork, *, passkey_id: str) -> None:
    """One of the asker's own. One that is gone already, or not theirs, changes nothing."""
    mine = (Passkey.id == passkey_id, Passkey.user_id == uow.actor.user_id)
    if uow.db.scalar(delete(Passkey).where(*mine).returning(Passkey.id)) is not None:
        factor_removed(uow, change="passkey_removed")


def passkey_options(uow: UnitOfWork, *, holder: str, purpose: Purpose, place: Place, user_id: str = "") -> str:
    """What a browser needs to answer with a passkey, as JSON: one of this person's, or whichever its owner chooses.

    `holder` is the token the answer must come with: of a sign-in, of a door, or of a browser nobody has signed in with.
    """
    import webauthn
    from webauthn.helpers.structs import UserVerificationRequirement

    alone = purpose == "sign_in"
    options = webauthn.generate_authentication_options(
        rp_id=place.rp_id, challenge=_new_challenge(uow, holder, purpose),
        allow_credentials=_described(queries.credentials_of(uow.db, user_id)) if user_id else None,
        user_verification=UserVerificationRequirement.REQUIRED if alone else UserVerificationRequirement.PREFERRED,
    )  # fmt: skip
    return webauthn.options_to_json(options)


def check_passkey(*, holder: str, purpose: Purpose, place: Place, credential: str, user_id: str = "") -> str:
    """Whose passkey has answered (a user id); with `user_id`, one of theirs must have. Own transactions.

    Without a password before it, its owner must have unlocked the device. A count that does not grow is a copied key,
    and refused. Raises WrongPasskey.
    """
    import webauthn

    challenge = _taken_challenge(holder, purpose)
    text = rules.clean_credential(credential)
    with unit_of_work() as uow:
        row = uow.db.scalar(select(Passkey).where(Passkey.credential_id == _credential_id(text)).with_for_update())
        if row is None or (user_id and row.user_id != user_id):
            raise WrongPasskey
        try:
            seen = webauthn.verify_authentication_response(
                credential=text, expected_challenge=challenge, expected_rp_id=place.rp_id,
                expected_origin=place.origin, credential_public_key=row.public_key,
                credential_current_sign_count=row.sign_count, require_user_verification=purpose == "sign_in",
            )  # fmt: skip
        except Exception as refusal:  # the bytes are a stranger's, and the library raises what its parsers raise
            raise WrongPasskey from refusal
        row.sign_count, row.used_at = seen.new_sign_count, uow.now
        return row.user_id


def _new_challenge(uow: UnitOfWork, holder: str, purpose: Purpose) -> bytes:
    """One at a time for each holder and purpose: asking again ends the earlier."""
    challenge = rules.new_challenge()
    fresh = {"challenge": challenge, "made_at": uow.now, "expires_at": uow.now + rules.CHALLENGE_LASTS}
    new = insert(Challenge).values(holder_hash=queries.hash_of(holder), purpose=purpose, **fresh)
    uow.db.execute(new.on_conflict_do_update(index_elements=["holder_hash", "purpose"], set_=fresh))
    return challenge


def _taken_challenge(holder: str, purpose: Purpose) -> bytes:
    """Used up whatever the answer is worth. Raises WrongPasskey where there is none, or it has lapsed."""
    with unit_of_work() as uow:
        held = (Challenge.holder_hash == queries.hash_of(holder), Challenge.purpose == purpose)
        found = uow.db.execute(delete(Challenge).where(*held).returning(Challenge.challenge, Challenge.expires_at))
        challenge, until = found.one_or_none() or (b"", uow.now)
        lapsed = until <= uow.now
    if lapsed:
        raise WrongPasskey
    return bytes(challenge)


def _credential_id(text: str) -> str:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        raise WrongPasskey from None
    found = said.get("id") if isinstance(said, dict) else None
    if not isinstance(found, str) or "\x00" in found or not found.isascii():
        raise WrongPasskey
    return found


def _described(credentials: Sequence[str]) -> list[PublicKeyCredentialDescriptor]:
    from webauthn.helpers import base64url_to_bytes
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(one)) for one in credentials]
