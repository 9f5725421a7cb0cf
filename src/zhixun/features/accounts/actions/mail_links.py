"""Links by mail: a new password, an address confirmed, another address. Each is good once and for a while.

Its token is made from its id under the house's key whenever it is mailed, so that no fact and no table holds it.
"""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from zhixun.events.accounts import AddressLinkMade, PasswordLinkAsked, SignedInOnNewDevice
from zhixun.features.accounts import queries, rules
from zhixun.features.accounts.models import Device, Door, MailLink, SignIn, User
from zhixun.kernel.errors import N_, Conflict, NotFound
from zhixun.kernel.sealed import NOTHING, seal
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import new_id

from .people import EmailTaken
from .telling import note_change


class LinkSpent(Conflict):
    code, status, message = "link_spent", 410, N_("This link was used already or is too old. Please ask for a new one.")


def ask_password_link(uow: UnitOfWork, *, email: str) -> None:
    """Somebody says that they forgot their password. The same work whether anybody has this address or nobody.
    Raises Invalid."""
    uow.emit(PasswordLinkAsked(address_index=queries.index_of(uow.db, rules.clean_email(email))))


def make_password_link(uow: UnitOfWork, *, link_id: str, user_id: str) -> str:
    """The token of a link by which this person sets a new password; earlier ones end. The same id twice is once."""
    index = uow.db.get_one(User, user_id).email_index
    return _make(uow, link_id=link_id, user_id=user_id, kind="password", address="", index=index)


def reset_password(uow: UnitOfWork, *, token: str, password_hash: str) -> None:
    """A new password by the link; everyone who was signed in is signed out. Raises LinkSpent."""
    user = _used(uow, token, "password")
    user.password_hash = password_hash
    for table in (SignIn, Door, MailLink):  # links too: somebody who was in may have asked for another address
        uow.db.execute(delete(table).where(table.user_id == user.id))
    _confirmed(user)
    note_change(uow, "password_reset", user_id=user.id)


def ask_confirmation(uow: UnitOfWork, *, user_id: str) -> None:
    """Ask a person to confirm the address they gave. Confirmed already changes nothing once it was asked."""
    user = uow.db.get(User, user_id)
    if user is None:
        raise NotFound
    user.unconfirmed_since = user.unconfirmed_since or uow.now
    link_id = new_id()
    _make(uow, link_id=link_id, user_id=user_id, kind="confirm", address="", index=user.email_index)
    uow.emit(AddressLinkMade(user_id=user_id, link_id=link_id, kind="confirm"))


def confirm_address(uow: UnitOfWork, *, token: str) -> None:
    """Whoever reads mails there says that the address is right. Raises LinkSpent."""
    _confirmed(_used(uow, token, "confirm"))


def ask_change_of_address(uow: UnitOfWork, *, email: str) -> None:
    """Another address for the asker, once it is confirmed from there. Taken by somebody else is not said here, but to
    whoever follows the link. Raises Invalid, NotFound."""
    address, user_id = rules.clean_email(email), uow.actor.user_id
    if uow.db.get(User, user_id) is None:
        raise NotFound
    link_id, index = new_id(), queries.index_of(uow.db, address)
    _make(uow, link_id=link_id, user_id=user_id, kind="change", address=address, index=index)
    uow.emit(AddressLinkMade(user_id=user_id, link_id=link_id, kind="change"))


def change_address(uow: UnitOfWork, *, token: str) -> None:
    """From now on they sign in and are written to under the new address. Raises LinkSpent, EmailTaken."""
    found = queries.link_of_token(uow.db, token, kind="change", now=uow.now)
    user = _used(uow, token, "change")
    assert found is not None, "what could be used could be read"
    try:
        with uow.db.begin_nested():
            user.email = seal(uow.db, User.email, row=user.id, person=user.id, text=found.address)
            user.email_index = queries.index_of(uow.db, found.address)
    except IntegrityError:
        raise EmailTaken from None
    _confirmed(user)
    uow.db.execute(delete(MailLink).where(MailLink.user_id == user.id))
    note_change(uow, "address_changed", user_id=user.id)


def know_device(uow: UnitOfWork, *, user_id: str, token: str, user_agent: str) -> None:
    """Remember the browser they have just signed in with; a new one beside others is told to them."""
    seen = {"seen_at": uow.now}
    one = insert(Device).values(user_id=user_id, token_hash=queries.hash_of(token), made_at=uow.now, **seen)
    row = one.on_conflict_do_update(index_elements=["user_id", "token_hash"], set_=seen).returning(Device.made_at)
    known = queries.knows_devices(uow.db, user_id)
    if uow.db.scalar(row) == uow.now and known:
        device = rules.device(user_agent)
        uow.emit(SignedInOnNewDevice(user_id=user_id, device=device, at=uow.now.isoformat()))


def _make(uow: UnitOfWork, *, link_id: str, user_id: str, kind: str, address: str, index: str) -> str:
    """One of a kind at a time."""
    earlier = (MailLink.user_id == user_id, MailLink.kind == kind, MailLink.id != link_id)
    uow.db.execute(delete(MailLink).where(*earlier))
    token = queries.link_token(uow.db, link_id)
    sealed = seal(uow.db, MailLink.address, row=link_id, person=user_id, text=address) if address else NOTHING
    new = insert(MailLink).values(
        id=link_id, token_hash=queries.hash_of(token), user_id=user_id, kind=kind, address=sealed, address_index=index,
        made_at=uow.now, expires_at=uow.now + rules.LINKS_LAST[kind],
    )  # fmt: skip
    uow.db.execute(new.on_conflict_do_nothing())
    return token


def _used(uow: UnitOfWork, token: str, kind: str) -> User:
    """Whose link it was: it is used up. One for an address they no longer have is worth nothing. Raises LinkSpent."""
    held = (MailLink.token_hash == queries.hash_of(token), MailLink.kind == kind, MailLink.expires_at > uow.now)
    taken = delete(MailLink).where(*held).returning(MailLink.user_id, MailLink.address_index)
    row = uow.db.execute(taken).one_or_none()
    user = uow.db.get(User, row.user_id, with_for_update=True) if row else None
    if row is None or user is None or (kind != "change" and user.email_index != row.address_index):
        raise LinkSpent
    return user


def _confirmed(user: User) -> None:
    user.unconfirmed_since = None
