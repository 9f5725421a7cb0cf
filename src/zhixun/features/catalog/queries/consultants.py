"""Consultants as others see them: cards, pages, names, and what they sell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Text,
    all_,
    and_,
    bindparam,
    exists,
    func,
    literal,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session, aliased

from zhixun.features.accounts.queries import Person
from zhixun.features.catalog.models import Consultant, Credential, Field, Service, Topic
from zhixun.features.catalog.rules import (
    ConsultantCard,
    ConsultantPage,
    CredentialView,
    PricingFacts,
    ServiceTiming,
    ServiceView,
)
from zhixun.kernel.errors import NotFound
from zhixun.kernel.tables import any_of, bare
from zhixun.kernel.values import Money, Words


def consultant_cards(db: Session, ids: Sequence[str] | None = None) -> list[ConsultantCard]:
    """The cards of listed consultants: all, or those with these ids in their order. Two statements."""
    among = [] if ids is None else [Consultant.id == any_of(ids)]
    return _in_order(_cards(db, and_(Consultant.listed, *among)), ids)


def cards_of(db: Session, ids: Sequence[str]) -> dict[str, ConsultantCard]:
    """Cards by id, also of consultants no longer listed: past bookings still name them. Two statements."""
    return {card.id: card for card in _cards(db, Consultant.id == any_of(set(ids)))}


@dataclass(frozen=True)
class ConsultantName:
    slug: str
    name: Words
    title: Words
    portrait: str
    verified: bool = False
    disclaimer: Words = Words()
    """What a session in their field is not."""


def names_of(db: Session, ids: Iterable[str]) -> dict[str, ConsultantName]:
    """Names by id, also of consultants no longer listed. One statement."""
    holds = select(Credential.id).where(Credential.consultant_id == Consultant.id, _still_holds()).exists()
    wanted = select(Consultant, holds.label("verified"), Field.disclaimer).outerjoin(
        Field, Field.id == Consultant.field_id
    )
    rows = db.execute(wanted.where(Consultant.id == any_of(set(ids))))
    return {
        row.id: ConsultantName(row.slug, row.name, row.title, row.face, verified, disclaimer or Words())
        for row, verified, disclaimer in rows
    }


def listed_names(db: Session) -> list[ConsultantName]:
    """Of everyone listed, by their address. One statement."""
    wanted = (
        select(Consultant.slug, Consultant.name, Consultant.title, Consultant.face.label("portrait"))
        .where(Consultant.listed)
        .order_by(Consultant.slug)
    )
    return [ConsultantName(row.slug, row.name, row.title, row.portrait) for row in db.execute(wanted)]


def named(db: Session, text: str, *, limit: int) -> dict[str, ConsultantName]:
    """Consultants whose name in either language holds these letters or whose address begins with them, also of those no
    longer listed, by their address. One statement."""
    name, letters = type_coerce(Consultant.name, JSONB), text.lower()
    said = [func.lower(name[language].astext).contains(letters, autoescape=True) for language in ("zh", "en")]
    wanted = select(
        Consultant.id, Consultant.slug, Consultant.name, Consultant.title, Consultant.face.label("portrait")
    ).where(
        # An address ends in letters by chance, which nobody looks for.
        or_(*said, Consultant.slug.startswith(letters, autoescape=True))
    )
    rows = db.execute(wanted.order_by(Consultant.slug).limit(limit))
    return {row.id: ConsultantName(row.slug, row.name, row.title, row.portrait) for row in rows}


@dataclass(frozen=True)
class Alike:
    """A consultant one could go to instead, with what they sell."""

    id: str
    slug: str
    name: Words
    portrait: str
    services: tuple[ServiceView, ...]


def alike(db: Session, consultant_id: str, *, but: Collection[str], limit: int) -> list[Alike]:
    """Listed consultants of the same field, this one first, then who shares most topics; `but` (ids) are left out. One
    statement."""
    mine = aliased(Consultant)
    topics = func.unnest(Consultant.topic_ids).table_valued("id").render_derived()
    both = select(func.count()).select_from(topics).where(topics.c.id == mine.topic_ids.any_())
    shared = both.correlate(Consultant, mine).scalar_subquery()
    near = (
        select(
            Consultant.id, Consultant.slug, Consultant.name, Consultant.face.label("portrait"), shared.label("shared")
        )
        .join(mine, mine.field_id == Consultant.field_id)
        .where(mine.id == consultant_id, Consultant.listed, Consultant.id != all_(literal(list(but), ARRAY(Text))))
        .order_by(Consultant.id != consultant_id, shared.desc(), Consultant.slug)
        .limit(limit)
        .subquery()
    )
    sold = select(near, Service).join(Service, Service.consultant_id == near.c.id).where(Service.active)
    rows = db.execute(
        sold.order_by(
            near.c.id != consultant_id, near.c.shared.desc(), near.c.slug, Service.position, Service.id
        )
    ).all()  # fmt: skip
    services: dict[str, list[ServiceView]] = defaultdict(list)
    for row in rows:
        services[row.id].append(_service(row.Service))
    first = {row.id: row for row in rows}
    return [
        Alike(row.id, row.slug, row.name, row.portrait, tuple(services[consultant_id]))
        for consultant_id, row in first.items()
    ]


def ids_by_slug(db: Session, slugs: Collection[str]) -> dict[str, str]:
    """Slug → id, of listed consultants. One statement."""
    wanted = select(Consultant.slug, Consultant.id).where(Consultant.slug == any_of(slugs), Consultant.listed)
    return dict(db.execute(wanted).all())


def consultant(db: Session, slug_or_id: str) -> ConsultantPage:
    """One listed consultant's page. Raises NotFound. One statement: a handful of services beside a handful of credentials."""
    sold = and_(Service.consultant_id == Consultant.id, Service.active)
    held = and_(Credential.consultant_id == Consultant.id, _still_holds())
    meant = or_(Consultant.slug == slug_or_id, Consultant.id == slug_or_id)
    wanted = select(Consultant, Service, Credential).outerjoin(Service, sold).outerjoin(Credential, held)
    rows = db.execute(
        wanted.where(meant, Consultant.listed).order_by(
            Service.position, Service.id, Credential.checked_on, Credential.id
        )
    ).all()  # fmt: skip
    if not rows:
        raise NotFound
    services = {one.Service.id: _service(one.Service) for one in rows if one.Service is not None}
    credentials = {one.Credential.id: _credential(one.Credential) for one in rows if one.Credential is not None}
    return _page(rows[0].Consultant, tuple(services.values()), tuple(credentials.values()))


