"""Campaigns: who gets one, who never does, that each is written to once, and what can honestly be said of the result."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, text

from tests import make
from tests.make import NOW
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.events.crm import CampaignSent
from zhixun.features.accounts.rules import RightNeeded
from zhixun.features.crm import actions, jobs, queries, rules
from zhixun.features.crm.actions import CampaignOver, NobodyToReach
from zhixun.features.crm.models import Recipient
from zhixun.features.crm.rules import Arm, Audience, CampaignState, CampaignTerms, Facts, Share
from zhixun.features.notifications import queries as notices
from zhixun.features.notifications.handlers import tell_person_of_offer
from zhixun.features.privacy import actions as privacy
from zhixun.kernel.errors import Invalid, NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import SYSTEM, Actor, Words, new_id

DAY = timedelta(days=1)
LONG_AGO = NOW - 60 * DAY
TERMS = CampaignTerms("Come back", Words("好久不见。", "Long time no see."), "BACK50", Audience(), 50)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    return house(db_url, tmp_path)


@pytest.fixture
def people(app: Flask) -> list[Actor]:
    """Two dozen clients whose last session was two months ago; all but the last agreed to hear of offers."""
    with unit_of_work(now=LONG_AGO) as uow:
        grace = make.consultant(uow, hours=make.AROUND_THE_CLOCK)
        found = []
        for number in range(24):
            who = make.client(uow, f"Ada{number}")
            make.paid_booking(uow, client=who, consultant=grace)
            uow.db.flush()
            found.append(who)
            if number < 23:
                privacy.give_consent(uow, user_id=who.user_id, purpose=rules.CONSENT)
    with unit_of_work(now=NOW) as uow:
        make.coupon(make.acting(uow, SYSTEM), code="BACK50", budget_minor=20_000)
    return found


def planned(terms: CampaignTerms = TERMS) -> str:
    with unit_of_work(now=NOW) as uow:
        actions.plan_campaign(uow, campaign_id=(campaign_id := new_id()), terms=terms)
    return campaign_id


def begun(terms: CampaignTerms = TERMS) -> str:
    campaign_id = planned(terms)
    with unit_of_work(now=NOW) as uow:
        actions.begin_campaign(uow, campaign_id=campaign_id, segments={})
    return campaign_id


def parts(campaign_id: str) -> dict[str, list[Recipient]]:
    with Session() as db:
        rows = list(db.scalars(select(Recipient).where(Recipient.campaign_id == campaign_id)))
    return {arm: [one for one in rows if one.arm == arm] for arm in (Arm.SENT, Arm.HELD)}


def sent_batch(campaign_id: str) -> list[CampaignSent]:
    with unit_of_work(now=NOW) as uow:
        actions.send_batch(uow, campaign_id=campaign_id)
    return [fact for fact in uow.facts if isinstance(fact, CampaignSent)]


def result(campaign_id: str, *, days: int = 0) -> queries.Result:
    with Session() as db:
        return queries.result_of(db, queries.campaign(db, campaign_id, SYSTEM), NOW + days * DAY)


@pytest.mark.parametrize(
    ("sent", "held", "low", "high"),
    [
        # Newcombe 1998 (Statistics in Medicine 17, 873-890), table II, method 10.
        (Share(56, 70), Share(48, 80), 0.0524, 0.3339), (Share(9, 10), Share(3, 10), 0.1705, 0.8090),
        (Share(10, 10), Share(0, 10), 0.6075, 1.0), (Share(5, 56), Share(0, 29), -0.0381, 0.1926),
    ],
)  # fmt: skip
def test_the_interval_is_newcombes(sent: Share, held: Share, low: float, high: float) -> None:
    found = rules.uplift(sent, held)
    assert found
    assert (found.low, found.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))
    assert found.low <= found.value <= found.high
    mirrored = rules.uplift(held, sent)
    assert mirrored
    assert (mirrored.low, mirrored.high) == (pytest.approx(-high, abs=5e-5), pytest.approx(-low, abs=5e-5))


def test_nothing_is_said_where_there_is_nothing_to_compare() -> None:
    assert rules.uplift(Share(3, 9), Share(0, 0)) is None
    small = rules.uplift(Share(2, 5), Share(1, 5))
    assert small
    assert not small.is_clear


def test_the_part_is_always_the_same_and_of_about_the_size_asked_for() -> None:
    people = [f"{number:032x}" for number in range(5_000)]
    first = rules.arms(people, key="a", holdout_percent=20)
    assert first == rules.arms(reversed(people), key="a", holdout_percent=20)
    assert 0.18 < sum(arm is Arm.HELD for arm in first.values()) / 5_000 < 0.22
    other = rules.arms(people, key="b", holdout_percent=20)
    assert 0.6 < sum(first[who] is other[who] for who in people) / 5_000 < 0.76, "another key is another draw"


@pytest.mark.parametrize(
    ("audience", "belongs"),
    [
        (Audience(), True), (Audience(segment="s1"), True), (Audience(segment="s2"), False), (Audience(tier="gold"), False),
        (Audience(field_id="legal"), True), (Audience(field_id="health"), False), (Audience(quiet_days=30), True),
        (Audience(quiet_days=31), False), (Audience("s1", "green", "legal", 30), True),
    ],
)  # fmt: skip
def test_an_audience_is_all_that_is_said_of_it(audience: Audience, belongs: bool) -> None:
    person = Facts("p", "s1", "green", frozenset({"legal"}), NOW - 30 * DAY)
    assert rules.belongs(person, audience, NOW) is belongs


def test_who_said_no_is_never_written_to_and_who_is_held_out_neither(people: list[Actor]) -> None:
    campaign_id = begun()
    found = parts(campaign_id)
    chosen = {one.person_id for part in found.values() for one in part}
    assert chosen == {who.user_id for who in people[:23]}
    assert found[Arm.HELD]
    facts = sent_batch(campaign_id)
    assert {fact.person_id for fact in facts} == {one.person_id for one in found[Arm.SENT]}
    for fact in facts[:1] * 2:
        tell_person_of_offer(fact)
    with Session() as db:
        [told] = notices.notices_of(db, facts[0].person_id)
    assert (told.kind, told.values["code"]) == ("campaign", "BACK50")


def test_consent_taken_back_before_ones_turn_counts(people: list[Actor]) -> None:
    campaign_id = begun()
    first = parts(campaign_id)[Arm.SENT][0].person_id
    with unit_of_work(now=NOW) as uow:
        privacy.withdraw_consent(uow, user_id=first, purpose=rules.CONSENT)
    assert first not in {fact.person_id for fact in sent_batch(campaign_id)}
    found = result(campaign_id)
    assert (found.skipped, found.sent.of) == (1, len(parts(campaign_id)[Arm.SENT])), "they stay in their part"


def test_batches_send_each_once_and_bear_a_kill(people: list[Actor], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "BATCH", 4)
    campaign_id = begun()
    told = [fact.person_id for fact in sent_batch(campaign_id)]
    with pytest.raises(RuntimeError):
        _killed_before_the_commit(campaign_id)
    for _ in range(6):
        told += [fact.person_id for fact in sent_batch(campaign_id)]
    assert sorted(told) == sorted(one.person_id for one in parts(campaign_id)[Arm.SENT])
    with Session() as db:
        assert queries.campaign(db, campaign_id, SYSTEM).state is CampaignState.DONE
        assert queries.running(db) == []


def _killed_before_the_commit(campaign_id: str) -> None:
    with unit_of_work(now=NOW) as uow:
        actions.send_batch(uow, campaign_id=campaign_id)
        raise RuntimeError


def test_nobody_is_in_two_campaigns_within_a_fortnight(people: list[Actor]) -> None:
    begun()
    second = planned()
    with pytest.raises(NobodyToReach), unit_of_work(now=NOW + 13 * DAY) as uow:
        actions.begin_campaign(uow, campaign_id=second, segments={})
    with unit_of_work(now=NOW + 14 * DAY) as uow:
        actions.begin_campaign(uow, campaign_id=second, segments={})


def test_a_coupon_that_has_spent_its_budget_ends_the_campaign(people: list[Actor]) -> None:
    campaign_id = begun()
    with Session.begin() as db:
        db.execute(text("UPDATE loyalty_coupons SET spent_minor = budget_minor"))
    jobs.send_campaigns()
    with Session() as db:
        view = queries.campaign(db, campaign_id, SYSTEM)
    assert (view.state, view.ended_reason) == (CampaignState.STOPPED, "coupon")
    assert result(campaign_id).written_to == 0


def test_the_result_counts_both_parts_alike(people: list[Actor]) -> None:
    campaign_id = begun()
    sent_batch(campaign_id)
    found = parts(campaign_id)
    buyers = {one.person_id for one in found[Arm.SENT][:3]} | {found[Arm.HELD][0].person_id}
    with unit_of_work(now=NOW + DAY) as uow:
        linda = make.consultant(uow, "Linda", hours=make.AROUND_THE_CLOCK)
        for who in people:
            if who.user_id in buyers:
                make.paid_booking(uow, client=who, consultant=linda, start=make.slot(uow, linda))
                uow.db.flush()
    assert (result(campaign_id).sent.done, result(campaign_id, days=2).sent.done) == (0, 3)
    late = result(campaign_id, days=40)
    assert (late.sent.done, late.held.done, late.counted_until) == (3, 1, NOW + 14 * DAY)
    assert late.uplift == rules.uplift(late.sent, late.held)
    assert late.budget == make.Money(20_000)


def test_campaigns_move_only_forward(people: list[Actor]) -> None:
    campaign_id = begun()
    with pytest.raises(CampaignOver), unit_of_work(now=NOW) as uow:
        actions.begin_campaign(uow, campaign_id=campaign_id, segments={})
    with unit_of_work(now=NOW) as uow:
        actions.stop_campaign(uow, campaign_id=campaign_id)
    assert sent_batch(campaign_id) == []
    with pytest.raises(CampaignOver), unit_of_work(now=NOW) as uow:
        actions.stop_campaign(uow, campaign_id=campaign_id)
    with pytest.raises(NotFound), unit_of_work(now=NOW) as uow:
        actions.begin_campaign(uow, campaign_id=new_id(), segments={})


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": " "}, "name"), ({"name": "x" * 61}, "name"), ({"text": Words("只有中文", "")}, "text_zh"),
        ({"holdout_percent": 4}, "holdout"), ({"holdout_percent": 51}, "holdout"), ({"code": "NONE"}, "code"),
        ({"audience": Audience(quiet_days=-1)}, "quiet_days"),
    ],
)  # fmt: skip
def test_what_makes_no_campaign_is_refused(people: list[Actor], changed: dict[str, object], field: str) -> None:
    terms = CampaignTerms(**(vars(TERMS) | changed))  # type: ignore[arg-type]
    with pytest.raises(Invalid) as refusal, unit_of_work(now=NOW) as uow:
        actions.plan_campaign(uow, campaign_id=new_id(), terms=terms)
    assert field in refusal.value.fields


def test_the_desk_plans_begins_and_reads(app: Flask, people: list[Actor]) -> None:
    with unit_of_work(now=NOW) as uow:
        desk = Visitor(app, make.operator(uow, "Cora", role="content"), english=True)
        support = Visitor(app, make.operator(uow, "Sue", role="support"))
    where = "/ops/campaigns"
    page = desk.get(where)
    assert "No campaign yet" in words(page)
    assert '<option value="BACK50">' in page.text, "the coupons one can choose from"
    assert statements(page) <= STATEMENTS_MAX
    typed = {
        "campaign_id": (campaign_id := new_id()), "name": "Come back", "code": "back50", "text_zh": "好久不见。",
        "text_en": "Long time no see.", "segment": "", "tier": "green", "field_id": "career", "quiet_days": "30", "holdout": "25",
    }  # fmt: skip
    refused = desk.post(where, **(typed | {"holdout": "many"}))
    assert (refused.status_code, "5 to 50 percent" in words(refused), "好久不见" in refused.text) == (400, True, True)
    for _ in range(2):
        shown = desk.follow(desk.post(where, **typed))
    assert "It would reach 23 people now." in words(shown)
    running = desk.follow(desk.post(f"{where}/{campaign_id}", deed="begin"))
    assert "Begun." in words(running)
    jobs.send_campaigns()
    read = desk.get(f"{where}/{campaign_id}")
    for said in ("Chosen 23", "Leaf", "Career", "may be chance", "of ¥200.00", "Still counting."):
        assert said in words(read), said
    assert statements(read) <= STATEMENTS_MAX
    assert desk.post(f"{where}/{campaign_id}", deed="begin").status_code == 409
    assert desk.get(f"{where}/{new_id()}").status_code == 404
    for path in (where, f"{where}/{campaign_id}"):
        assert support.get(path).status_code == 403
        assert support.post(path, deed="stop").status_code == 403
    with pytest.raises(RightNeeded), unit_of_work(now=NOW) as uow:
        actions.plan_campaign(make.acting(uow, people[0]), campaign_id=new_id(), terms=TERMS)
