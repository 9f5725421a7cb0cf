"""People, times and bookings for tests, each in a line. Everything goes through the features' own actions.

    with unit_of_work(now=make.NOW) as uow:
        ada = make.client(uow)
        grace = make.consultant(uow)
        booking_id = make.paid_booking(uow, client=ada, consultant=grace)

A consultant works on weekdays from 09:00 to 17:00 in Shanghai, one hour for 480 yuan, unless a test says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from sqlalchemy import text

from zhixun.features.accounts import actions as accounts
from zhixun.features.accounts import queries as account_queries
from zhixun.features.booking import actions as bookings
from zhixun.features.booking import queries as booking_queries
from zhixun.features.booking.rules import terms_of
from zhixun.features.catalog import actions as catalog
from zhixun.features.catalog import queries as catalog_queries
from zhixun.features.catalog.rules import FieldView, TopicView
from zhixun.features.loyalty import actions as loyalty
from zhixun.features.loyalty.rules import Coupon
from zhixun.features.payments import actions as payments
from zhixun.features.payments import queries as payment_queries
from zhixun.features.payments.ports import Capture
from zhixun.features.payments.rules import Settlement, purpose_of_order
from zhixun.features.plans import actions as plans
from zhixun.features.plans.rules import PackageTerms
from zhixun.features.quality import actions as quality
from zhixun.features.scheduling import actions as scheduling
from zhixun.features.scheduling import queries as scheduling_queries
from zhixun.features.scheduling.rules import WeeklyHours
from zhixun.kernel.unit_of_work import UnitOfWork, unit_of_work
from zhixun.kernel.values import SYSTEM, Actor, Money, Words, new_id

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
"""A Tuesday, 17:00 in Shanghai. The first slot of a usual consultant is the next morning, 09:00 there."""
PASSWORD = "correct horse battery"
PRICE = Money(48_000)
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR")
EVERY_DAY = (*WEEKDAYS, "SA", "SU")
OFFICE_HOURS = (WeeklyHours(WEEKDAYS, "09:00", "17:00"),)
AROUND_THE_CLOCK = (WeeklyHours(EVERY_DAY, "00:00", "24:00"),)
FINE_SCORES = {"accuracy": 5, "clarity": 4, "actionable": 5, "boundaries": 4, "punctual": 5}


@dataclass(frozen=True)
class ConsultantMade:
    actor: Actor
    service_id: str
    slug: str

    @property
    def id(self) -> str:
        return self.actor.user_id


def acting(uow: UnitOfWork, actor: Actor, *, now: datetime | None = None) -> UnitOfWork:
    """The same transaction, with someone else acting in it, or at another time."""
    return replace(uow, actor=actor, now=now or uow.now)


def person(
    uow: UnitOfWork,
    name: str,
    *,
    roles: Sequence[str] = ("client",),
    email: str | None = None,
    zone: str = "Asia/Shanghai",
    language: str = "zh",
) -> Actor:
    """Someone with an account and PASSWORD; the address is the name's, ada@example.com, unless that is taken."""
    address = email or f"{name.lower()}@example.com"
    if email is None and account_queries.person_by_email(uow.db, address):
        address = f"{name.lower()}.{new_id()[-8:]}@example.com"
    user_id = accounts.sign_up(
        uow, user_id=new_id(), email=address, password_hash=_hash_of_password(), name=name, zone=zone,
        language=language, roles=roles,
    )  # fmt: skip
    return Actor(user_id, frozenset(roles), name, zone, language)


def client(uow: UnitOfWork, name: str = "Ada", *, zone: str = "Asia/Shanghai", language: str = "zh") -> Actor:
    return person(uow, name, zone=zone, language=language)


def operator(uow: UnitOfWork, name: str = "Olga", *, role: str = "administrator") -> Actor:
    """Someone at the desk; `role` is one of accounts.rules.DESK_RIGHTS."""
    return person(uow, name, roles=("operator", role))


def field(uow: UnitOfWork) -> str:
    """The field of career, with two topics. Twice is once."""
    topics = (TopicView("offers", Words("选 offer", "Choosing offers")), TopicView("change", Words("转行", "Changing")))
    made = FieldView("career", Words("职业", "Career"), Words("工作的事", "About work"), "career", topics)
    catalog.put_field(uow, position=1, field=made)
    return made.id