def listed_pages(db: Session, ids: Sequence[str] | None = None) -> list[ConsultantPage]:
    """The whole pages of listed consultants, of all or of these ids. Three statements, however many they are."""
    wanted = select(Consultant).where(Consultant.listed).order_by(Consultant.id)
    if ids is not None:
        wanted = wanted.where(Consultant.id == any_of(ids))
    rows = list(db.scalars(wanted))
    services, credentials = _services(db, [row.id for row in rows]), _credentials(db, [row.id for row in rows])
    return [_page(row, services.get(row.id, ()), credentials[row.id]) for row in rows]


def former_card(db: Session, slug_or_id: str) -> ConsultantCard | None:
    """The card of a consultant who was listed once and is no longer; None for who is, or never was."""
    row = db.scalar(
        select(Consultant).where(or_(Consultant.slug == slug_or_id, Consultant.id == slug_or_id), ~Consultant.listed)
    )
    return _card(row, (), 0) if row else None


def timings_of(db: Session, consultant_ids: Sequence[str]) -> dict[str, list[ServiceTiming]]:
    """What the services of each consultant ask of a time, in their order, without their texts. One statement."""
    sold = (
        select(*(getattr(Service, name) for name in ServiceTiming._fields))
        .where(Service.consultant_id == any_of(consultant_ids), Service.active)
        .order_by(Service.position, Service.id)
    )
    found: dict[str, list[ServiceTiming]] = defaultdict(list)
    for row in db.execute(sold):
        found[row.consultant_id].append(ServiceTiming(*row))
    return found


