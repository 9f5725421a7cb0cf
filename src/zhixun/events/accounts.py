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
    """ "app_added", "app_removed", "passkey_added", "passkey_removed", "codes_made", "code_used", "password_changed",
    "password_reset", "key_made" or "address_changed"."""
    at: str
    """ISO 8601."""


@dataclass(frozen=True, kw_only=True)
class SignedInOnNewDevice(Event):
    user_id: str
    device: str
    """In words, "Chrome · Windows"; empty where the browser did not say."""
    at: str
    """ISO 8601."""


@dataclass(frozen=True, kw_only=True)
class PasswordLinkAsked(Event):
    """Somebody says that they forgot their password. Whether anybody has this address is not known yet."""

    address_index: str


@dataclass(frozen=True, kw_only=True)
class AddressLinkMade(Event):
    """An address is to be confirmed by whoever reads its mails."""

    user_id: str
    link_id: str
    kind: str
    """ "confirm" (the one given at sign-up) or "change" (a new one)."""
