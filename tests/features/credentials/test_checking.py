"""Credentials: handed in, checked by two different people, shown until they run out; and the way to become a consultant."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError

from tests import make
from tests.visitor import Visitor, house, words
from zhixun.events.credentials import ApplicationDecided, CredentialDecided
from zhixun.features.accounts import queries as accounts
from zhixun.features.accounts.rules import RightNeeded
from zhixun.features.catalog import actions as catalog_actions
from zhixun.features.catalog import queries as catalog
from zhixun.features.credentials import actions, queries, rules
from zhixun.features.credentials.actions import CheckedByYou, DecidedAlready, NotVerifiedYet, TooManyClaims
from zhixun.features.credentials.rules import ClaimState, Proof, Wish
from zhixun.features.notifications import handlers as notices
from zhixun.features.notifications import queries as notice_queries
from zhixun.features.scheduling import handlers as scheduling_handlers
from zhixun.features.scheduling import queries as scheduling
from zhixun.kernel.errors import Forbidden, Invalid, NotFound
from zhixun.kernel.sealed import ReadLine
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, new_id, utc_now

NOW = utc_now()
TODAY = NOW.date()
PROOF = Proof(
    "licence", "13101201410123456", "Shanghai Bureau of Justice", date(2020, 5, 1), TODAY + timedelta(days=40), ""
)
WISH = Wish(
    "career",
    "Career consultant",
    "I help you decide between offers",
    "Ten years of hiring, now on your side.",
    "Shanghai",
    10,
    40_000,
    ("offer-pay", "interviews"),
)


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    made = house(db_url, tmp_path)
    with unit_of_work() as uow:
        catalog_actions.put_house_fields(uow)
    return made


def reviewer(name: str) -> Actor:
    with unit_of_work() as uow:
        return make.person(uow, name, roles=("reviewer",))


def grace() -> Actor:
    with unit_of_work() as uow:
        return make.consultant(uow).actor


def submit(who: Actor, **changes: object) -> str:
    with unit_of_work(who, NOW) as uow:
        return actions.submit_claim(uow, claim_id=new_id(), proof=replace(PROOF, **changes))


def agree(who: Actor, claim_id: str) -> ClaimState:
    with unit_of_work(who, NOW) as uow:
        return actions.agree(uow, claim_id=claim_id)


def shown(person_id: str) -> list[str]:
    with Session() as db:
        return [one.number for one in catalog.consultant(db, person_id).credentials]


def verified(who: Actor, *reviewers: Actor, **changes: object) -> str:
    claim = submit(who, **changes)
    for one in reviewers:
        agree(one, claim)
    return claim


def test_two_different_people_have_to_agree(app: Flask) -> None:
    owner, rosa, max_ = grace(), reviewer("Rosa"), reviewer("Max")
    claim = submit(owner)
    assert agree(rosa, claim) is ClaimState.SUBMITTED
    assert shown(owner.user_id) == []
    with pytest.raises(CheckedByYou):
        agree(rosa, claim)
    assert agree(max_, claim) is ClaimState.VERIFIED
    assert shown(owner.user_id) == ["13************456"]
    with pytest.raises(DecidedAlready):
        agree(max_, claim)


def test_the_database_refuses_the_same_person_twice(app: Flask) -> None:
    owner, rosa = grace(), reviewer("Rosa")
    claim = submit(owner)
    agree(rosa, claim)
    twice = "INSERT INTO credentials_checks VALUES (:claim, :who, :owner, true, now())"
    by_one = (
        "UPDATE credentials_claims SET state = 'verified', decided_at = now(), second_by = first_by WHERE id = :claim"
    )
    by_owner = "UPDATE credentials_claims SET first_by = :owner WHERE id = :claim"
    for statement in (twice, by_one, by_owner):
        with pytest.raises(IntegrityError), Session.begin() as db:
            db.execute(sa.text(statement), {"claim": claim, "who": rosa.user_id, "owner": owner.user_id})


def test_one_refusal_with_a_reason_is_enough(app: Flask) -> None:
    owner, rosa, max_ = grace(), reviewer("Rosa"), reviewer("Max")
    claim = submit(owner)
    agree(rosa, claim)
    with pytest.raises(Invalid), unit_of_work(max_) as uow:
        actions.refuse(uow, claim_id=claim, reason="no")
    with unit_of_work(max_) as uow:
        actions.refuse(uow, claim_id=claim, reason="The number is not in the register.")
    assert shown(owner.user_id) == []
    with Session() as db:
        line = queries.claims_of(db, owner.user_id)[0]
    assert (line.state, line.reason) == (ClaimState.REFUSED, "The number is not in the register.")
    fact = uow.facts[0]
    assert isinstance(fact, CredentialDecided)
    for _ in range(2):
        notices.tell_credential_decided(fact)
    with Session() as db:
        assert [one.kind for one in notice_queries.notices_of(db, owner.user_id)] == ["credential_refused"]


def test_nobody_checks_their_own_and_only_reviewers_check(app: Flask) -> None:
    owner = grace()
    claim = submit(owner)
    both = replace(owner, roles=owner.roles | {"reviewer"})
    for who in (both, owner):
        with pytest.raises(Forbidden):
            agree(who, claim)
    with Session() as db, pytest.raises(NotFound):
        queries.claim(db, claim, both, "zh")
    with Session() as db, pytest.raises(Forbidden):
        queries.queue(db, owner, "zh")


def test_what_has_run_out_is_no_longer_shown_and_its_owner_is_told(app: Flask) -> None:
    owner = grace()
    verified(owner, reviewer("Rosa"), reviewer("Max"))
    for days, count in ((40, 0), (41, 1), (42, 0)):
        with unit_of_work(now=NOW + timedelta(days=days)) as uow:
            assert actions.pass_time(uow) == count
    with Session() as db:
        assert queries.claims_of(db, owner.user_id)[0].state is ClaimState.EXPIRED


def test_who_holds_one_that_runs_out_is_told_a_month_before_and_once(app: Flask) -> None:
    verified(grace(), reviewer("Rosa"), reviewer("Max"))
    for days, count in ((9, 0), (10, 1), (11, 0), (41, 0)):
        with unit_of_work(now=NOW + timedelta(days=days)) as uow:
            assert actions.tell_expiring(uow) == count


def test_what_nobody_checks_lapses_after_a_month(app: Flask) -> None:
    owner = grace()
    submit(owner)
    with unit_of_work(now=NOW + timedelta(days=30)) as uow:
        assert actions.pass_time(uow) == 1
        assert [fact.state for fact in uow.facts] == ["lapsed"]  # type: ignore[attr-defined]


def test_taken_back_it_is_gone_from_the_page(app: Flask) -> None:
    owner = grace()
    claim = verified(owner, reviewer("Rosa"), reviewer("Max"))
    for who, error in ((reviewer("Bob"), NotFound), (owner, None)):
        if error:
            with pytest.raises(error), unit_of_work(who) as uow:
                actions.withdraw_claim(uow, claim_id=claim)
        else:
            for _ in range(2):
                with unit_of_work(who) as uow:
                    actions.withdraw_claim(uow, claim_id=claim)
    assert shown(owner.user_id) == []


def test_the_same_claim_twice_is_one_and_ten_wait_at_most(app: Flask) -> None:
    owner, claim = grace(), new_id()
    for _ in range(2):
        with unit_of_work(owner, NOW) as uow:
            actions.submit_claim(uow, claim_id=claim, proof=PROOF)
    for _ in range(9):
        submit(owner)
    with pytest.raises(TooManyClaims):
        submit(owner)
    with pytest.raises(NotFound), unit_of_work(replace(grace(), user_id="f" * 32), NOW) as uow:
        actions.submit_claim(uow, claim_id=claim, proof=PROOF)


def test_reading_the_whole_number_leaves_a_line(app: Flask) -> None:
    owner, rosa = grace(), reviewer("Rosa")
    claim = submit(owner, note="Look it up online")
    with Session() as db:
        seen = queries.claim(db, claim, rosa, "zh")
        assert (seen.number, seen.note) == (PROOF.number, "Look it up online")
    with Session() as db:
        lines = db.scalars(sa.select(ReadLine).where(ReadLine.subject_id == owner.user_id)).all()
        stored = db.execute(sa.text("SELECT number::text FROM credentials_claims")).scalar_one()
    assert {line.reader_id for line in lines} == {rosa.user_id}
    assert PROOF.number not in stored


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"kind": "passport to Mars"}, "kind"), ({"number": "1"}, "number"), ({"issuer": ""}, "issuer"),
        ({"issued_on": TODAY + timedelta(days=1)}, "issued_on"), ({"expires_on": TODAY - timedelta(days=1)}, "expires_on"),
        ({"note": "x" * 1_001}, "note"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_by_name(wrong: dict[str, object], name: str) -> None:
    with pytest.raises(Invalid) as refused:
        rules.check_proof(replace(PROOF, **wrong), today=TODAY)
    assert name in refused.value.fields


@pytest.mark.parametrize(
    ("number", "shown"), [("13101201410123456", "13************456"), ("AB 1234", "****34"), ("12345678", "12***678")]
)
def test_of_a_number_only_a_part_is_shown(number: str, shown: str) -> None:
    assert rules.masked(number) == shown


def test_from_application_to_a_page_with_an_open_calendar(app: Flask) -> None:
    rosa, max_ = reviewer("Rosa"), reviewer("Max")
    with unit_of_work() as uow:
        ada, olga, content = make.client(uow), make.operator(uow), make.operator(uow, "Carl", role="content")
    with pytest.raises(Forbidden):
        submit(ada)
    with unit_of_work(ada) as uow:
        application = actions.apply(uow, application_id=new_id(), wish=WISH)
    with pytest.raises(NotVerifiedYet), unit_of_work(olga) as uow:
        actions.accept_application(uow, application_id=application)
    for kind in ("identity", "work"):
        verified(ada, rosa, max_, kind=kind)
    with pytest.raises(RightNeeded), unit_of_work(content) as uow:
        actions.accept_application(uow, application_id=application)
    with unit_of_work(olga) as uow:
        actions.accept_application(uow, application_id=application)
    with pytest.raises(DecidedAlready), unit_of_work(olga) as again:
        actions.accept_application(again, application_id=application)
    fact = next(fact for fact in uow.facts if isinstance(fact, ApplicationDecided))
    for _ in range(2):
        scheduling_handlers.open_calendar_of_accepted(fact)
        notices.tell_application_decided(fact)
    with Session() as db:
        page = catalog.consultant(db, ada.user_id)
        assert page.card.title.zh == "Career consultant"
        assert len(page.credentials) == 2
        assert page.card.price_from.amount_minor == 40_000
        assert scheduling.zone_of(db, ada.user_id) == "Asia/Shanghai"
        assert "consultant" in accounts.person(db, ada.user_id).roles
        assert scheduling.hours_of(db, ada.user_id)


def test_a_refused_application_says_why_and_may_be_made_again(app: Flask) -> None:
    with unit_of_work() as uow:
        ada, olga = make.client(uow), make.operator(uow)
    with unit_of_work(ada) as uow:
        application = actions.apply(uow, application_id=new_id(), wish=WISH)
        uow.db.flush()
        assert actions.apply(uow, application_id=new_id(), wish=WISH) == application, "one at a time"
    with unit_of_work(olga) as uow:
        actions.refuse_application(uow, application_id=application, reason="We have no such field yet.")
    assert "We have no such field yet." in words(Visitor(app, ada, english=True).get("/become-a-consultant"))
    with unit_of_work(ada) as uow:
        assert actions.apply(uow, application_id=new_id(), wish=WISH) != application
    with unit_of_work(now=NOW + timedelta(days=61)) as uow:
        assert actions.pass_time(uow) == 1


def test_the_pages_lead_the_whole_way(app: Flask) -> None:
    rosa, max_ = reviewer("Rosa"), reviewer("Max")
    with unit_of_work() as uow:
        ada, olga = make.client(uow), make.operator(uow)
    page, desk = Visitor(app, ada, english=True), Visitor(app, olga, english=True)
    assert "Please sign in first" in words(Visitor(app, english=True).get("/become-a-consultant"))
    wish = {
        "field": "career",
        "topic-career": ["offer-pay"],
        "title": "Coach",
        "line": "I help with offers",
        "about": "Ten years of hiring people.",
        "city": "Xi'an",
        "years": "9",
        "price": "300",
    }
    refused = page.post("/become-a-consultant", **(wish | {"price": "a lot"}))
    assert refused.status_code == 400
    assert "I help with offers" in refused.text, "what was typed is kept"
    assert "Your credentials" in words(page.follow(page.post("/become-a-consultant", **wish)))
    proof = {"number": "RF-2024-8812", "issuer": "A company", "issued_on": "2024-01-02", "expires_on": "", "note": ""}
    wrong = page.post("/pro/credentials", kind="identity", **(proof | {"issued_on": "someday"}))
    assert wrong.status_code == 400
    assert "RF-2024-8812" in wrong.text
    for kind in ("identity", "work"):
        assert page.post("/pro/credentials", kind=kind, **proof).status_code == 303
    for who in (rosa, max_):
        eyes = Visitor(app, who, english=True)
        assert "Ada" in words(eyes.get("/review/credentials"))
        with Session() as db:
            waiting = [line.id for line in queries.queue(db, who, "zh")]
        for claim in waiting:
            assert "RF-2024-8812" in words(eyes.get(f"/review/credentials/{claim}"))
            assert eyes.post(f"/review/credentials/{claim}", deed="agree").status_code == 303
        assert "Nothing waits for you" in words(eyes.get("/review/credentials"))
    assert "2 / 2" in words(desk.get("/ops/applications"))
    with Session() as db:
        application = queries.application_of(db, ada.user_id)
    assert application is not None
    listed = desk.follow(desk.post(f"/ops/applications/{application.id}", deed="accept"))
    assert "Nobody applies" in words(listed)
    assert Visitor(app, olga).get("/review/credentials").status_code == 403
    assert Visitor(app, rosa).get("/review/credentials/none").status_code == 404


def test_a_reviewer_finds_the_queue_in_their_menu_and_nobody_else_does(app: Flask) -> None:
    rosa = reviewer("Rosa")
    with unit_of_work() as uow:
        ada = make.client(uow)
    assert 'href="/en/review/credentials"' in Visitor(app, rosa, english=True).get("/me").text
    assert 'href="/en/review/credentials"' not in Visitor(app, ada, english=True).get("/me").text
