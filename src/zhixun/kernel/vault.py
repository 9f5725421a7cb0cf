"""Whose words are readable: one key per person, wrapped by the house's master keys. Erasing a person destroys theirs.

Sealing with these keys is in sealed.py. A person's key is 32 random bytes; the table holds it only wrapped (AES-256-GCM,
bound to the person) under the newest master key of the ring. A copy of the database without the ring tells nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import CheckConstraint, Connection, func, select, update
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm import Session as SqlSession

from .errors import N_, Conflict
from .ports import KeyRing, MasterKey
from .tables import Table, any_of

Database = SqlSession | Connection

KEY_BYTES = 32
NONCE_BYTES = 12
HOUSE = "house"
"""The owner of the key behind the blind indexes. No person has this id."""
KEPT_COUNT_MAX = 4_096
KEPT_SECONDS_MAX = 60
"""How long a process may still read with a key that another one has destroyed."""
BATCH = 500


class PersonErased(Conflict):
    code, message = "person_erased", N_("This person has been erased; nothing more can be kept about them.")


class VaultBroken(Exception):
    """A key or a sealed value does not fit: tampered with, or a master key is missing from the ring."""


class PersonKey(Table):
    __tablename__ = "vault_person_keys"
    __table_args__ = (CheckConstraint("(wrapped IS NULL) = (destroyed_at IS NOT NULL)"),)
    personal_data = "keep: shows that the key of an erased person is gone; holds nothing about them"

    person_id: Mapped[str] = mapped_column(primary_key=True)
    master: Mapped[str] = mapped_column(index=True)
    """The name of the master key that wraps it."""
    wrapped: Mapped[bytes | None]
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())
    destroyed_at: Mapped[datetime | None]


class _Kept:
    """The keys this process has unwrapped lately: not many, not for long."""

    def __init__(self) -> None:
        self._keys: OrderedDict[str, tuple[bytes, float]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, person_id: str) -> bytes | None:
        with self._lock:
            key, until = self._keys.get(person_id, (None, 0.0))
            return key if until > time.monotonic() else None

    def put(self, person_id: str, key: bytes) -> None:
        with self._lock:
            self._keys[person_id] = (key, time.monotonic() + KEPT_SECONDS_MAX)
            self._keys.move_to_end(person_id)
            while len(self._keys) > KEPT_COUNT_MAX:
                self._keys.popitem(last=False)

    def forget(self, person_id: str) -> None:
        with self._lock:
            self._keys.pop(person_id, None)

    def clear(self) -> None:
        with self._lock:
            self._keys.clear()


_kept = _Kept()
_ring: KeyRing | None = None


def unlock(ring: KeyRing) -> None:
    """Say where the master keys are. Called once at start; what was kept of another house is forgotten."""
    global _ring
    _ring = ring
    _kept.clear()


def keys_of(db: Database, people: Collection[str]) -> dict[str, bytes]:
    """The keys of those who have one and were not erased. At most one statement."""
    found = {person: key for person in people if (key := _kept.get(person)) is not None}
    if missing := set(people) - found.keys():
        alive = select(PersonKey.person_id, PersonKey.master, PersonKey.wrapped).where(
            PersonKey.person_id == any_of(missing), PersonKey.wrapped.is_not(None)
        )
        for person, master, wrapped in db.execute(alive):
            found[person] = _unwrapped(person, master, wrapped)
            if _is_committed(db, person):
                _kept.put(person, found[person])
    return found


def key_to_seal_with(db: Database, person_id: str) -> bytes:
    """The person's key, made on first use in the caller's transaction. Raises PersonErased."""
    if (key := keys_of(db, [person_id]).get(person_id)) is not None:
        return key
    master, key = _newest(), secrets.token_bytes(KEY_BYTES)
    new = insert(PersonKey).values(person_id=person_id, master=master.name, wrapped=_wrapped(person_id, master, key))
    if db.execute(new.on_conflict_do_nothing().returning(PersonKey.person_id)).scalar() is not None:
        if isinstance(db, SqlSession):
            db.info.setdefault("vault_made", set()).add(person_id)
        return key
    if (theirs := keys_of(db, [person_id]).get(person_id)) is None:
        raise PersonErased
    return theirs


def destroy_key(db: Database, person_id: str, now: datetime) -> None:
    """Nothing sealed for this person can be read again, and nothing more be sealed. Twice is once."""
    gone = {"wrapped": None, "master": "", "destroyed_at": now}
    new = insert(PersonKey).values(person_id=person_id, **gone)
    db.execute(
        new.on_conflict_do_update(index_elements=["person_id"], set_=gone, where=PersonKey.destroyed_at.is_(None))
    )
    _kept.forget(person_id)


def blind(db: Database, purpose: str, text: str) -> str:
    """What stands in an index in place of `text`: the same for the same text, telling nothing without the house's key."""
    return hmac.digest(key_to_seal_with(db, HOUSE), f"{purpose}\0{text}".encode(), hashlib.sha256).hex()


