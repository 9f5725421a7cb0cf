"""What a credential must say, which states it goes through, and how much of its number is shown."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from zhixun.kernel.errors import N_, Invalid
from zhixun.kernel.values import Words, plain_text

KINDS: Mapping[str, Words] = {
    "identity": Words("身份与人像", "Identity and face"),
    "licence": Words("执业资格", "Licence to practise"),
    "degree": Words("学历学位", "Degree"),
    "work": Words("任职经历", "Work history"),
    "certificate": Words("专业认证", "Professional certificate"),
}
NUMBER_LENGTH_MAX, ISSUER_LENGTH_MAX, NOTE_LENGTH_MAX, REASON_LENGTH_MAX = 60, 120, 1_000, 600
REASON_LENGTH_MIN = 10
CLAIMS_OPEN_MAX = 10
CHECKERS = 2
"""So many different people have to agree."""
CHECKED_WITHIN = timedelta(days=30)
EXPIRY_TOLD_BEFORE = timedelta(days=30)
"""A credential nobody has decided on by then lapses, and its owner is told."""
DECIDED_WITHIN = timedelta(days=60)
"""The same for an application."""
FIRST_SERVICE = Words("一小时视频咨询", "One hour by video")
HOW = Words("由两位审核员分别核对", "Checked by two reviewers, each alone")


class ClaimState(StrEnum):
    SUBMITTED = "submitted"
    VERIFIED = "verified"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    EXPIRED = "expired"


class ApplicationState(StrEnum):
    APPLIED = "applied"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    LAPSED = "lapsed"


NEXT = {
    ClaimState.SUBMITTED: {ClaimState.VERIFIED, ClaimState.REFUSED, ClaimState.WITHDRAWN, ClaimState.LAPSED},
    ClaimState.VERIFIED: {ClaimState.EXPIRED, ClaimState.WITHDRAWN},
    ClaimState.REFUSED: frozenset(),
    ClaimState.WITHDRAWN: frozenset(),
    ClaimState.LAPSED: frozenset(),
    ClaimState.EXPIRED: frozenset(),
}


@dataclass(frozen=True)
class Proof:
    """What is claimed of one credential. `expires_on` is its last good day; None where it has no end."""

    kind: str
    number: str
    issuer: str
    issued_on: date
    expires_on: date | None
    note: str


@dataclass(frozen=True)
class Wish:
    """What someone who wants to become a consultant says of themselves."""

    field_id: str
    title: str
    line: str
    about: str
    city: str
    years: int
    price_minor: int
    topic_ids: tuple[str, ...]
    """What they are to be found by, of the field."""


def may_become(state: ClaimState, wanted: ClaimState) -> bool:
    return wanted in NEXT[state]


def check_proof(proof: Proof, *, today: date) -> Proof:
    """The proof as it is kept. Raises Invalid naming everything that is wrong."""
    wrong: dict[str, str] = {}
    number, issuer = " ".join(plain_text(proof.number).split()), " ".join(plain_text(proof.issuer).split())
    note = plain_text(proof.note)
    if proof.kind not in KINDS:
        wrong["kind"] = N_("Please choose what kind of credential it is.")
    if not 4 <= len(number) <= NUMBER_LENGTH_MAX:
        wrong["number"] = N_("A number has 4 to 60 characters.")
    if not 2 <= len(issuer) <= ISSUER_LENGTH_MAX:
        wrong["issuer"] = N_("Please say who issued it, in 2 to 120 characters.")
    if not date(1950, 1, 1) <= proof.issued_on <= today:
        wrong["issued_on"] = N_("The day of issue lies in the past.")
    if proof.expires_on is not None and not today <= proof.expires_on <= date(2199, 12, 31):
        wrong["expires_on"] = N_("This credential has ended already; please hand in the one that holds now.")
    if len(note) > NOTE_LENGTH_MAX:
        wrong["note"] = N_("A note has at most 1,000 characters.")
    if wrong:
        raise Invalid(fields=wrong)
    return Proof(proof.kind, number, issuer, proof.issued_on, proof.expires_on, note)


def check_reason(reason: str) -> str:
    """Whoever is refused is told why. Raises Invalid."""
    text = plain_text(reason)
    if not REASON_LENGTH_MIN <= len(text) <= REASON_LENGTH_MAX:
        raise Invalid(fields={"reason": N_("Please give the reason in 10 to 600 characters; its owner reads it.")})
    return text


def check_wish(wish: Wish, topics: Mapping[str, Collection[str]]) -> Wish:
    """The wish as it is kept; `topics` are those of each field. Raises Invalid naming everything that is wrong."""
    wrong: dict[str, str] = {}
    title, line, about, city = (
        " ".join(plain_text(text).split()) for text in (wish.title, wish.line, wish.about, wish.city)
    )
    if wish.field_id not in topics:
        wrong["field"] = N_("Please choose a field.")
    elif not set(wish.topic_ids) <= set(topics[wish.field_id]):
        wrong["topics"] = N_("Please choose topics of your own field.")
    elif topics[wish.field_id] and not wish.topic_ids:
        wrong["topics"] = N_("Choose one topic at least: people are led to you by them.")
    if not 2 <= len(title) <= 60:
        wrong["title"] = N_("A title has 2 to 60 characters.")
    if not 5 <= len(line) <= 160:
        wrong["line"] = N_("Say in one line, of 5 to 160 characters, what you solve.")
    if not 20 <= len(about) <= 2_000:
        wrong["about"] = N_("Tell clients how you can help, in 20 to 2,000 characters.")
    if not 1 <= len(city) <= 60:
        wrong["city"] = N_("Please say in which city you work.")
    if not 0 <= wish.years <= 60:
        wrong["years"] = N_("Years are between 0 and 60.")
    if not 1_000 <= wish.price_minor <= 1_000_000:
        wrong["price"] = N_("A price for one hour is between 10 and 10,000.")
    if wrong:
        raise Invalid(fields=wrong)
    chosen = tuple(dict.fromkeys(wish.topic_ids))
    return Wish(wish.field_id, title, line, about, city, wish.years, wish.price_minor, chosen)


def slug_of(name: str, person_id: str) -> str:
    """A page's address from a name in Latin letters; a name in others gives the end of the id alone."""
    letters = "-".join(re.findall(r"[a-z0-9]+", name.lower()))[:40].strip("-")
    return f"{letters or 'consultant'}-{person_id[-6:]}"


def seniority_of(years: int) -> str:
    return "principal" if years >= 12 else "senior" if years >= 5 else "junior"


def masked(number: str) -> str:
    """The first two and the last three characters; of a short number only the last two."""
    bare = number.replace(" ", "")
    if len(bare) < 8:
        return "*" * (len(bare) - 2) + bare[-2:]
    return f"{bare[:2]}{'*' * (len(bare) - 5)}{bare[-3:]}"