def consultant(
    uow: UnitOfWork,
    name: str = "Grace",
    *,
    zone: str = "Asia/Shanghai",
    language: str = "zh",
    hours: Sequence[WeeklyHours] = OFFICE_HOURS,
    service: Mapping[str, object] | None = None,
    commission_bps: int = 1_200,
) -> ConsultantMade:
    """Someone listed, with a calendar and one service; `service` changes its terms (see catalog.actions.add_service)."""
    actor = person(uow, name, roles=("client", "consultant"), zone=zone, language=language)
    slug = f"{name.lower()}-{actor.user_id[-8:]}"
    catalog.list_consultant(
        uow, consultant_id=actor.user_id, slug=slug, name=Words(name, name), title=Words("职业顾问", "Career consultant"),
        line=Words("一句话", "One line"), about=Words("关于", "About"), city=Words("上海", "Shanghai"), field_id=field(uow),
        topic_ids=["offers", "change"], languages=["zh", "en"], years=9, seniority="senior", gender="female",
        portrait=actor.user_id[-6:], commission_bps=commission_bps,
    )  # fmt: skip
    scheduling.open_calendar(uow, consultant_id=actor.user_id, zone=zone)
    scheduling.set_weekly_hours(uow, consultant_id=actor.user_id, hours=hours)
    return ConsultantMade(actor, add_service(uow, actor.user_id, **(service or {})), slug)


def add_service(uow: UnitOfWork, consultant_id: str, **terms: object) -> str:
    """One hour by video for PRICE, unless `terms` say otherwise."""
    usual: dict[str, object] = {
        "channel": "video", "minutes": 60, "price": PRICE, "interval_minutes": 60, "notice_minutes": 0,
        "title": Words("一小时咨询", "One hour"),
    }  # fmt: skip
    return catalog.add_service(uow, service_id=new_id(), consultant_id=consultant_id, **(usual | terms))  # type: ignore[arg-type]


def slot(uow: UnitOfWork, consultant: ConsultantMade, *, after: datetime | None = None, number: int = 0) -> datetime:
    """The start of a free slot: the first from `after` (or now) on, or the one `number` places later."""
    terms = terms_of(catalog_queries.service(uow.db, consultant.service_id))
    from_ = after or uow.now
    free = scheduling_queries.slots(
        uow.db, consultant_id=consultant.id, terms=terms, from_=from_, until=from_ + timedelta(days=40), now=uow.now
    )
    return free[number].start


def held_booking(
    uow: UnitOfWork, *, client: Actor, consultant: ConsultantMade, start: datetime | None = None, brief: str = ""
) -> str:
    """A booking that waits for its money; returns its id."""
    made = bookings.request_booking(
        acting(uow, client), booking_id=new_id(), service_id=consultant.service_id,
        start=start or slot(uow, consultant), brief=brief,
    )  # fmt: skip
    return made.booking_id


def pay(uow: UnitOfWork, booking_id: str, *, charge: str | None = None, amount: Money | None = None) -> Settlement:
    """The sandbox reports the booking's payment as captured; the booking hears of it when facts are delivered."""
    payment = payment_queries.payment_for(uow.db, f"booking:{booking_id}")
    assert payment is not None
    capture = Capture(payment.id, charge or f"ch_{payment.id}", payment.amount if amount is None else amount)
    return payments.settle(uow, gateway=payment.gateway, capture=capture)


def paid_booking(
    uow: UnitOfWork, *, client: Actor, consultant: ConsultantMade, start: datetime | None = None, brief: str = ""
) -> str:
    """A confirmed booking; returns its id."""
    booking_id = held_booking(uow, client=client, consultant=consultant, start=start, brief=brief)
    pay(uow, booking_id)
    bookings.confirm_if_paid(uow, booking_id=booking_id)
    return booking_id


def bring_near(uow: UnitOfWork, booking_id: str) -> None:
    """Nobody waits for a day to come: the session begins in fourteen minutes, so that it may be started early."""
    at = uow.now + timedelta(minutes=14)
    uow.db.execute(
        text(
            "UPDATE booking_bookings SET starts_at = :at, ends_at = :at + minutes * interval '1 minute', "
            "free_until = least(free_until, :at) WHERE id = :id"
        ),
        {"at": at, "id": booking_id},
    )
    uow.db.expire_all()


def completed_booking(
    uow: UnitOfWork, *, client: Actor, consultant: ConsultantMade, start: datetime | None = None
) -> str:
    """A session both came to and that ended on time; returns the booking's id."""
    at = start or slot(uow, consultant)
    booking_id = paid_booking(uow, client=client, consultant=consultant, start=at)
    uow.db.flush()
    bookings.join_session(acting(uow, client, now=at), booking_id=booking_id)
    bookings.join_session(acting(uow, consultant.actor, now=at), booking_id=booking_id)
    bookings.complete_session(acting(uow, consultant.actor, now=at + timedelta(minutes=60)), booking_id=booking_id)
    return booking_id


def feedback(uow: UnitOfWork, booking_id: str, *, client: Actor, words: str = "", **scores: int) -> str:
    """What the client answered; FINE_SCORES unless given. Call it with a `uow` that is within the window."""
    return quality.give_feedback(
        acting(uow, client), feedback_id=new_id(), booking_id=booking_id, scores=FINE_SCORES | scores, nps=9,
        solved="yes", words=words,
    )  # fmt: skip


def brief_of(booking_id: str) -> str:
    """What the client wrote before the session, as it is kept."""
    with unit_of_work() as uow:
        return booking_queries.brief_of(uow.db, booking_queries.booking(uow.db, booking_id, SYSTEM, uow.now), SYSTEM)


