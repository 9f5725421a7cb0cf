"""Every expected refusal, each with a code for machines and a sentence for people.

DomainError
├── Invalid      400  the request makes no sense
├── Forbidden    403  not for this actor (401 where nobody is signed in)
├── NotFound     404  not there, or not for your eyes
├── Conflict     409  true a moment ago, no longer (slot taken, already paid)
└── TooMany      429  more than a limit allows; try again later
"""

from __future__ import annotations

from collections.abc import Mapping


def N_(sentence: str) -> str:  # noqa: N802 - gettext's own name for "to be translated later"
    """Marks a sentence for the translation catalogue; it is translated when shown."""
    return sentence


class DomainError(Exception):
    """A refusal. `message` is the English sentence and the key of its translation; `values` fill its %(name)s
    places; `fields` says which input is meant (name → sentence); `extra` is added to the JSON answer as it is."""

    code = "error"
    status = 400
    message = N_("That did not work.")

    def __init__(
        self,
        message: str | None = None,
        *,
        fields: Mapping[str, str] | None = None,
        extra: Mapping[str, object] | None = None,
        **values: object,
    ):
        self.message = message or self.message
        self.fields = dict(fields or {})
        self.extra = dict(extra or {})
        self.values = values
        super().__init__(self.message % values if values else self.message)


class Invalid(DomainError):
    code, message = "invalid", N_("Please check what you entered.")


class Forbidden(DomainError):
    code, status, message = "forbidden", 403, N_("You may not do that.")


class SignInRequired(Forbidden):
    code, status, message = "sign_in_required", 401, N_("Please sign in first.")


class ProofNeeded(Forbidden):
    code, message = "proof_needed", N_("Please show once more that it is you.")


class SecondFactorNeeded(Forbidden):
    code, message = "second_factor_needed", N_("The desk asks for a second factor here. Set one up, then go on.")


class NotFound(DomainError):
    code, status, message = "not_found", 404, N_("We could not find that.")


class Conflict(DomainError):
    code, status, message = "conflict", 409, N_("Something changed in the meantime. Please look again.")


class TooMany(DomainError):
    code, status, message = "too_many", 429, N_("Too many tries. Please wait a little and try again.")
