"""The price table in the database, and the quote that a booking freezes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests import make
from zhixun.features.accounts.rules import RightNeeded
from zhixun.features.booking import queries as bookings
from zhixun.features.catalog import actions as catalog
from zhixun.features.catalog import queries as catalog_queries
from zhixun.features.catalog.rules import FieldView, TopicView
from zhixun.features.payments import queries as payments
from zhixun.features.plans import actions, queries
from zhixun.features.plans.rules import HOUSE, PriceRule
from zhixun.kernel import outbox
from zhixun.kernel.errors import NotFound
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import SYSTEM, Money, Words

NOW = make.NOW
MORNING = PriceRule("evening", "09:00-12:00", 11_000)


@pytest.fixture
def two(db_url):
    outbox.forget_all()
    return make.pair()


def put(owner_id: str, *rules: PriceRule) -> None:
    with unit_of_work(SYSTEM, now=NOW) as uow:
        for rule in rules:
            actions.set_price_rule(uow, owner_id=owner_id, rule=rule)


def quoted(grace, brief: str = ""):
    with unit_of_work(now=NOW) as uow:
        service = catalog_queries.service(uow.db, grace.service_id)
        return queries.quote(uow.db, service=service, starts_at=make.slot(uow, grace), now=NOW, brief=brief)


def test_a_booking_freezes_the_price_and_how_it_came_about(two):
    ada, grace = two
    put(grace.id, MORNING)
    with unit_of_work(now=NOW) as uow:
        booking_id = make.held_booking(uow, client=ada, consultant=grace)
    put(grace.id, PriceRule("evening", "09:00-12:00", 15_000))
    with unit_of_work(now=NOW) as uow:
        view = bookings.booking(uow.db, booking_id, ada, NOW)
        payment = payments.payment_for(uow.db, f"booking:{booking_id}")
    assert view.price == payment.amount == Money(52_800)
    assert [line.words.en for line in view.lines] == ["One hour, 60 minutes", "Between 09:00–12:00, +10%"]
    assert [step.refund for step in view.ladder] == [Money(52_800), Money(26_400), Money(0)]


def test_what_was_quoted_is_what_is_held(two):
    ada, grace = two
    put(HOUSE, MORNING, PriceRule("urgent", "24", 12_000))
    promised = quoted(grace)
    with unit_of_work(now=NOW) as uow:
        booking_id = make.held_booking(uow, client=ada, consultant=grace)
        view = bookings.booking(uow.db, booking_id, ada, NOW)
    assert (view.price, view.lines) == (promised.total, promised.lines)


def test_a_brief_that_speaks_of_danger_takes_the_surcharge_away(two):
    _, grace = two
    with unit_of_work(now=NOW) as uow:
        catalog.put_field(uow, position=1, field=FieldView(
            "career", Words("职业", "Career"), Words(), "career", (TopicView("offers", Words("选", "Offers")),),
            crisis_words=("不想活",),
        ))  # fmt: skip
    put(grace.id, MORNING)
    assert quoted(grace).total == Money(52_800)
    said = quoted(grace, "我不想活了")
    assert said.total == Money(48_000)
    assert said.lines[-1].words.en == "No surcharge where someone may be in danger"


def test_who_has_a_topic_of_crises_is_never_dearer(two):
    _, grace = two
    topics = (TopicView("offers", Words("选", "Offers"), (), True),)
    with unit_of_work(now=NOW) as uow:
        catalog.put_field(
            uow, position=1, field=FieldView("career", Words("职业", "Career"), Words(), "career", topics)
        )
    put(grace.id, MORNING, PriceRule("urgent", "72", 20_000))
    assert quoted(grace).total == Money(48_000)
    with unit_of_work(now=NOW) as uow:
        offer = queries.offer_of(uow.db, grace.id, "", NOW)
    assert offer.notes(True) == ()
    assert [one.en for one in offer.notes(False)] == [
        "Between 09:00–12:00, +10%", "Starts within 72 hours, +100%",
    ]  # fmt: skip


def test_only_the_owner_changes_a_table_and_the_houses_needs_the_right(two):
    ada, grace = two
    with unit_of_work(now=NOW) as uow:
        olga, finn = make.operator(uow), make.operator(uow, "Finn", role="finance")
        with pytest.raises(NotFound):
            actions.set_price_rule(make.acting(uow, ada), owner_id=grace.id, rule=MORNING)
        with pytest.raises(NotFound):
            actions.set_price_rule(make.acting(uow, ada), owner_id=ada.user_id, rule=MORNING)
        with pytest.raises(RightNeeded):
            actions.set_price_rule(make.acting(uow, finn), owner_id=HOUSE, rule=MORNING)
        with pytest.raises(RightNeeded):
            actions.drop_price_rule(make.acting(uow, grace.actor), owner_id=HOUSE, kind="cap", value="")
        actions.set_price_rule(make.acting(uow, olga), owner_id=HOUSE, rule=MORNING)
        actions.set_price_rule(make.acting(uow, grace.actor), owner_id=grace.id, rule=MORNING)
        actions.drop_price_rule(make.acting(uow, grace.actor), owner_id=grace.id, kind="evening", value=MORNING.value)
        assert queries.rules_of(uow.db, grace.id, NOW) == []
        assert queries.rules_of(uow.db, HOUSE, NOW) == [MORNING]


def test_setting_a_line_twice_changes_it_and_there_is_a_limit(two):
    _, grace = two
    put(grace.id, MORNING, PriceRule("evening", "09:00-12:00", 9_000))
    with unit_of_work(now=NOW) as uow:
        assert queries.rules_of(uow.db, grace.id, NOW) == [PriceRule("evening", "09:00-12:00", 9_000)]
    put(grace.id, *(PriceRule("urgent", str(hours), 10_500) for hours in range(1, actions.RULES_MAX)))
    with pytest.raises(actions.TooManyRules):
        put(grace.id, PriceRule("urgent", "50", 10_500))
    put(grace.id, PriceRule("urgent", "3", 10_700))


def test_two_urgencies_both_count_the_later_first(two):
    _, grace = two
    put(grace.id, PriceRule("urgent", "24", 11_000), PriceRule("urgent", "48", 11_000))
    with unit_of_work(now=NOW) as uow:
        service = catalog_queries.service(uow.db, grace.service_id)
        at = NOW + timedelta(hours=30)
        assert queries.quote(uow.db, service=service, starts_at=at, now=NOW).total == Money(52_800)