def service(db: Session, service_id: str) -> ServiceView:
    """One service, also when it is no longer sold. Raises NotFound."""
    row = db.get(Service, service_id)
    if row is None:
        raise NotFound
    return _service(row)


@dataclass(frozen=True)
class Sold:
    """A service, whether its consultant is listed, and what the house keeps of what they earn."""

    service: ServiceView
    listed: bool
    commission_bps: int


def sold(db: Session, service_id: str) -> Sold:
    """One service as it may be booked; whether it may is for the asker to see. Raises NotFound. One statement."""
    row = db.execute(_SOLD, {"service": service_id}).one_or_none()
    if row is None:
        raise NotFound
    return Sold(_service(row), bool(row.listed), row.commission_bps or 0)


_SOLD = (
    select(*bare(Service).c, Consultant.listed, Consultant.commission_bps)
    .outerjoin(Consultant, Consultant.id == Service.consultant_id)
    .where(Service.id == bindparam("service"))
)


def name_of(db: Session, consultant_id: str) -> Words:
    """What a consultant is called on their page, also of one no longer listed; no words for who never was."""
    return db.scalar(select(Consultant.name).where(Consultant.id == consultant_id)) or Words()


def called(db: Session, people: Mapping[str, Person], language: str) -> dict[str, Person]:
    """The same people by id, each consultant under the name of their page in this language. One statement."""
    rows = db.execute(select(Consultant.id, Consultant.name).where(Consultant.id == any_of(list(people))))
    named = {one: replace(people[one], name=name.in_language(language)) for one, name in rows if one in people}
    return {**people, **named}


def is_listed(db: Session, consultant_id: str) -> bool:
    return bool(db.scalar(select(Consultant.listed).where(Consultant.id == consultant_id)))


def any_in_field(db: Session, field_id: str, ids: Sequence[str]) -> bool:
    """Whether one of them at least is listed in this field. One statement."""
    there = select(Consultant.id).where(
        Consultant.field_id == field_id, Consultant.listed, Consultant.id == any_of(ids)
    )
    return bool(db.scalar(select(there.exists())))


def commission_bps(db: Session, consultant_id: str) -> int:
    return db.scalars(select(Consultant.commission_bps).where(Consultant.id == consultant_id)).one()


def pricing_facts(db: Session, consultant_id: str) -> PricingFacts:
    """A consultant's seniority, and whether people in danger may come to them. One statement."""
    crisis = exists().where(Topic.id == Consultant.topic_ids.any_(), Topic.crisis)
    row = db.execute(
        select(Consultant.seniority, crisis, Field.crisis_words, Consultant.field_id)
        .outerjoin(Field, Field.id == Consultant.field_id)
        .where(Consultant.id == consultant_id)
    ).one()
    return PricingFacts(row[0], bool(row[1]), tuple(row[2] or ()), row[3])


def bookable_count(db: Session) -> int:
    """Listed consultants of a known field who sell at least one service."""
    sells = exists().where(Service.consultant_id == Consultant.id, Service.active)
    known = exists().where(Field.id == Consultant.field_id)
    return db.scalars(select(func.count()).select_from(Consultant).where(Consultant.listed, sells, known)).one()


def listed_count(db: Session) -> dict[str, int]:
    """Listed consultants per field id."""
    rows = db.execute(select(Consultant.field_id, func.count()).where(Consultant.listed).group_by(Consultant.field_id))
    return dict(rows.all())


@dataclass(frozen=True)
class Home:
    """Where a consultant is listed, and under which name."""

    field_id: str
    field: Words
    name: Words


