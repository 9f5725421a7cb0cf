"""What can happen to credentials and to those who want to become consultants."""

from dataclasses import dataclass

from zhixun.kernel.event import Event


@dataclass(frozen=True, kw_only=True)
class CredentialSubmitted(Event):
    claim_id: str
    consultant_id: str


@dataclass(frozen=True, kw_only=True)
class CredentialDecided(Event):
    """`state`: verified, refused, lapsed (nobody decided in time) or expired."""

    claim_id: str
    consultant_id: str
    kind: str
    state: str


@dataclass(frozen=True, kw_only=True)
class CredentialExpiring(Event):
    """A verified credential runs out within 30 days. Stated once."""

    claim_id: str
    consultant_id: str
    kind: str
    expires_on: str


@dataclass(frozen=True, kw_only=True)
class ScanRemoved(Event):
    """A scan of a credential is no longer needed, or taken back; what was kept of it is to go."""

    scan_id: str


@dataclass(frozen=True, kw_only=True)
class ApplicationDecided(Event):
    """`state`: accepted, refused or lapsed."""

    application_id: str
    person_id: str
    state: str
