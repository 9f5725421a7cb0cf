"""Asking now on the pages: who is free, paying, waiting, being rung, and twenty who answer at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest
import time_machine
from flask import Flask

from tests import make
from tests.make import NOW
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.features.booking import queries as bookings
from zhixun.features.booking.rules import State as Booked
from zhixun.features.catalog import actions as catalog
from zhixun.features.catalog.rules import FieldView
from zhixun.features.instant import actions, jobs, queries
from zhixun.features.instant.rules import CHOICES_PER_PAGE
from zhixun.features.ledger import queries as ledger
from zhixun.features.ledger.rules import escrow_for, escrow_of
from zhixun.features.payments import actions as payments
from zhixun.features.payments.ports import Capture
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import SYSTEM, Words, new_id

HOUR = timedelta(hours=1)
QUESTION = "My landlord changed the lock this morning. What now?"
CROWD = 20


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    return house(db_url, tmp_path)


def available(*names: str) -> list[make.ConsultantMade]:
    with unit_of_work(now=NOW) as uow:
        made = [make.consultant(uow, name) for name in names]
        uow.db.flush()
        for one in made:
            actions.make_available(make.acting(uow, one.actor), until=NOW + 2 * HOUR)
    return made


def ringing(who: make.Actor) -> str:
    """A call of theirs that is paid and rings."""
    with unit_of_work(who, now=NOW) as uow:
        view = actions.ask_now(
            uow, call_id=new_id(), question=QUESTION, field_id="career", channel="video", minutes=60
        )  # fmt: skip
    with unit_of_work(now=NOW) as uow:
        payments.settle(uow, gateway="sandbox", capture=Capture(view.payment_id, f"ch-{view.id}", view.amount))
        actions.ring_if_paid(uow, call_id=view.id)
    return view.id


def test_a_question_is_asked_paid_rung_and_answered(app: Flask) -> None:
    [grace] = available("Grace")
    with unit_of_work(now=NOW) as uow:
        ada = make.client(uow)
    mine, theirs = Visitor(app, ada, english=True), Visitor(app, grace.actor, english=True)
    page = mine.get(f"/now?q={QUESTION}&field=career")
    assert "1 consultant is free" in words(page)
    assert QUESTION in words(page)
    assert statements(page) <= STATEMENTS_MAX
    call_id = new_id()
    asked = mine.post("/now", call_id=call_id, question=QUESTION, choice="career:video:60")
    gateway = mine.follow(asked)
    assert gateway.status_code == 303, "on to the gateway"
    assert "Not paid yet" in words(mine.get(f"/now/{call_id}"))
    with Session() as db:
        payment_id = queries.call(db, call_id, ada).payment_id
    assert "Instant consultation" in words(mine.get(f"/sandbox/pay/{payment_id}"))
    paid = mine.follow(mine.post(f"/sandbox/pay/{payment_id}", outcome="pay"))
    waits = mine.follow(paid)
    assert "Ringing…" in words(waits)
    assert "Grace" in words(waits)
    assert 'data-count="600"' in waits.text
    assert '<noscript><meta http-equiv="refresh" content="4"></noscript>' in waits.text
    assert statements(mine.get(f"/now/{call_id}")) <= STATEMENTS_MAX
    desk = theirs.get("/pro/now")
    assert QUESTION in words(desk)
    assert statements(desk) <= STATEMENTS_MAX
    done = theirs.post(f"/pro/now/{call_id}/acceptance")
    assert done.headers["Location"].endswith(f"/sessions/{call_id}/room")
    assert theirs.follow(done).status_code == 200
    room = mine.get(f"/now/{call_id}")
    assert room.headers["Location"].endswith(f"/sessions/{call_id}/room")
    assert mine.follow(room).status_code == 200
    with Session() as db:
        assert bookings.booking(db, call_id, ada, NOW).state is Booked.CONFIRMED


def test_nobody_free_is_said_and_what_makes_no_sense_is_kept_and_refused(app: Flask) -> None:
    with unit_of_work(now=NOW) as uow:
        ada = make.client(uow)
    mine = Visitor(app, ada, english=True)
    assert "Nobody is free at this moment" in words(mine.get("/now"))
    assert Visitor(app, english=True).get("/now").status_code == 200
    available("Grace")
    wrong = mine.post("/now", call_id=new_id(), question="Hm", choice="career:video:60", cap="a lot")
    assert (wrong.status_code, 'value="a lot"' in wrong.text) == (400, True)
    short = mine.post("/now", call_id=new_id(), question="Hm", choice="career:video:60")
    assert (short.status_code, "5 to 4,000 characters" in words(short)) == (400, True)
    for choice in ("", "career", "career:video:x", "career:video:9999"):
        assert mine.post("/now", call_id=new_id(), question=QUESTION, choice=choice).status_code == 400
    cheap = mine.post("/now", call_id=new_id(), question=QUESTION, choice="career:video:60", cap="1")
    assert (cheap.status_code, QUESTION in words(cheap)) == (409, True)
    visitor = Visitor(app).post("/now", call_id=new_id(), question=QUESTION, choice="career:video:60")
    assert "/sign-in" in visitor.headers["Location"]
    assert mine.get(f"/now/{new_id()}").status_code == 404
    assert mine.get("/now/nonsense").status_code == 404
    assert mine.get("/pro/now").status_code == 403


def test_a_field_is_chosen_first_and_what_was_typed_stays(app: Flask) -> None:
    available("Grace", "Ida")
    with unit_of_work(now=NOW) as uow:
        ada = make.client(uow)
        legal = FieldView("legal", Words("法律", "Law"), Words("法律的事", "About law"), "legal")
        catalog.put_field(uow, position=2, field=legal)
    mine = Visitor(app, ada, english=True)
    first = mine.get("/now")
    assert "In which field?" in words(first)
    assert "2 are free now" in words(first)
    assert "nobody now: who is free today" in words(first)
    assert 'name="choice"' not in first.text
    assert statements(first) <= STATEMENTS_MAX
    listed = mine.post("/now", question=QUESTION, cap="90", look="career:1")
    assert (listed.status_code, QUESTION in words(listed), 'value="90"' in listed.text) == (200, True, True)
    assert 'value="career:video:60"' in listed.text
    back = mine.post("/now", question=QUESTION, field="career", look=":1")
    assert ("In which field?" in words(back), QUESTION in words(back)) == (True, True)
    assert "Nobody of this field is free at this moment" in words(mine.get("/now?field=legal"))
    for nonsense in ("field=nowhere", "field=career&page=x", "field=career&page=999", f"field={'x' * 5_000}"):
        assert mine.get(f"/now?{nonsense}").status_code == 200
    assert Visitor(app, english=True).post("/now", question=QUESTION, look="career:1").status_code == 200


def test_the_list_of_a_field_is_short_what_most_could_answer_first(app: Flask) -> None:
    crowd = available("Grace", "Ida")
    with unit_of_work(now=NOW) as uow:
        for number in range(CHOICES_PER_PAGE + 2):
            make.add_service(uow, crowd[0].id, minutes=61 + number)
    mine = Visitor(app, english=True)
    one = mine.get("/now?field=career")
    assert one.text.count('name="choice"') == CHOICES_PER_PAGE
    assert one.text.index('value="career:video:60"') < one.text.index('value="career:video:61"'), "two could answer it"
    assert "Page 1 of 2" in words(one)
    two = mine.post("/now", question=QUESTION, field="career", look="career:2")
    assert (two.text.count('name="choice"'), QUESTION in words(two)) == (3, True)
    there = mine.get("/now?field=career&choice=career:video:68")
    assert ("Page 2 of 2" in words(there), 'value="career:video:68" required checked' in there.text) == (True, True)


def test_the_page_of_a_field_and_of_a_consultant_lead_to_it_while_somebody_is_available(app: Flask) -> None:
    with unit_of_work(now=NOW) as uow:
        ida = make.consultant(uow, "Ida")
    mine = Visitor(app, english=True)
    for address in ("/consultants?field=career", f"/c/{ida.slug}"):
        assert "/now?field=career" not in mine.get(address).text
    [grace] = available("Grace")
    listed = mine.get("/consultants?field=career")
    assert ("/now?field=career" in listed.text, statements(listed) <= STATEMENTS_MAX) == (True, True)
    assert "/now?field=career" not in mine.get("/consultants?field=legal").text
    page = mine.get(f"/c/{grace.slug}")
    assert "/now?field=career&amp;choice=career:video:60" in page.text
    assert statements(page) <= STATEMENTS_MAX
    assert "/now?field=career" not in mine.get(f"/c/{ida.slug}").text


def test_unanswered_says_that_everything_comes_back(app: Flask, clock: time_machine.Traveller) -> None:
    available("Grace")
    with unit_of_work(now=NOW) as uow:
        ada, bob = make.client(uow), make.client(uow, "Bob")
    call_id = ringing(ada)
    assert Visitor(app, bob).get(f"/now/{call_id}").status_code == 404
    clock.move_to(NOW + timedelta(minutes=10))
    jobs.pass_time()
    seen = words(Visitor(app, ada, english=True).get(f"/now/{call_id}"))
    assert "Nobody could answer" in seen
    assert "¥480.00 is on its way back to you." in seen


def test_a_client_takes_it_back_and_a_consultant_passes(app: Flask) -> None:
    grace, ida = available("Grace", "Ida")
    with unit_of_work(now=NOW) as uow:
        ada = make.client(uow)
    call_id = ringing(ada)
    theirs, mine = Visitor(app, grace.actor, english=True), Visitor(app, ada, english=True)
    assert "You said that you cannot take it." in words(theirs.follow(theirs.post(f"/pro/now/{call_id}/passing")))
    assert "cannot now" in words(mine.get(f"/now/{call_id}"))
    assert "Taken back" in words(mine.follow(mine.post(f"/now/{call_id}/withdrawal")))
    late = Visitor(app, ida.actor, english=True).post(f"/pro/now/{call_id}/acceptance")
    assert (late.status_code, "does not wait for an answer any more" in words(late)) == (409, True)


def test_a_consultant_is_available_with_an_end_and_no_longer(app: Flask) -> None:
    with unit_of_work(now=NOW) as uow:
        grace = make.consultant(uow)
    mine = Visitor(app, grace.actor, english=True)
    assert "You are not available" in words(mine.get("/pro/now"))
    assert "You are available until 18:00." in words(mine.follow(mine.post("/pro/now", minutes="60")))
    for minutes in ("", "7", "x", "99999999"):
        assert mine.post("/pro/now", minutes=minutes).status_code == 400
    assert "You are not available" in words(mine.follow(mine.post("/pro/now", wanted="off")))


@pytest.mark.parametrize("attempt", range(2))
def test_of_twenty_who_answer_at_once_exactly_one_has_it(app: Flask, attempt: int) -> None:
    crowd = available(*(f"C{number}" for number in range(CROWD)))
    with unit_of_work(now=NOW) as uow:
        ada = make.client(uow)
    call_id = ringing(ada)
    visitors = [Visitor(app, one.actor, english=True) for one in crowd]
    barrier = Barrier(CROWD)

    def answer(visitor: Visitor) -> tuple[int, str]:
        barrier.wait()
        done = visitor.post(f"/pro/now/{call_id}/acceptance")
        return done.status_code, words(done)

    with ThreadPoolExecutor(CROWD) as pool:
        answers = list(pool.map(answer, visitors))
    assert sorted(status for status, _ in answers) == [303] + [409] * (CROWD - 1)
    assert sum("this question is taken" in said for _, said in answers) == CROWD - 1
    with Session() as db:
        assert ledger.verify(db).holds
        view = bookings.booking(db, call_id, SYSTEM, NOW)
        assert view.consultant_id == crowd[[status for status, _ in answers].index(303)].id
        assert ledger.balance(db, escrow_of(call_id)).amount_minor == 48_000
        assert ledger.balance(db, escrow_for(f"call:{call_id}")).amount_minor == 0
