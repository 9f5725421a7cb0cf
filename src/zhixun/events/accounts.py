from dataclasses import dataclass

from zhixun.kernel.event import Event


@dataclass(frozen=True, kw_only=True)
class PersonSignedUp(Event):
    user_id: str


@dataclass(frozen=True, kw_only=True)
class RolesChanged(Event):
    """Somebody was given roles of the house, or lost them."""

    user_id: str
    by_id: str
    given: str
    """Names of roles with blanks between them."""
    taken: str


@dataclass(frozen=True, kw_only=True)
class SafetyChanged(Event):
    """What guards an account has changed, or a recovery code was used."""

    user_id: str
    change: str
    """ "app_added", "app_removed", "passkey_added", "passkey_removed", "codes_made" or "code_used"."""
    at: str
    """ISO 8601."""
