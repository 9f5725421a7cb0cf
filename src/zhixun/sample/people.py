"""The sample's people: consultants with pages, services, hours and credentials; clients; the demo accounts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from zhixun.features.accounts import actions as accounts
from zhixun.features.accounts import queries as account_queries
from zhixun.features.catalog import actions as catalog
from zhixun.features.catalog import queries as catalog_queries
from zhixun.features.privacy import actions as privacy
from zhixun.features.scheduling import actions as scheduling
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.web.portraits import portrait_svg

from .cast import (
    DEMO_ACCOUNTS,
    NUMBERED_CLIENTS,
    Consulting,
    client_at,
    client_email,
    consultant_at,
    consultant_id_of,
    service_id_of,
)
from .history import acting, history
from .plans import add_packages, add_price_rules
from .words import HOURS, Profile, id_of

BATCH = 8
ASKS_FIRST_EVERY, ON_REQUEST = 6, 1
"""Every so many consultants, the demo one among them, accept bookings of their second service first."""
YEAR = timedelta(days=365)
JOINED_BEFORE = timedelta(days=100)
AGREE_TO_EXPERTS = 0.8
"""The share of clients who let experts read their sessions."""
AGREE_TO_NEWS = 0.6
GREY, GREY_AFTER_YEARS = "#6c6a6e", 18


def add_demo_accounts(password_hash: str, now: datetime) -> None:
    """Everybody of DEMO_ACCOUNTS but the consultant, who comes with a page."""
    with history(now - JOINED_BEFORE) as uow:
        for account in DEMO_ACCOUNTS:
            if account.role != "consultant":
                _sign_up(
                    uow, id_of("account", account.email), account.email, password_hash, account.name,
                    (account.role, *account.desk_roles), language=account.language, zone=account.zone,
                )  # fmt: skip


def add_consultants(count: int, password_hash: str, now: datetime) -> int:
    """List the first `count` sample consultants; those already there stay as they are. Returns how many are new."""
    with Session() as db:
        known = catalog_queries.cards_of(db, [consultant_id_of(place) for place in range(count)])
    missing = [place for place in range(count) if consultant_id_of(place) not in known]
    for first in range(0, len(missing), BATCH):
        with history(now) as uow:
            for place in missing[first : first + BATCH]:
                _add_consultant(uow, place, password_hash)
    return len(missing)


def add_clients(count: int, password_hash: str, now: datetime) -> None:
    """The clients after the numbered demo ones, up to `count` in all."""
    for first in range(NUMBERED_CLIENTS, count, 4 * BATCH):
        with history(now - JOINED_BEFORE) as uow:
            places = range(first, min(count, first + 4 * BATCH))
            known = account_queries.people(uow.db, [client_at(place).user_id for place in places])
            for place in places:
                client = client_at(place)
                if client.user_id not in known:
                    _sign_up(
                        uow, client.user_id, client_email(place), password_hash, client.name, ("client",),
                        language=client.language, zone=client.zone,
                    )  # fmt: skip


def listed_consultants() -> list[Consulting]:
    """The sample consultants who are in the catalogue now, in their order."""
    with Session() as db:
        listed = {card.id for card in catalog_queries.consultant_cards(db)}
    found: list[Consulting] = []
    while consultant_id_of(len(found)) in listed:
        found.append(consultant_at(len(found)))
    return found


def _sign_up(
    uow: UnitOfWork,
    user_id: str,
    email: str,
    password_hash: str,
    name: str,
    roles: Sequence[str],
    *,
    language: str,
    zone: str,
) -> None:
    accounts.sign_up(
        uow, user_id=user_id, email=email, password_hash=password_hash, name=name, zone=zone, language=language,
        roles=roles,
    )  # fmt: skip
    privacy.give_consent(uow, user_id=user_id, purpose="terms")
    if "client" in roles and Random(f"news:{user_id}").random() < AGREE_TO_NEWS:
        privacy.give_consent(uow, user_id=user_id, purpose="news")
    if "client" in roles and Random(f"experts:{user_id}").random() < AGREE_TO_EXPERTS:
        privacy.give_consent(uow, user_id=user_id, purpose="expert_review")


def _add_consultant(uow: UnitOfWork, place: int, password_hash: str) -> None:
    one = consultant_at(place)
    profile, consultant_id = one.profile, one.actor.user_id
    email = "consultant@example.com" if place == 0 else f"{profile.slug}@sample.example.com"
    _sign_up(
        uow, consultant_id, email, password_hash, one.actor.name, ("consultant",), language=one.actor.language,
        zone=profile.zone,
    )  # fmt: skip
    catalog.list_consultant(
        uow, consultant_id=consultant_id, slug=profile.slug, name=profile.name, title=profile.title,
        line=profile.line, about=profile.about, city=profile.city, field_id=profile.field_id,
        topic_ids=profile.topic_ids, languages=profile.languages, years=profile.years, seniority=profile.seniority,
        gender=profile.gender, portrait=_portrait(profile), good_for=profile.good_for,
        not_for=profile.not_for,
    )  # fmt: skip
    scheduling.open_calendar(uow, consultant_id=consultant_id, zone=profile.zone)
    scheduling.set_weekly_hours(uow, consultant_id=consultant_id, hours=HOURS[profile.hours])
    _add_services(uow, one)
    add_price_rules(uow, one)
    add_packages(uow, one)
    _add_credentials(uow, one)


def _portrait(profile: Profile) -> str:
    """The first key whose drawing suits: grey hair only after many years of work."""
    keys = (f"{profile.gender}-{profile.slug}{suffix}" for suffix in ("", *map(str, range(2, 20))))
    return next(key for key in keys if profile.years >= GREY_AFTER_YEARS or GREY not in portrait_svg(key))


def _add_services(uow: UnitOfWork, one: Consulting) -> None:
    """The demo consultant is booked at short notice and every quarter of an hour, so that a newcomer waits little."""
    random, demo = Random(f"services:{one.profile.slug}"), one.place == 0
    buffer, notice = random.choice((0, 5, 10)), random.choice((30, 60, 120))
    for number, service in enumerate(one.profile.services):
        catalog.add_service(
            uow, service_id=service_id_of(one.profile.slug, number), consultant_id=one.actor.user_id,
            channel=service.channel, minutes=service.minutes, price=service.price, title=service.title,
            note=service.note, included=service.included, buffer_after_minutes=0 if demo else buffer,
            interval_minutes=15 if demo else 30, notice_minutes=10 if demo else notice,
        )  # fmt: skip
    if one.place % ASKS_FIRST_EVERY == 0:
        catalog.ask_first(
            acting(uow, one.actor, uow.now), service_id=service_id_of(one.profile.slug, ON_REQUEST), on_request=True
        )  # fmt: skip


def _add_credentials(uow: UnitOfWork, one: Consulting) -> None:
    random = Random(f"credentials:{one.profile.slug}")
    for number, credential in enumerate(one.profile.credentials):
        checked = uow.now.date() - timedelta(days=random.randint(20, 300))
        catalog.add_credential(
            uow, credential_id=id_of("credential", one.profile.slug, number), consultant_id=one.actor.user_id,
            name=credential.name, how=credential.how, number=credential.number, checked_on=checked,
            expires_on=checked + credential.years * YEAR if credential.years else None,
        )  # fmt: skip