def pair(now: datetime = NOW) -> tuple[Actor, ConsultantMade]:
    """Ada and Grace, in a transaction of their own."""
    with unit_of_work(now=now) as uow:
        return client(uow), consultant(uow)


@lru_cache(maxsize=1)
def _hash_of_password() -> str:
    return accounts.hash_password(PASSWORD)


def listed(
    uow: UnitOfWork,
    name: str = "Grace",
    *,
    field_id: str = "legal",
    topic_ids: Sequence[str] = ("labour-dismissal",),
    line: Words = Words("一句话", "One line"),
    city: Words = Words("上海", "Shanghai"),
    languages: Sequence[str] = ("zh",),
    years: int = 9,
    gender: str = "female",
    seniority: str = "senior",
    hours: Sequence[WeeklyHours] = OFFICE_HOURS,
    services: Sequence[Mapping[str, object]] = ({},),
) -> str:
    """Someone in one of the house's own fields (see catalog.actions.put_house_fields), without an account; their id."""
    consultant_id = new_id()
    catalog.list_consultant(
        uow, consultant_id=consultant_id, slug=f"{name.lower()}-{consultant_id[-8:]}", name=Words(name, name),
        title=Words("顾问", "Consultant"), line=line, about=Words("关于", "About"), city=city, field_id=field_id,
        topic_ids=topic_ids, languages=languages, years=years, seniority=seniority, gender=gender, portrait="f-1",
    )  # fmt: skip
    scheduling.open_calendar(uow, consultant_id=consultant_id, zone="Asia/Shanghai")
    scheduling.set_weekly_hours(uow, consultant_id=consultant_id, hours=hours)
    for terms in services:
        add_service(uow, consultant_id, **terms)
    return consultant_id


def package(uow: UnitOfWork, consultant: ConsultantMade, **terms: object) -> str:
    """Five sessions of the consultant's service for 2,000 yuan, good for 180 days, unless `terms` say otherwise; its id."""
    usual: dict[str, object] = {
        "title": Words("五次套餐", "Five sessions"), "unit": "session", "quantity": 5, "price": Money(200_000),
        "valid_days": 180,
    }  # fmt: skip
    wanted = PackageTerms(**(usual | terms))  # type: ignore[arg-type]
    service_id = consultant.service_id if wanted.unit == "session" else None
    package_id = new_id()
    plans.put_package(
        acting(uow, consultant.actor), package_id=package_id, consultant_id=consultant.id, service_id=service_id,
        terms=wanted,
    )  # fmt: skip
    return package_id


def membership(uow: UnitOfWork, **terms: object) -> str:
    """One session a month up to 500 yuan and a tenth off, for 300 yuan a month; its id."""
    usual: dict[str, object] = {
        "title": Words("知询会员", "Zhixun member"), "note": Words("", ""), "price": Money(30_000), "included": 1,
        "included_max": Money(50_000), "discount_bps": 1_000,
    }  # fmt: skip
    membership_id = new_id()
    plans.put_membership(acting(uow, SYSTEM), membership_id=membership_id, **(usual | terms))  # type: ignore[arg-type]
    return membership_id


def bought(uow: UnitOfWork, product_id: str, *, client: Actor) -> str:
    """A package or membership ordered, paid for and handed over; the id of what they have now."""
    order_id = ordered(uow, product_id, client=client)
    pay_order(uow, order_id)
    return plans.fulfil_if_paid(uow, order_id=order_id).holding_id


def ordered(uow: UnitOfWork, product_id: str, *, client: Actor) -> str:
    """An order that waits for its money; its id."""
    return plans.order_plan(acting(uow, client), order_id=new_id(), product_id=product_id).id


def pay_order(uow: UnitOfWork, order_id: str) -> None:
    """The sandbox reports an order's payment as captured."""
    payment = payment_queries.payment_for(uow.db, purpose_of_order(order_id))
    assert payment is not None
    payments.settle(uow, gateway="sandbox", capture=Capture(payment.id, f"ch_{payment.id}", payment.amount))


def coupon(uow: UnitOfWork, **terms: object) -> str:
    """WELCOME50: 50 yuan off from 300, once per person; its id."""
    usual: dict[str, object] = {
        "id": new_id(), "code": "WELCOME50", "title": Words("新人立减", "Welcome"), "kind": "amount", "percent_bps": 0,
        "amount_minor": 5_000, "off_max_minor": None, "minimum_minor": 30_000, "field_id": None, "consultant_id": None,
        "first_booking": False, "listed": True, "valid_from": uow.now - timedelta(days=1),
        "valid_until": uow.now + timedelta(days=60), "per_person_max": 1, "uses_max": None, "budget_minor": None,
        "used": 0, "spent_minor": 0, "paused": False,
    }  # fmt: skip
    made = Coupon(**(usual | terms))  # type: ignore[arg-type]
    loyalty.create_coupon(uow, coupon=made)
    return made.id
