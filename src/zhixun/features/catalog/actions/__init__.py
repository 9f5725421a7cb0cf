from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from zhixun.events.catalog import ConsultantListed, ConsultantUnlisted, PhotoRemoved
from zhixun.features.accounts.rules import check_right
from zhixun.features.catalog import queries, rules
from zhixun.features.catalog.models import Consultant, Credential, Field, Service, Topic
from zhixun.features.catalog.rules import FieldView, own
from zhixun.features.catalog.rules.own import Offer, OwnWords
from zhixun.kernel.errors import N_, Conflict, Invalid, NotFound
from zhixun.kernel.tables import Table
from zhixun.kernel.unit_of_work import UnitOfWork
from zhixun.kernel.values import Money, Words

from .photo import put_photo, remove_photo, seal_photo

__all__ = ["put_photo", "remove_photo", "seal_photo"]


class FieldExists(Conflict):
    code, message = "field_exists", N_("There is a field of this short name already.")


class AddressTaken(Conflict):
    code, message = "slug_taken", N_("Another consultant already has this address.")


class TooManyServices(Conflict):
    code, message = "too_many_services", N_("You sell 12 services at once at most. Take one off sale first.")


def put_house_fields(uow: UnitOfWork) -> None:
    """Bring the fields that ship with the house into the database. Runs at every start; fields of one's own stay."""
    edited = set(uow.db.scalars(select(Field.id).where(Field.edited_at.is_not(None))))
    for position, field in enumerate(queries.house_fields(), 1):
        if field.id not in edited:
            put_field(uow, position=position, field=field)


def edit_field(uow: UnitOfWork, *, field: FieldView) -> None:
    """Change a field's texts, questions, rubric and warnings; topics that are left out are gone.

    Raises RightNeeded, NotFound.
    """
    check_right(uow.actor, "edit_fields")
    row = uow.db.get(Field, field.id, with_for_update=True)
    if row is None:
        raise NotFound
    kept = [topic.id for topic in field.topics]
    uow.db.execute(delete(Topic).where(Topic.field_id == field.id, Topic.id.not_in(kept)))
    _check_topics(uow, field)
    put_field(uow, position=row.position, field=field)
    row.edited_at = uow.now


def add_field(uow: UnitOfWork, *, field: FieldView) -> None:
    """A new field, after the others. Raises RightNeeded, FieldExists."""
    check_right(uow.actor, "edit_fields")
    if uow.db.get(Field, field.id) is not None:
        raise FieldExists
    _check_topics(uow, field)
    last = uow.db.scalar(select(func.max(Field.position))) or 0
    put_field(uow, position=last + 1, field=field)
    uow.db.execute(update(Field).where(Field.id == field.id).values(edited_at=uow.now))


def _check_topics(uow: UnitOfWork, field: FieldView) -> None:
    """A topic belongs to one field."""
    ids = [topic.id for topic in field.topics]
    if uow.db.scalar(select(Topic.id).where(Topic.id.in_(ids), Topic.field_id != field.id).limit(1)):
        raise Invalid(fields={"topics": N_("One of these topics belongs to another field.")})


def put_field(uow: UnitOfWork, *, position: int, field: FieldView) -> None:
    """Add a field with its topics, or bring it up to date. Two statements."""
    _put(
        uow,
        Field,
        {
            "id": field.id, "position": position, "name": field.name, "summary": field.summary, "glyph": field.glyph,
            "disclaimer": field.disclaimer, "crisis_words": list(field.crisis_words), "crisis_help": field.crisis_help,
            "intake": rules.stored_intake(field.intake), "rubric": rules.stored_rubric(field.rubric),
            "credentials_required": rules.stored_credentials_required(field.credentials_required),
        },
    )  # fmt: skip
    topics = [
        {
            "id": topic.id, "field_id": field.id, "position": place, "name": topic.name,
            "synonyms": list(topic.synonyms), "crisis": topic.crisis,
        }
        for place, topic in enumerate(field.topics)
    ]  # fmt: skip
    if topics:
        _put(uow, Topic, *topics)


