"""Signing in with a token, and who the asker is."""

from __future__ import annotations

from flask import request
from sqlalchemy.orm import Session

from zhixun.features.accounts import actions, queries
from zhixun.features.accounts.actions import TooManyTries, WrongPassword
from zhixun.features.api.forms.answers import Me, TokenMade
from zhixun.features.api.forms.asked import TokenWanted
from zhixun.kernel.errors import N_
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.web import security
from zhixun.web.limits import limit

from .endpoint import public_write, reads

TAG = N_("People")
TOKENS_PER_ADDRESS, TOKENS_PER_HOST = 10, 60
TOKENS_WINDOW_SECONDS = 60


@public_write(
    "/tokens",
    N_("Get a token for your e-mail address and password. Every call makes a new one; it lasts seven days."),
    tag=TAG,
    asked=TokenWanted,
    answer=TokenMade,
    status=201,
    refusals=(WrongPassword, TooManyTries),
)
def create_token(wanted: TokenWanted) -> TokenMade:
    host = request.remote_addr or ""
    limit("api_token_host", host, tries=TOKENS_PER_HOST, seconds=TOKENS_WINDOW_SECONDS)
    limit("api_token", f"{host}:{wanted.email}", tries=TOKENS_PER_ADDRESS, seconds=TOKENS_WINDOW_SECONDS)
    user_id = actions.check_credentials(email=wanted.email, password=wanted.password)
    with unit_of_work() as uow:
        made = actions.sign_in(uow, user_id=user_id, user_agent=request.user_agent.string, kind="api")
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