def fields_of_consultants(db: Session) -> dict[str, Home]:
    """Listed consultant id → their field, in the house's order of fields. One statement."""
    rows = db.execute(
        select(Consultant.id, Field.id, Field.name, Consultant.name)
        .join(Field, Field.id == Consultant.field_id)
        .where(Consultant.listed)
        .order_by(Field.position)
    )
    return {consultant_id: Home(field_id, field, name) for consultant_id, field_id, field, name in rows}


def _cards(db: Session, which: ColumnElement[bool]) -> list[ConsultantCard]:
    """In the order of their addresses."""
    held = select(func.count()).where(Credential.consultant_id == Consultant.id, _still_holds())
    wanted = select(Consultant, held.correlate(Consultant).scalar_subquery()).where(which)
    rows = db.execute(wanted.order_by(Consultant.slug)).all()
    services = _services(db, [row.id for row, _ in rows]) if rows else {}
    return [_card(row, services.get(row.id, ()), credentials) for row, credentials in rows]


def _services(db: Session, consultant_ids: Sequence[str]) -> dict[str, tuple[ServiceView, ...]]:
    found: dict[str, list[ServiceView]] = defaultdict(list)
    sold = select(Service).where(Service.consultant_id == any_of(consultant_ids), Service.active)
    for row in db.scalars(sold.order_by(Service.position, Service.id)):
        found[row.consultant_id].append(_service(row))
    return {consultant_id: tuple(services) for consultant_id, services in found.items()}


def _credentials(db: Session, consultant_ids: Sequence[str]) -> defaultdict[str, list[CredentialView]]:
    found: defaultdict[str, list[CredentialView]] = defaultdict(list)
    held = select(Credential).where(Credential.consultant_id == any_of(consultant_ids), _still_holds())
    for row in db.scalars(held.order_by(Credential.checked_on, Credential.id)):
        found[row.consultant_id].append(_credential(row))
    return found


def _credential(row: Credential) -> CredentialView:
    return CredentialView(row.name, row.how, row.number, row.checked_on, row.expires_on)


def _still_holds() -> ColumnElement[bool]:
    """An expired credential is no credential: it is neither shown nor counted. Its last day still counts (UTC)."""
    return or_(Credential.expires_on.is_(None), Credential.expires_on >= func.current_date())


def _page(row: Consultant, services: tuple[ServiceView, ...], credentials: Sequence[CredentialView]) -> ConsultantPage:
    return ConsultantPage(
        card=_card(row, services, len(credentials)), about=row.about, good_for=_all_words(row.good_for),
        not_for=_all_words(row.not_for), credentials=tuple(credentials), commission_bps=row.commission_bps,
    )  # fmt: skip


def _in_order(cards: list[ConsultantCard], ids: Sequence[str] | None) -> list[ConsultantCard]:
    if ids is None:
        return cards
    by_id = {card.id: card for card in cards}
    return [by_id[consultant_id] for consultant_id in ids if consultant_id in by_id]


def _card(row: Consultant, services: tuple[ServiceView, ...], credentials_count: int) -> ConsultantCard:
    return ConsultantCard(
        id=row.id, slug=row.slug, name=row.name, title=row.title, line=row.line, city=row.city,
        field_id=row.field_id, topic_ids=tuple(row.topic_ids), languages=tuple(row.languages), years=row.years,
        seniority=row.seniority, gender=row.gender, portrait=row.face,
        credentials_count=credentials_count, services=services,
    )  # fmt: skip


def _service(row: Any) -> ServiceView:
    return ServiceView(
        id=row.id, consultant_id=row.consultant_id, channel=row.channel, minutes=row.minutes,
        price=Money(row.price_minor, row.currency), title=row.title, note=row.note,
        included=_all_words(row.included), buffer_before_minutes=row.buffer_before_minutes,
        buffer_after_minutes=row.buffer_after_minutes, interval_minutes=row.interval_minutes,
        notice_minutes=row.notice_minutes, horizon_days=row.horizon_days, active=row.active,
        on_request=row.on_request,
    )  # fmt: skip


def _all_words(stored: Iterable[Mapping[str, Any]]) -> tuple[Words, ...]:
    return tuple(Words.of(one) for one in stored)