def _put(uow: UnitOfWork, table: type[Table], *rows: dict[str, Any]) -> None:
    """Write rows by their id, whether or not they are there already."""
    written = insert(table).values(list(rows))
    newer = {name: written.excluded[name] for name in rows[0] if name != "id"}
    saved = written.on_conflict_do_update(index_elements=["id"], set_=newer).returning(table)
    uow.db.scalars(saved, execution_options={"populate_existing": True}).all()


def list_consultant(
    uow: UnitOfWork,
    *,
    consultant_id: str,
    slug: str,
    name: Words,
    title: Words,
    line: Words,
    about: Words,
    city: Words,
    field_id: str,
    topic_ids: Iterable[str],
    languages: Iterable[str],
    years: int,
    seniority: str,
    gender: str,
    portrait: str,
    good_for: Sequence[Words] = (),
    not_for: Sequence[Words] = (),
    commission_bps: int = rules.COMMISSION_BPS,
) -> None:
    """Put a consultant's page into the catalogue, or bring it up to date; they are new only once.

    Raises Invalid, AddressTaken.
    """
    rules.check_slug(slug)
    rules.check_commission(commission_bps)
    old = uow.db.get(Consultant, consultant_id)
    page = Consultant(
        id=consultant_id, slug=slug, name=name, title=title, line=line, about=about, city=city,
        field_id=field_id, topic_ids=list(topic_ids), languages=list(languages), years=years,
        seniority=seniority, gender=gender, portrait=portrait, good_for=_stored(good_for),
        not_for=_stored(not_for), commission_bps=commission_bps, listed=True,
        listed_at=old.listed_at if old else uow.now,
    )  # fmt: skip
    try:
        with uow.db.begin_nested():
            uow.db.merge(page)
    except IntegrityError:
        raise AddressTaken from None
    uow.emit(ConsultantListed(consultant_id=consultant_id))


def unlist_consultant(uow: UnitOfWork, *, consultant_id: str) -> None:
    """Take a consultant's page out of the catalogue; bookings already made stay. Raises NotFound."""
    row = uow.db.get(Consultant, consultant_id)
    if row is None:
        raise NotFound
    row.listed = False
    uow.emit(ConsultantUnlisted(consultant_id=consultant_id))


def add_service(
    uow: UnitOfWork,
    *,
    service_id: str,
    consultant_id: str,
    channel: str,
    minutes: int,
    price: Money,
    title: Words,
    note: Words = Words(),
    included: Sequence[Words] = (),
    buffer_before_minutes: int = 0,
    buffer_after_minutes: int = 0,
    interval_minutes: int = 30,
    notice_minutes: int = 60,
    horizon_days: int = 30,
) -> str:
    """Offer a service; the same id twice brings it up to date. Raises Invalid, NotFound (someone else's service)."""
    rules.check_service(channel=channel, minutes=minutes, price=price)
    rules.check_timing(
        buffers=(buffer_before_minutes, buffer_after_minutes), interval_minutes=interval_minutes,
        notice_minutes=notice_minutes, horizon_days=horizon_days,
    )  # fmt: skip
    place = select(func.count()).select_from(Service).where(Service.consultant_id == consultant_id)
    old = uow.db.get(Service, service_id)
    if old is not None and old.consultant_id != consultant_id:
        raise NotFound
    on_request = old.on_request if old else False
    if on_request:
        notice_minutes = max(notice_minutes, rules.ON_REQUEST_NOTICE_MINUTES)
    write = uow.db.merge if old else uow.db.add  # Merging what is not there would look for it again.
    write(
        Service(
            id=service_id, consultant_id=consultant_id, position=old.position if old else uow.db.scalar(place) or 0,
            channel=channel, minutes=minutes, price_minor=price.amount_minor, currency=price.currency,
            title=title, note=note, included=_stored(included), buffer_before_minutes=buffer_before_minutes,
            buffer_after_minutes=buffer_after_minutes, interval_minutes=interval_minutes,
            notice_minutes=notice_minutes, horizon_days=horizon_days, active=True, on_request=on_request,
        )
    )  # fmt: skip
    uow.emit(ConsultantListed(consultant_id=consultant_id))
    return service_id


