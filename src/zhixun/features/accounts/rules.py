"""What an e-mail, a password, a name and a code must be, and how often one may guess."""

from __future__ import annotations

import hmac
import secrets
import unicodedata
import zoneinfo
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit

import pyotp
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
PROOF_LASTS = timedelta(minutes=10)
"""How long who has just shown that it is them need not do so again."""
DOOR_LASTS = timedelta(minutes=10)
CHALLENGE_LASTS = timedelta(minutes=5)
CHALLENGE_BYTES = 32
APP_CODE_DIGITS, APP_CODE_SECONDS = 6, 30
APP_CODES_AROUND = 1
"""Codes before and after the present one that are taken too, for clocks that differ (RFC 6238, 5.2)."""
RECOVERY_CODES, RECOVERY_CODE_LENGTH = 10, 10
RECOVERY_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
"""Without those that are taken for one another. Ten of them are 49 bits; they are kept under the house's key only."""
CODE_LENGTH_MAX = 40
LINKS_LAST = {"password": timedelta(hours=1), "confirm": timedelta(days=7), "change": timedelta(hours=24)}
"""Links by mail: what each is for, and how long it is good."""
LINK_LENGTH_MAX = 100
PASSKEYS_MAX = 10
PASSKEY_NAME_LENGTH_MAX = 40
CREDENTIAL_LENGTH_MAX = 20_000
ISSUER = "Zhixun"

Purpose = Literal["register", "sign_in", "door", "proof"]
"""What a passkey's challenge was given for; it answers nothing else."""


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


@dataclass(frozen=True)
class Place:
    """Where passkeys are good: `rp_id` is the name they are bound to, `origin` the address browsers must show."""

    rp_id: str
    origin: str


def place_of(public_url: str) -> Place:
    """WebAuthn knows names only: a house that is reached by a loopback number is "localhost" to passkeys."""
    address = urlsplit(public_url)
    host = address.hostname or ""
    try:
        name = "localhost" if ip_address(host).is_loopback else host
    except ValueError:
        name = host
    port = f":{address.port}" if address.port and address.port != {"http": 80, "https": 443}[address.scheme] else ""
    return Place(name, f"{address.scheme}://{name}{port}")


def without_desk(actor: Actor) -> Actor:
    """The same person, kept from the desk until they sign in with a second factor."""
    desk = actor.roles & frozenset({"operator", *DESK_RIGHTS})
    return replace(actor, roles=actor.roles - desk, withheld=desk)


def clean_code(text: str) -> str:
    """A code as it is compared: without blanks and dashes, in plain small letters and digits."""
    plain = unicodedata.normalize("NFKC", text[:CODE_LENGTH_MAX]).lower()
    return "".join(c for c in plain if c.isascii() and c.isalnum())


def is_app_code(code: str) -> bool:
    return len(code) == APP_CODE_DIGITS and code.isdigit()


def step_of(secret: str, code: str, now: datetime, *, after: int) -> int | None:
    """The count (seconds / 30) whose code this is, near enough to now and later than `after`; None where it is none's."""
    counted = pyotp.TOTP(secret, digits=APP_CODE_DIGITS, interval=APP_CODE_SECONDS)
    here = int(now.timestamp()) // APP_CODE_SECONDS
    near = range(here - APP_CODES_AROUND, here + APP_CODES_AROUND + 1)
    fits = [step for step in near if hmac.compare_digest(counted.generate_otp(step).encode(), code.encode())]
    return next((step for step in fits if step > after), None)


def app_address(secret: str, account: str) -> str:
    """What an authenticator app reads from the QR code: otpauth://…"""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=ISSUER)


def new_recovery_codes() -> tuple[str, ...]:
    """Ten codes, as they are shown: "abcde-fghjk"."""
    half = RECOVERY_CODE_LENGTH // 2
    drawn = (
        "".join(secrets.choice(RECOVERY_LETTERS) for _ in range(RECOVERY_CODE_LENGTH)) for _ in range(RECOVERY_CODES)
    )
    return tuple(f"{code[:half]}-{code[half:]}" for code in drawn)


def new_challenge() -> bytes:
    return secrets.token_bytes(CHALLENGE_BYTES)


def clean_passkey_name(name: str) -> str:
    text = " ".join("".join(c for c in name if c.isprintable() or c.isspace()).split())
    if not text:
        raise Invalid(fields={"passkey_name": N_("Please give the passkey a name, such as “My phone”.")})
    if len(text) > PASSKEY_NAME_LENGTH_MAX:
        raise Invalid(fields={"passkey_name": N_("A passkey’s name has at most 40 characters.")})
    return text


def clean_credential(text: str) -> str:
    """What a browser says of a passkey, or nothing where no browser would say so much."""
    return text if len(text) <= CREDENTIAL_LENGTH_MAX else ""


def device(user_agent: str) -> str:
    """ "Chrome · Windows": enough to recognise one's own device. Empty where the browser did not say."""
    browsers = (
        ("MicroMessenger", "WeChat"), ("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"),
        ("HeadlessChrome", "Chrome"), ("Chrome", "Chrome"), ("Safari", "Safari"), ("curl", "curl"), ("python", "Python"),
    )  # fmt: skip
    systems = (
        ("iPhone", "iPhone"), ("iPad", "iPad"), ("HarmonyOS", "HarmonyOS"), ("Android", "Android"),
        ("Windows", "Windows"), ("Mac OS X", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux"),
    )  # fmt: skip
    named = [next((said for mark, said in marks if mark in user_agent), "") for marks in (browsers, systems)]
    return " · ".join(name for name in named if name)
