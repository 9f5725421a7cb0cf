"""What an e-mail, a password and a name must be, and how often one may guess."""

from __future__ import annotations

import zoneinfo
from datetime import timedelta
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from zhixun.kernel.errors import N_, Invalid
from zhixun.kernel.values import LANGUAGES

EMAIL_LENGTH_MAX = 254
NAME_LENGTH_MAX = 60
PASSWORD_LENGTH_MIN = 10
PASSWORD_LENGTH_MAX = 256
ROLES = frozenset({"client", "consultant", "reviewer", "operator"})

SIGN_IN_LASTS = timedelta(days=30)
API_TOKEN_LASTS = timedelta(days=7)
TRIES_MAX = 8
"""Wrong passwords for one address before it has to wait."""
TRIES_WINDOW = timedelta(minutes=15)


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