def add_group_service(
    uow: UnitOfWork, *, service_id: str, consultant_id: str, minutes: int, price: Money, title: Words
) -> None:
    """What a seat of a group session is: by text, and never sold singly, so it is not active. The same id twice is done
    once. Raises Invalid, NotFound (someone else's service)."""
    rules.check_service(channel="text", minutes=minutes, price=price)
    known = uow.db.get(Service, service_id)
    if known is not None:
        if known.consultant_id != consultant_id:
            raise NotFound
        return
    place = select(func.count()).select_from(Service).where(Service.consultant_id == consultant_id)
    uow.db.add(
        Service(
            id=service_id, consultant_id=consultant_id, position=uow.db.scalar(place) or 0, channel="text",
            minutes=minutes, price_minor=price.amount_minor, currency=price.currency, title=title, note=Words(),
            included=[], buffer_before_minutes=0, buffer_after_minutes=0, interval_minutes=30, notice_minutes=0,
            horizon_days=rules.HORIZON_DAYS_MAX, active=False,
        )
    )  # fmt: skip
    uow.db.flush()


def change_timing(
    uow: UnitOfWork,
    *,
    consultant_id: str,
    notice_minutes: int,
    buffer_before_minutes: int,
    buffer_after_minutes: int,
) -> None:
    """Ask the same notice and breaks of all of a consultant's services. What is booked stays as it was. Raises Invalid."""
    for row in uow.db.scalars(select(Service).where(Service.consultant_id == consultant_id).order_by(Service.id)):
        rules.check_timing(
            buffers=(buffer_before_minutes, buffer_after_minutes), interval_minutes=row.interval_minutes,
            notice_minutes=notice_minutes, horizon_days=row.horizon_days,
        )  # fmt: skip
        row.notice_minutes = max(notice_minutes, rules.ON_REQUEST_NOTICE_MINUTES if row.on_request else 0)
        row.buffer_before_minutes, row.buffer_after_minutes = buffer_before_minutes, buffer_after_minutes
    uow.emit(ConsultantListed(consultant_id=consultant_id))


def ask_first(uow: UnitOfWork, *, service_id: str, on_request: bool) -> None:
    """Whether each booking of the asker's own service waits for their yes. What is booked already stays as it was agreed.

    Such a service is booked three hours ahead at least, so that there is time to answer. Raises NotFound.
    """
    row = _own_service(uow, service_id)
    if row.on_request == on_request:
        return
    row.on_request = on_request
    if on_request:
        row.notice_minutes = max(row.notice_minutes, rules.ON_REQUEST_NOTICE_MINUTES)
    uow.emit(ConsultantListed(consultant_id=row.consultant_id))


def write_own_words(uow: UnitOfWork, *, said: OwnWords) -> None:
    """Consultants say on their page what they do and for whom. Raises Invalid, NotFound (no page)."""
    own.check_own_words(said)
    row = uow.db.get(Consultant, uow.actor.user_id, with_for_update=True)
    if row is None:
        raise NotFound
    known = set(uow.db.scalars(select(Topic.id).where(Topic.field_id == row.field_id)))
    if not set(said.topic_ids) <= known:
        raise Invalid(fields={"topics": N_("Please choose topics of your own field.")})
    row.title, row.line, row.about, row.city = said.title, said.line, said.about, said.city
    row.topic_ids, row.languages = list(said.topic_ids), list(said.languages)
    row.good_for, row.not_for = _stored(said.good_for), _stored(said.not_for)
    if row.listed:
        uow.emit(ConsultantListed(consultant_id=row.id))


