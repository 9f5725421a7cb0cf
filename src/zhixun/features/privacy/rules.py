"""The purposes people are asked to agree to. A new text means a new version and asking again."""

from __future__ import annotations

from dataclasses import dataclass

from zhixun.kernel.errors import N_, Invalid


@dataclass(frozen=True)
class Purpose:
    name: str
    version: str
    sentence: str
    needed: bool = False
    """Needed to have an account at all; the others are free and start unticked."""


PURPOSES = {
    purpose.name: purpose
    for purpose in (
        Purpose("terms", "2026-11", N_("I have read and agree to the terms of service and the privacy policy."), True),
        Purpose("behaviour", "2026-12", N_("Use my visits, searches, questions and bookings to suggest better consultants.")),
        Purpose("news", "2026-11", N_("Write to me now and then about new consultants and offers.")),
        Purpose("sensitive", "2026-11", N_("Show sensitive facts in my question (health, family, minors) to the consultant I book.")),
        Purpose("expert_review", "2026-11", N_("Let experts read my sessions without names, to check how good the advice was.")),
    )
}  # fmt: skip

AT_SIGN_UP = ("terms", "behaviour", "news")


def purpose_named(name: str) -> Purpose:
    """Raises Invalid for a purpose nobody is asked about."""
    if name not in PURPOSES:
        raise Invalid(N_("There is no such consent."))
    return PURPOSES[name]


LINES_SHOWN = 50
FIELDS = {
    "accounts_users.email": N_("Your e-mail address"),
    "booking_bookings.brief": N_("What you wrote for a session"),
    "quality_feedback.private_words": N_("Your private feedback"),
    "credentials_claims.number": N_("The number of a credential of yours"),
    "credentials_claims.note": N_("What you wrote with a credential"),
    "credentials_scans.scan": N_("A scan of a credential of yours"),
    "assistant_turns.text": N_("Your conversation with the assistant"),
    "assistant_hand_overs.note": N_("What you asked a person of the house"),
    "assistant_hand_overs.summary": N_("What you asked a person of the house"),
}
"""What a sealed column or file is called for the person it belongs to; the others are called something you wrote."""


def line_number(text: str) -> int | None:
    """The number of a line of the audit log, as a page mark. Raises Invalid."""
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Invalid(fields={"cursor": N_("This page mark is not one of ours.")})
    return int(text)
