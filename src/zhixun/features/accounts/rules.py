"""What an e-mail, a password and a name must be, and how often one may guess."""

from __future__ import annotations

import zoneinfo
from datetime import timedelta
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from zhixun.kernel.errors import N_, Forbidden, Invalid
from zhixun.kernel.values import LANGUAGES, Actor

EMAIL_LENGTH_MAX = 254
NAME_LENGTH_MAX = 60
PASSWORD_LENGTH_MIN = 10
PASSWORD_LENGTH_MAX = 256
DESK_RIGHTS: dict[str, frozenset[str]] = {
    "support": frozenset({"see_orders", "refund", "settle_disputes", "see_clients", "answer_complaints"}),
    "finance": frozenset({"see_orders", "refund", "settle_disputes", "pay_out", "give_discounts"}),
    "content": frozenset({"edit_knowledge", "edit_fields", "give_discounts", "run_campaigns"}),
    "privacy_officer": frozenset({"see_audit", "erase_people"}),
    "administrator": frozenset({
        "see_orders", "refund", "settle_disputes", "see_clients", "answer_complaints", "pay_out", "give_discounts",
        "edit_knowledge", "edit_fields", "run_campaigns", "see_audit", "erase_people", "appoint", "run_house",
    }),
}  # fmt: skip
"""What each role at the desk may do. An operator holds one or more of these roles beside "operator"."""
RIGHTS = DESK_RIGHTS["administrator"]
APPOINTED = frozenset({"reviewer", *DESK_RIGHTS})
"""Roles that an administrator gives and takes."""
ROLES = frozenset({"client", "consultant", "reviewer", "operator", *DESK_RIGHTS})

SIGN_IN_LASTS = timedelta(days=30)
API_TOKEN_LASTS = timedelta(days=7)
TRIES_MAX = 8
"""Wrong passwords for one address before it has to wait."""
TRIES_WINDOW = timedelta(minutes=15)


class RightNeeded(Forbidden):
    code, message = "right_needed", N_("Your role at the desk does not include this. Ask an administrator.")


def may(actor: Actor, right: str) -> bool:
    """Whether one of the actor's roles at the desk includes `right`, a word of RIGHTS. The system may do everything."""
    assert right in RIGHTS, right
    if actor.is_a("system"):
        return True
    return actor.is_a("operator") and any(right in DESK_RIGHTS[role] for role in actor.roles if role in DESK_RIGHTS)


def check_right(actor: Actor, right: str) -> None:
    """Raises RightNeeded unless `may(actor, right)`."""
    if not may(actor, right):
        raise RightNeeded


def clean_email(email: str) -> str:
    """The address in its one stored form (lower case). Raises Invalid."""
    text = email.strip()
    if len(text) > EMAIL_LENGTH_MAX:
        raise Invalid(fields={"email": N_("This address is too long.")})
    try:
        return validate_email(text, check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError:
        raise Invalid(fields={"email": N_("Please write an e-mail address like name@example.com.")}) from None


def clean_name(name: str) -> str:
    text = " ".join("".join(c for c in name if c.isprintable() or c.isspace()).split())
    if not text:
        raise Invalid(fields={"name": N_("Please tell us what to call you.")})
    if len(text) > NAME_LENGTH_MAX:
        raise Invalid(fields={"name": N_("A name has at most 60 characters.")})
    return text


def check_password(password: str) -> None:
    if len(password) < PASSWORD_LENGTH_MIN:
        raise Invalid(fields={"password": N_("A password has at least 10 characters.")})
    if len(password) > PASSWORD_LENGTH_MAX:
        raise Invalid(fields={"password": N_("A password has at most 256 characters.")})
    if any("\ud800" <= c <= "\udfff" for c in password):
        raise Invalid(fields={"password": N_("This password has a character that no keyboard writes.")})


@lru_cache
def zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def clean_zone(zone: str) -> str:
    if zone not in zones():
        raise Invalid(fields={"zone": N_("We do not know this time zone.")})
    return zone


def clean_language(language: str) -> str:
    if language not in LANGUAGES:
        raise Invalid(fields={"language": N_("We speak Chinese (zh) and English (en).")})
    return language