def sell_service(uow: UnitOfWork, *, service_id: str, channel: str, minutes: int, offer: Offer) -> str:
    """The asker sells one more service, with the notice and the breaks of the others. The same id twice is done once.

    Raises Invalid, NotFound (no page, or someone else's service), TooManyServices.
    """
    own.check_offer(offer)
    page = uow.db.get(Consultant, uow.actor.user_id, with_for_update=True)
    if page is None:
        raise NotFound
    sold = uow.db.scalars(
        select(Service).where(Service.consultant_id == page.id, Service.active).order_by(Service.position)
    ).all()
    if len(sold) >= own.SERVICES_MAX and service_id not in {one.id for one in sold}:
        raise TooManyServices
    timing = sold[0] if sold else None
    return add_service(
        uow, service_id=service_id, consultant_id=page.id, channel=channel, minutes=minutes, price=offer.price,
        title=offer.title, note=offer.note, included=offer.included,
        buffer_before_minutes=timing.buffer_before_minutes if timing else 0,
        buffer_after_minutes=timing.buffer_after_minutes if timing else 0,
        notice_minutes=timing.notice_minutes if timing else 60,
    )  # fmt: skip


def change_offer(uow: UnitOfWork, *, service_id: str, offer: Offer) -> None:
    """New words or another price from now on; what is booked already stays as it was agreed. Raises Invalid, NotFound."""
    own.check_offer(offer)
    row = _own_service(uow, service_id)
    row.title, row.note, row.included = offer.title, offer.note, _stored(offer.included)
    row.price_minor, row.currency = offer.price.amount_minor, offer.price.currency
    uow.emit(ConsultantListed(consultant_id=row.consultant_id))


def withdraw_service(uow: UnitOfWork, *, service_id: str) -> None:
    """The asker sells this service no longer; bookings already made stay. Raises NotFound (someone else's too)."""
    row = _own_service(uow, service_id)
    row.active = False
    uow.emit(ConsultantListed(consultant_id=row.consultant_id))


def _own_service(uow: UnitOfWork, service_id: str) -> Service:
    row = uow.db.get(Service, service_id, with_for_update=True)
    if row is None or not row.active or row.consultant_id != uow.actor.user_id:
        raise NotFound
    return row


def add_credential(
    uow: UnitOfWork,
    *,
    credential_id: str,
    consultant_id: str,
    name: Words,
    how: Words,
    number: str,
    checked_on: date,
    expires_on: date | None = None,
) -> None:
    """Record a credential that was checked: what, how, when, until when."""
    _put(
        uow,
        Credential,
        {
            "id": credential_id, "consultant_id": consultant_id, "name": name, "how": how, "number": number,
            "checked_on": checked_on, "expires_on": expires_on,
        },
    )  # fmt: skip


def remove_credential(uow: UnitOfWork, *, credential_id: str) -> None:
    """Show it no longer. What is not there is no mistake."""
    uow.db.execute(delete(Credential).where(Credential.id == credential_id))


def _stored(many: Sequence[Words]) -> list[dict[str, Any]]:
    return [dict(words.as_dict()) for words in many]


def erase_consultant(uow: UnitOfWork, person_id: str) -> int:
    """What past bookings name stays as a nameless page that nobody can open; everything about the person goes."""
    row = uow.db.get(Consultant, person_id)
    if row is None:
        return 0
    nothing, gone = Words(), Words("已离开的咨询师", "A consultant who left")
    row.slug, row.name, row.title, row.line, row.about, row.city = person_id, gone, nothing, nothing, nothing, nothing
    row.topic_ids, row.languages, row.years, row.seniority, row.gender = [], [], 0, "", ""
    row.portrait, row.good_for, row.not_for, row.listed = "", [], [], False
    if row.photo:
        uow.emit(PhotoRemoved(photo_id=row.photo))
        row.photo = ""
    withdrawn = update(Service).where(Service.consultant_id == person_id).values(active=False, note=nothing)
    uow.db.execute(withdrawn)
    uow.emit(ConsultantUnlisted(consultant_id=person_id))
    return 1
