"""Mails about what guards an account. A link's token is made again from its id for every try, and stored only as a hash."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from zhixun.events.accounts import AddressLinkMade, PasswordLinkAsked, SafetyChanged, SignedInOnNewDevice
from zhixun.features.accounts import actions as accounts
from zhixun.features.accounts import queries as account_queries
from zhixun.features.accounts.queries import Person
from zhixun.features.notifications import actions
from zhixun.features.notifications.ports import Mail
from zhixun.features.notifications.rules import in_language, safety
from zhixun.kernel.event import Event
from zhixun.kernel.unit_of_work import UnitOfWork, unit_of_work
from zhixun.kernel.values import Words

from . import laid_out, notice_id_of, send


def send_password_link(event: PasswordLinkAsked) -> None:
    """To whoever has this address. Where nobody has, nothing happens, and nobody is told so."""
    with unit_of_work() as uow:
        user_id = account_queries.user_of_index(uow.db, event.address_index)
        if user_id is None or not _due(uow, event, "link_password", user_id):
            return
        made = accounts.make_password_link(uow, link_id=event.event_id, user_id=user_id)
        mail = _mail(uow, event, "link_password", user_id, token=made)
    send([mail])


def send_address_link(event: AddressLinkMade) -> None:
    """To the address that is to be confirmed; where it would replace another, that one is told as well."""
    kind, mails = f"link_{event.kind}", []
    with unit_of_work() as uow:
        link = account_queries.address_link(uow.db, event.link_id)
        if link is None or event.user_id not in account_queries.people(uow.db, [event.user_id]):
            return
        if _due(uow, event, kind, event.user_id):
            token = account_queries.link_token(uow.db, event.link_id)
            mails.append(_mail(uow, event, kind, event.user_id, token=token, to=link.address))
        if event.kind == "change" and _due(uow, event, "change_asked", event.user_id):
            mails.append(_mail(uow, event, "change_asked", event.user_id))
    send(mails)


def tell_of_change(event: SafetyChanged) -> None:
    _tell(event, "safety_changed", event.user_id, safety.CHANGES[event.change], event.at)


def tell_of_new_device(event: SignedInOnNewDevice) -> None:
    device = Words(event.device, event.device) if event.device else safety.UNKNOWN_DEVICE
    _tell(event, "new_device", event.user_id, device, event.at)


def _tell(event: Event, kind: str, user_id: str, what: Words, at: str) -> None:
    with unit_of_work() as uow:
        if user_id not in account_queries.people(uow.db, [user_id]):
            return
        if not _due(uow, event, kind, user_id, what):
            return
        mail = _mail(uow, event, kind, user_id, what=what, at=at)
    send([mail])


def _due(uow: UnitOfWork, event: Event, kind: str, user_id: str, what: Words | None = None) -> bool:
    """Told once; whether its mail is still to be sent."""
    values = {"title": what.as_dict() if what else "", "other": ""}
    return actions.tell(
        uow, notice_id=notice_id_of(event, kind, user_id), user_id=user_id, kind=kind, subject_id=user_id, values=values
    )


def _mail(
    uow: UnitOfWork,
    event: Event,
    kind: str,
    user_id: str,
    *,
    token: str = "",
    to: str = "",
    what: Words | None = None,
    at: str = "",
) -> Mail:
    person = account_queries.person(uow.db, user_id)
    address = to or account_queries.emails_of(uow.db, [user_id], uow.actor)[user_id]
    said = what.in_language(person.language) if what else ""
    subject, text = safety.letter(kind, language=person.language, what=said, when=_when(at, person) if at else "")
    button = safety.LETTERS[kind]
    link = (button.button.in_language(person.language), in_language(button.path.format(token=token), person.language))
    mail = Mail(address, subject, text, notice_id_of(event, kind, user_id))
    return laid_out(mail, person, [(text, link)], "")


def _when(at: str, person: Person) -> str:
    return f"{datetime.fromisoformat(at).astimezone(ZoneInfo(person.zone)):%Y-%m-%d %H:%M} ({person.zone})"
