"""Pages, services and credentials: what is shown, and what is no longer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests import make
from zhixun.events.catalog import ConsultantListed, ConsultantUnlisted
from zhixun.features.catalog import actions, queries
from zhixun.features.catalog.actions import AddressTaken
from zhixun.features.catalog.models import Consultant
from zhixun.kernel.errors import Invalid, NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, Money, Words, new_id, utc_now

NOW = make.NOW
DAY = timedelta(days=1)

GRACE, HOPPER = Actor("grace", frozenset({"consultant"})), Actor("hopper", frozenset({"consultant"}))

PAGE = {
    "name": Words("格蕾丝", "Grace"), "title": Words("顾问", "Consultant"), "line": Words("一句", "Line"), "about": Words("关于"),
    "city": Words("上海", "Shanghai"), "field_id": "career", "topic_ids": ["offers"], "languages": ["zh"], "years": 9,
    "seniority": "senior", "gender": "female", "portrait": "p",
}  # fmt: skip

pytestmark = pytest.mark.usefixtures("db_url")


def list_page(consultant_id="grace", slug="grace-h", now=NOW, **more):
    with unit_of_work(now=now) as uow:
        actions.list_consultant(uow, consultant_id=consultant_id, slug=slug, **(PAGE | more))
    return [type(fact) for fact in uow.facts]


def add(service_id="hour", consultant_id="grace", **terms):
    usual = {"channel": "video", "minutes": 60, "price": Money(48_000), "title": Words("一小时", "One hour")}
    with unit_of_work(now=NOW) as uow:
        actions.add_service(uow, service_id=service_id, consultant_id=consultant_id, **(usual | terms))


def page(name="grace-h"):
    with Session() as db:
        return queries.consultant(db, name)


def test_a_page_is_found_by_its_address_or_its_id_until_it_is_taken_out():
    assert list_page() == [ConsultantListed]
    assert page().card.id == page("grace").card.id == "grace"
    with unit_of_work(now=NOW) as uow:
        actions.unlist_consultant(uow, consultant_id="grace")
    assert [type(fact) for fact in uow.facts] == [ConsultantUnlisted]
    for name in ("grace-h", "grace", "unknown", ""):
        with pytest.raises(NotFound):
            page(name)
    with Session() as db:
        assert not queries.is_listed(db, "grace")
        assert queries.consultant_cards(db) == []
        assert queries.cards_of(db, ["grace"])["grace"].name.en == "Grace"
    list_page()
    assert page().card.id == "grace"
    with pytest.raises(NotFound), unit_of_work(now=NOW) as uow:
        actions.unlist_consultant(uow, consultant_id="nobody")


def test_a_page_brought_up_to_date_is_not_new_again():
    list_page()
    list_page(now=NOW + DAY, years=10)
    with Session() as db:
        assert db.get_one(Consultant, "grace").listed_at == NOW
    assert page().card.years == 10


def test_an_address_belongs_to_one_page():
    list_page()
    with pytest.raises(AddressTaken):
        list_page("hopper", "grace-h")
    list_page("hopper", "hopper")

    def claim(number):
        try:
            return list_page(f"c{number}", "the-one")
        except AddressTaken:
            return None

    with ThreadPoolExecutor(6) as pool:
        assert len([one for one in pool.map(claim, range(6)) if one]) == 1


@pytest.mark.parametrize(
    "slug", ["", "Grace", "grace h", "-grace", "grace-", "a--b", "格蕾丝", "x" * 81, "a/b", "0" * 32]
)
def test_an_address_part_is_plain_and_no_id(slug):
    with pytest.raises(Invalid):
        list_page(slug=slug)


@pytest.mark.parametrize(
    "terms",
    [
        {"channel": "smoke"}, {"minutes": 9}, {"minutes": 241}, {"price": Money(-1)}, {"price": Money(10_000_001)},
        {"buffer_before_minutes": -1}, {"buffer_after_minutes": 241}, {"interval_minutes": 0}, {"interval_minutes": -30},
        {"notice_minutes": -1}, {"notice_minutes": 43_201}, {"horizon_days": 0}, {"horizon_days": 366},
    ],
)  # fmt: skip
def test_a_service_outside_the_limits_is_refused(terms):
    list_page()
    with pytest.raises(Invalid):
        add(**terms)


@pytest.mark.parametrize("bps", [-1, 10_001])
def test_a_commission_is_a_share(bps):
    with pytest.raises(Invalid):
        list_page(commission_bps=bps)


def test_a_service_withdrawn_is_shown_to_nobody_but_still_named_by_past_bookings():
    list_page()
    add()
    add("half", minutes=30)
    assert [service.id for service in page().card.services] == ["hour", "half"]
    with unit_of_work(GRACE, now=NOW) as uow:
        actions.withdraw_service(uow, service_id="hour")
    assert [service.id for service in page().card.services] == ["half"]
    with Session() as db:
        assert not queries.service(db, "hour").active
        assert set(queries.timings_of(db, ["grace"])) == {"grace"}
    for who, wanted in ((GRACE, "unknown"), (GRACE, "hour"), (HOPPER, "half")):
        with pytest.raises(NotFound), unit_of_work(who, now=NOW) as uow:
            actions.withdraw_service(uow, service_id=wanted)
    add()
    assert [service.id for service in page().card.services] == ["hour", "half"]


def test_nobody_rewrites_the_service_of_another():
    list_page()
    list_page("hopper", "hopper")
    add()
    with pytest.raises(NotFound):
        add(consultant_id="hopper")
    assert page().card.services[0].id == "hour"


def test_an_inactive_service_cannot_be_booked():
    with unit_of_work(now=NOW) as uow:
        ada, grace = make.client(uow), make.consultant(uow)
        start = make.slot(uow, grace)
        actions.withdraw_service(make.acting(uow, grace.actor), service_id=grace.service_id)
        with pytest.raises(NotFound):
            make.held_booking(uow, client=ada, consultant=grace, start=start)


def test_an_expired_credential_is_neither_shown_nor_counted():
    list_page()
    today = utc_now().date()  # the database's own clock decides
    with unit_of_work(now=NOW) as uow:
        for name, expires in (("past", today - DAY), ("last-day", today), ("future", today + DAY), ("endless", None)):
            actions.add_credential(
                uow, credential_id=new_id(), consultant_id="grace", name=Words(name), how=Words("看过原件", "Original seen"),
                number="1", checked_on=today - 400 * DAY, expires_on=expires,
            )  # fmt: skip
    assert sorted(one.name.zh for one in page().credentials) == ["endless", "future", "last-day"]
    assert page().card.credentials_count == 3
    with Session() as db:
        assert queries.consultant_cards(db)[0].credentials_count == 3


def test_fields_come_with_their_topics_and_twice_is_once():
    with unit_of_work(now=NOW) as uow:
        make.field(uow)
        make.field(uow)
        [field] = queries.fields(uow.db)
    assert [topic.id for topic in field.topics] == ["offers", "change"]
    with unit_of_work(now=NOW) as uow:
        actions.put_house_fields(uow)
        actions.put_house_fields(uow)
        assert {field.id for field in queries.fields(uow.db)} >= {"education", "health", "legal", "career"}
