"""Signing in with a token, and who the asker is."""

from __future__ import annotations

from flask import request
from sqlalchemy.orm import Session

from zhixun.features.accounts import actions, queries
from zhixun.features.accounts.actions import TooManyTries, WrongCode, WrongPassword
from zhixun.features.api.forms.answers import Erased, Export, Me, TokenMade
from zhixun.features.api.forms.asked import ErasureWanted, TokenWanted
from zhixun.features.privacy import actions as privacy
from zhixun.features.privacy import queries as privacy_queries
from zhixun.features.privacy.actions import StillOpen
from zhixun.kernel import personal
from zhixun.kernel.errors import N_, ProofNeeded
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import utc_now
from zhixun.web import security
from zhixun.web.limits import limit

from .endpoint import erases, public_write, reads

TAG = N_("People")
TOKENS_PER_ADDRESS, TOKENS_PER_HOST = 10, 60
TOKENS_WINDOW_SECONDS = 60


@public_write(
    "/tokens",
    N_(
        "Get a token for your e-mail address and password, and for a code where your account asks for a second factor. "
        "Every call makes a new one; it lasts seven days."
    ),
    tag=TAG,
    asked=TokenWanted,
    answer=TokenMade,
    status=201,
    refusals=(WrongPassword, WrongCode, TooManyTries),
)
def create_token(wanted: TokenWanted) -> TokenMade:
    host = request.remote_addr or ""
    limit("api_token_host", host, tries=TOKENS_PER_HOST, seconds=TOKENS_WINDOW_SECONDS)
    limit("api_token", f"{host}:{wanted.email}", tries=TOKENS_PER_ADDRESS, seconds=TOKENS_WINDOW_SECONDS)
    user_id = actions.check_credentials(email=wanted.email, password=wanted.password)
    with unit_of_work() as uow:
        has_factor = queries.has_second_factor(uow.db, user_id)
    if has_factor:
        actions.check_code(user_id=user_id, code=wanted.code)
    with unit_of_work() as uow:
        made = actions.sign_in(
            uow, user_id=user_id, user_agent=request.user_agent.string, kind="api", second_factor=has_factor
        )
    return TokenMade(token=made.token, expires_at=made.expires_at)


@reads("/me", N_("Who you are."), tag=TAG, answer=Me)
def me(db: Session) -> Me:
    actor = security.current_actor()
    person = queries.person(db, actor.user_id)
    email = queries.emails_of(db, [actor.user_id], actor)[actor.user_id]
    return Me(
        id=person.user_id, name=person.name, email=email, roles=sorted(person.roles), zone=person.zone,
        language=person.language,
    )  # fmt: skip


@reads(
    "/me/export",
    N_(
        "Everything the house holds about you, opened. Where your account has a second factor, with a token not ten minutes old; never by a key."
    ),
    tag=TAG,
    answer=Export,
    refusals=(ProofNeeded,),
)
def export_me(db: Session) -> Export:
    security.check_proof()
    return Export.model_validate(privacy_queries.export_of(db, security.current_actor().user_id, utc_now()))


@erases(
    "/me",
    N_(
        "Erase yourself. Refused while a session or money of yours is under way; what stays, and why, is in the answer."
    ),
    tag=TAG,
    asked=ErasureWanted,
    answer=Erased,
    refusals=(WrongPassword, WrongCode, TooManyTries, StillOpen),
)
def erase_me(wanted: ErasureWanted) -> Erased:
    me = security.current_actor()
    actions.confirm_password(user_id=me.user_id, password=wanted.password)
    with unit_of_work() as uow:
        has_factor = queries.has_second_factor(uow.db, me.user_id)
    if has_factor:
        actions.check_code(user_id=me.user_id, code=wanted.code)
    with unit_of_work(me) as uow:
        privacy.erase_person(uow, person_id=me.user_id)
    personal.forget_outside(me.user_id)
    with unit_of_work() as uow:
        left = privacy.verify_erasure(uow, person_id=me.user_id)
        report = privacy_queries.erasure_of(uow.db, me.user_id)
    assert report is not None
    return Erased.model_validate({"person": me.user_id, "report": report.report, "left_over": left})