@dataclass(frozen=True)
class VaultState:
    """How many people's keys hang on each master key (by name), and which of those the ring lacks, or has another of."""

    by_master: dict[str, int]
    destroyed: int
    missing: tuple[str, ...]


def state(db: Database) -> VaultState:
    counted = select(PersonKey.master, func.count()).where(PersonKey.wrapped.is_not(None)).group_by(PersonKey.master)
    by_master: dict[str, int] = dict(db.execute(counted).all())
    destroyed = db.execute(select(func.count()).where(PersonKey.destroyed_at.is_not(None))).scalar_one()
    oldest = (
        select(PersonKey.person_id, PersonKey.master, PersonKey.wrapped).ext(distinct_on(PersonKey.master))
        .where(PersonKey.wrapped.is_not(None)).order_by(PersonKey.master, PersonKey.made_at)
    )  # fmt: skip
    missing = tuple(row.master for row in db.execute(oldest) if not _opens(*row))
    return VaultState(by_master, destroyed, missing)


def _opens(person_id: str, master: str, wrapped: bytes | None) -> bool:
    try:
        _unwrapped(person_id, master, wrapped)
    except VaultBroken:
        return False
    return True


def rewrap(db: Database) -> int:
    """Wrap a batch of the keys that hang on older master keys under the newest; returns how many. 0: all hang on it."""
    newest = _newest()
    older = (
        select(PersonKey.person_id, PersonKey.master, PersonKey.wrapped)
        .where(PersonKey.wrapped.is_not(None), PersonKey.master != newest.name)
        .order_by(PersonKey.person_id).limit(BATCH).with_for_update()
    )  # fmt: skip
    rows = db.execute(older).all()
    for person, master, wrapped in rows:
        again = _wrapped(person, newest, _unwrapped(person, master, wrapped))
        db.execute(update(PersonKey).where(PersonKey.person_id == person).values(master=newest.name, wrapped=again))
    return len(rows)


def _keys() -> tuple[MasterKey, ...]:
    assert _ring is not None, "the vault is locked: call unlock() at start"
    return _ring.keys()


def _newest() -> MasterKey:
    return _keys()[-1]


def _wrapped(person_id: str, master: MasterKey, key: bytes) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(master.secret).encrypt(nonce, key, _bound(person_id))


def _unwrapped(person_id: str, master: str, wrapped: bytes | None) -> bytes:
    if (found := next((key for key in _keys() if key.name == master), None)) is None:
        raise VaultBroken(f"The master key {master} is missing from the ring. Run: zhixun doctor")
    assert wrapped is not None, "asked for a destroyed key"
    try:
        return AESGCM(found.secret).decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], _bound(person_id))
    except InvalidTag:
        raise VaultBroken(f"The master key {master} does not open the key of {person_id}.") from None


def _bound(person_id: str) -> bytes:
    return f"person-key|{person_id}".encode()


def _is_committed(db: Database, person_id: str) -> bool:
    """A key made in this very transaction may yet be rolled back, and must not outlive it in the memory of the process."""
    return isinstance(db, SqlSession) and person_id not in db.info.get("vault_made", ())
