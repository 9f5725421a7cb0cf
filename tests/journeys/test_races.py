"""People who press at the same moment, at two processes that share a database, over real HTTP.

Bookings and seats are raced for in test_race.py; here moves, payments at the end of a hold, freed times of the waiting list,
and instant calls. After every round the books balance, no time is taken twice and nothing is left half done. CHAOS_ROUNDS
says how many rounds (default 2; `make chaos` does 20).
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests import make
from tests.journeys.street import SECRET, Person, Street, all_at_once, look, nothing_is_broken, wait_until
from zhixun.adapters.payment_gateway.sandbox import SandboxGateway
from zhixun.features.booking import actions as bookings
from zhixun.features.instant import actions as instant
from zhixun.features.ledger import queries as ledger
from zhixun.features.ledger.rules import escrow_for, escrow_of
from zhixun.features.payments.ports import Capture
from zhixun.features.scheduling import actions as scheduling
from zhixun.features.waitlist import actions as waitlist
from zhixun.features.waitlist import queries as places
from zhixun.features.waitlist.rules import Wish
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Money, new_id, utc_now

pytestmark = pytest.mark.timeout(1_800)
ROUNDS = int(os.environ.get("CHAOS_ROUNDS", "2"))
CROWD = 16
LAPSES_IN, SPREAD_SECONDS = timedelta(seconds=1.5), 0.08
"""When a hold ends, so that everyone is at the door by then; and how far around that moment they press."""
QUESTION = {"question": "What is my notice period?", "field": "career", "channel": "video", "minutes": 60}
LAPSE = (
    ("booking_bookings", "hold_expires_at", "id"), ("payments_payments", "expires_at", "purpose"),
    ("scheduling_times", "expires_at", "hold_id"),
)  # fmt: skip
Press = Callable[[], Any]


@pytest.fixture(scope="module")
def grace(street: Street) -> tuple[Person, make.ConsultantMade]:
    with unit_of_work(now=utc_now()) as uow:
        made = make.consultant(uow, hours=make.AROUND_THE_CLOCK)
    return street.person(made.actor), made


@pytest.fixture(scope="module")
def crowd(street: Street) -> list[Person]:
    return street.people(CROWD)


def test_of_two_who_move_one_session_one_wins_and_the_other_is_told(crowd, grace):
    hers, made = grace
    for number in range(ROUNDS):
        ada, (was, *wanted) = crowd[number % CROWD], _starts(made, CROWD + 1, number)
        booking_id = _booked(ada, made, was)
        answers = all_at_once(
            *(
                partial(
                    who.post, f"/bookings/{booking_id}/reschedule", {"start": _z(start), "seen_start": _z(was)}, door=n
                )
                for n, (who, start) in enumerate(zip((ada, hers) * (CROWD // 2), wanted, strict=True))
            )
        )
        assert _outcomes(answers) == {"200": 1, "moved_meanwhile": CROWD - 1}
        [kept] = [one.json()["start"] for one in answers if one.status_code == 200]
        [(start, moves)] = look("SELECT starts_at, moves FROM booking_bookings WHERE id = :id", id=booking_id)
        assert (_z(start), moves) == (kept, 1)
        nothing_is_broken()


def test_of_many_sessions_that_move_to_one_time_one_has_it_and_the_others_keep_theirs(crowd, grace):
    _, made = grace
    for number in range(ROUNDS):
        wanted, *starts = _starts(made, CROWD + 1, number)
        ids = [_booked(who, made, start) for who, start in zip(crowd, starts, strict=True)]
        answers = all_at_once(
            *(
                partial(who.post, f"/bookings/{name}/reschedule", {"start": _z(wanted)}, door=n)
                for n, (who, name) in enumerate(zip(crowd, ids, strict=True))
            )
        )
        assert _outcomes(answers) == {"200": 1, "slot_taken": CROWD - 1}
        assert all(len(one.json()["alternatives"]) == 3 for one in answers if one.status_code == 409)
        after = dict(look("SELECT id, starts_at FROM booking_bookings WHERE id = ANY(:ids)", ids=ids))
        moved = [name for name, start in zip(ids, starts, strict=True) if after[name] != start]
        assert [after[name] for name in moved] == [wanted]
        nothing_is_broken()
        for who, name in zip(crowd, ids, strict=True):
            assert who.post(f"/bookings/{name}/cancellation").status_code == 200


def test_money_reported_while_its_hold_lapses_and_others_book_is_a_session_or_goes_back(crowd, grace, tmp_path):
    """The provider reports it four times, the payer comes back, the clock sweeps, others want the time: all in one second."""
    (_, made), chance, ends = grace, random.Random(7), Counter[str]()
    ada, *rivals = crowd
    for number in range(ROUNDS * 3):
        [start] = _starts(made, 1, number)
        held = ada.post("/bookings", {"service_id": made.service_id, "start": _z(start)}).json()
        lapses_at = _let_lapse_soon(held["id"])
        reported_at = lapses_at + timedelta(seconds=chance.uniform(-12, 2) * SPREAD_SECONDS)
        reports = _at(reported_at, *_reports(ada, held["payment"]["id"], tmp_path))
        back = _at(
            reported_at, partial(ada.page, f"/pay/{held['payment']['id']}/return"), partial(ada.page, f"/checkout/{held['id']}", door=1)
        )  # fmt: skip
        wish = {"service_id": made.service_id, "start": _z(start)}
        wanted = _at(lapses_at, *(partial(one.post, "/bookings", wish, door=n) for n, one in enumerate(rivals[:6])))
        answers = all_at_once(*reports, *back, *wanted, *_sweeps(held["id"], lapses_at))
        told, seen, rushed = answers[:4], answers[4:6], answers[6:12]
        assert {one.status_code for one in told} == {200}
        assert {one.status_code for one in seen} <= {200, 302, 303}
        assert _outcomes(rushed).keys() <= {"201", "slot_taken", "not_offered"}
        nothing_is_broken()
        ends[_paid_once(held["id"], sum(one.status_code == 201 for one in rushed))] += 1
        _let_go(rivals, rushed)
    print(f"\nheld at the end of the second: {dict(ends)}")


def test_a_freed_time_is_offered_to_who_waits_or_booked_by_one_of_the_crowd(crowd):
    for number in range(ROUNDS):
        made, start, booked, (bob, ada, *rivals) = _waiting(crowd)
        wish = {"service_id": made.service_id, "start": _z(start)}
        answers = all_at_once(
            partial(bob.post, f"/bookings/{booked}/cancellation"),
            *_at(utc_now() + timedelta(seconds=0.1), *(partial(one.post, "/bookings", wish, door=n) for n, one in enumerate(rivals))),
        )  # fmt: skip
        assert answers[0].status_code == 200
        assert _outcomes(answers[1:]).keys() <= {"201", "slot_taken", "not_offered"}
        nothing_is_broken()
        had = sum(one.status_code == 201 for one in answers[1:])
        assert (len(_offered(ada, start)), had) in {(1, 0), (0, 1)}, number
        _stop_waiting(ada)
        _let_go(rivals, answers[1:])


def test_a_time_kept_for_who_waited_is_theirs_once_however_many_book_it_meanwhile(crowd):
    for _ in range(ROUNDS):
        made, start, booked, (bob, ada, *rivals) = _waiting(crowd)
        assert bob.post(f"/bookings/{booked}/cancellation").status_code == 200
        wait_until(partial(_offered, ada, start))
        [offer_id] = _offered(ada, start)
        tokens = [ada.token_of("/me/waitlist", door=door) for door in (0, 1)]
        presses = [
            partial(ada.press, f"/waitlist/offers/{offer_id}/acceptance", token, door=door)
            for door, token in enumerate(tokens)
        ]
        wish = {"service_id": made.service_id, "start": _z(start)}
        answers = all_at_once(
            *presses, *presses, *(partial(one.post, "/bookings", wish, door=n) for n, one in enumerate(rivals))
        )
        [led_to] = {one.headers.get("Location") for one in answers[:4]}
        assert _outcomes(answers[4:]).keys() <= {"slot_taken", "not_offered"}
        mine = look("SELECT id, client_id FROM booking_bookings WHERE starts_at = :at AND consultant_id = :id AND state = 'held'",
                    at=start, id=made.id)  # fmt: skip
        assert [(f"/checkout/{name}", client) for name, client in mine] == [(led_to, ada.actor.user_id)]
        nothing_is_broken()
        assert ada.post(f"/bookings/{mine[0][0]}/cancellation").status_code == 200


@pytest.mark.parametrize("taken_back", [False, True], ids=["answered", "answered and taken back"])
def test_of_all_who_answer_one_call_one_has_it_and_the_money_is_in_one_place(street, crowd, taken_back):
    for number in range(ROUNDS):
        ada, consultants = crowd[number % CROWD], _available(street)
        call = _ringing(ada, len(consultants))
        presses: list[Press] = [
            partial(one.post, f"/instant/calls/{call}/acceptance", door=n) for n, (one, _) in enumerate(consultants)
        ]
        if taken_back:
            presses.insert(number * 3 % CROWD, partial(ada.post, f"/instant/calls/{call}/withdrawal", door=number))
        answers = all_at_once(*presses)
        outcomes = _outcomes(answers)
        nothing_is_broken()
        [(state, winner)] = look("SELECT state, consultant_id FROM instant_calls WHERE id = :id", id=call)
        if state == "answered":
            assert outcomes == {"200": 1, "call_taken": len(presses) - 1}
            [place] = [n for n, one in enumerate(answers) if "booking_id" in one.json() and one.status_code == 200]
            assert answers[place].json()["booking_id"] == call
            _paid_to(call, next(made for _, made in consultants if made.id == winner))
        else:
            assert (state, taken_back) == ("withdrawn", True)
            assert outcomes == {"200": 1, "call_over": len(presses) - 1}
            assert _refunds(call) == [_asked(call)]
        _all_gone(consultants)


def test_of_two_calls_that_one_consultant_answers_at_once_one_is_a_session(street, crowd):
    for number in range(ROUNDS):
        [(grace, made)] = _available(street, 1)
        calls = [_ringing(crowd[(number + n) % CROWD], 1) for n in (0, 1)]
        answers = all_at_once(
            *(partial(grace.post, f"/instant/calls/{call}/acceptance", door=n) for n, call in enumerate(calls * 2))
        )
        assert Counter(one.status_code for one in answers) == {200: 2, 409: 2}
        [won] = {one.json()["booking_id"] for one in answers if one.status_code == 200}
        assert {one.json()["code"] for one in answers if one.status_code == 409} == {"slot_taken"}
        nothing_is_broken()
        _paid_to(won, made)
        assert grace.post(f"/instant/calls/{next(one for one in calls if one != won)}/passing").status_code == 200
        nothing_is_broken()
        _all_gone([(grace, made)])


def _starts(made: make.ConsultantMade, count: int, number: int) -> list[datetime]:
    """Free times, from another day on in every round."""
    with unit_of_work(now=utc_now()) as uow:
        after = utc_now() + timedelta(days=2 + number % 24)
        return [make.slot(uow, made, after=after, number=place) for place in range(count)]


def _booked(who: Person, made: make.ConsultantMade, start: datetime) -> str:
    with unit_of_work(now=utc_now()) as uow:
        return make.paid_booking(uow, client=who.actor, consultant=made, start=start)


def _outcomes(answers: Sequence[httpx2.Response]) -> Counter[str]:
    """A refusal by its code, anything else by its status."""
    return Counter(one.json()["code"] if one.status_code == 409 else str(one.status_code) for one in answers)


def _at(moment: datetime, *tasks: Press) -> list[Press]:
    """Each of them, a little before or after the moment."""

    def pressed(task: Press, seconds: float) -> Any:
        time.sleep(max(0.0, (moment - utc_now()).total_seconds() + seconds))
        return task()

    return [partial(pressed, task, random.uniform(-1, 1) * SPREAD_SECONDS) for task in tasks]


def _let_lapse_soon(booking_id: str) -> datetime:
    """Nobody waits for fifteen minutes: the hold ends when everyone is at the door."""
    ends_at = utc_now() + LAPSES_IN
    with unit_of_work() as uow:
        for table, column, key in LAPSE:
            name = f"booking:{booking_id}" if key == "purpose" else booking_id
            uow.db.connection().exec_driver_sql(f"UPDATE {table} SET {column} = %s WHERE {key} = %s", (ends_at, name))
    return ends_at


def _reports(ada: Person, payment_id: str, folder: Path) -> list[Press]:
    """What the provider says, twice at either door."""
    capture = Capture(payment_id, f"ch_{payment_id}", make.PRICE)
    body, headers = SandboxGateway(SECRET, folder / "journal.jsonl").sign(capture)
    return [
        partial(one.post, "/api/v1/payments/webhooks/sandbox", content=body, headers=headers) for one in ada.programs
    ] * 2


def _sweeps(booking_id: str, moment: datetime) -> list[Press]:
    def sweep() -> None:
        with unit_of_work() as uow:
            bookings.pass_time(uow, booking_id=booking_id)

    return _at(moment, sweep, sweep)


def _paid_once(booking_id: str, rivals_holding: int) -> str:
    """How it ended: a session with its money in escrow and nobody else there, or everything sent back once."""
    [(state,)] = look("SELECT state FROM booking_bookings WHERE id = :id", id=booking_id)
    assert look("SELECT count(*) FROM payments_charges WHERE payment_id = "
                "(SELECT payment_id FROM booking_bookings WHERE id = :id)", id=booking_id) == [(1,)]  # fmt: skip
    steps = [name for (name,) in look("SELECT state FROM booking_steps WHERE booking_id = :id", id=booking_id)]
    assert steps.count("paid") == 1
    back = look("SELECT amount_minor FROM payments_refunds WHERE purpose = :p", p=f"booking:{booking_id}")
    escrow = _balance(escrow_of(booking_id))
    price = make.PRICE.amount_minor
    if state == "confirmed":
        assert (escrow, back, rivals_holding, steps.count("confirmed")) == (price, [], 0, 1)
    else:
        assert (state, escrow, back) == ("cancelled", 0, [(price,)])
        assert rivals_holding <= 1
    return str(state)


def _let_go(people: Sequence[Person], answers: Sequence[httpx2.Response]) -> None:
    """Whoever got the time gives it back, so that nobody meets the limit of holds in a long run."""
    for who, answer in zip(people, answers, strict=False):
        if answer.status_code == 201:
            assert who.post(f"/bookings/{answer.json()['id']}/cancellation").status_code == 200


def _waiting(crowd: list[Person]) -> tuple[make.ConsultantMade, datetime, str, list[Person]]:
    """A consultant with one hour on one day; the first of the crowd has it, the second waits for it, all others want it."""
    bob, ada, *_ = crowd
    with unit_of_work(now=utc_now()) as uow:
        made = make.consultant(uow, "Ida", hours=())
        day = utc_now().date() + timedelta(days=3)
        scheduling.set_override(uow, consultant_id=made.id, day=day, openings=[("10:00", "11:00")])
        start = make.slot(uow, made)
        booked = make.paid_booking(uow, client=bob.actor, consultant=made, start=start)
    with unit_of_work(ada.actor, now=utc_now()) as uow:
        wish = Wish(None, "any", _zone_with_daylight())
        waitlist.join(uow, place_id=new_id(), service_id=made.service_id, wish=wish)
    nothing_is_broken()
    return made, start, booked, crowd


def _offered(who: Person, start: datetime) -> list[str]:
    """The open offers of this time to them."""
    kept = "SELECT id FROM waitlist_offers WHERE client_id = :id AND state = 'open' AND starts_at = :at"
    return [name for (name,) in look(kept, id=who.actor.user_id, at=start)]


def _stop_waiting(who: Person) -> None:
    with unit_of_work(who.actor, now=utc_now()) as uow:
        for one in places.places_of(uow.db, who.actor.user_id, uow.now):
            waitlist.leave(uow, place_id=one.id)


def _zone_with_daylight() -> str:
    """Nobody is offered anything at night, by their own clock: a zone where it is about noon."""
    offset = 12 - utc_now().hour
    return f"Etc/GMT{'-' if offset >= 0 else '+'}{abs(offset)}" if offset else "Etc/GMT"


def _available(street: Street, count: int = CROWD) -> list[tuple[Person, make.ConsultantMade]]:
    """Consultants who are there for instant questions, each a little dearer than the one before."""
    found = []
    for number in range(count):
        with unit_of_work(now=utc_now()) as uow:
            price = Money(make.PRICE.amount_minor + 100 * number)
            made = make.consultant(uow, f"Ida{number}", service={"price": price})
            uow.db.flush()
            instant.make_available(make.acting(uow, made.actor), until=utc_now() + timedelta(hours=2))
        found.append((street.person(made.actor), made))
    return found


def _all_gone(consultants: list[tuple[Person, make.ConsultantMade]]) -> None:
    for _, made in consultants:
        with unit_of_work(made.actor, now=utc_now()) as uow:
            instant.end_availability(uow)


def _ringing(ada: Person, count: int) -> str:
    """A call that is paid for and rings for everyone who is there."""
    made = ada.post("/instant/calls", QUESTION)
    assert made.status_code == 201, made.text
    call = made.json()
    assert ada.post(f"/payments/{call['payment']['id']}/sandbox", {"outcome": "pay"}).status_code == 200
    wait_until(lambda: look("SELECT 1 FROM instant_calls WHERE id = :id AND state = 'ringing'", id=call["id"]))
    assert look("SELECT count(*) FROM instant_rings WHERE call_id = :id", id=call["id"]) == [(count,)]
    return str(call["id"])


def _asked(call_id: str) -> int:
    [(amount,)] = look("SELECT amount_minor FROM instant_calls WHERE id = :id", id=call_id)
    return int(amount)


def _refunds(call_id: str) -> list[int]:
    sent = "SELECT amount_minor FROM payments_refunds WHERE purpose IN (:call, :booking)"
    return [amount for (amount,) in look(sent, call=f"call:{call_id}", booking=f"booking:{call_id}")]


def _paid_to(call_id: str, made: make.ConsultantMade) -> None:
    """The answerer's price waits in the session's escrow; what was paid above it went back once; nothing is elsewhere."""
    [(price,)] = look("SELECT price_minor FROM catalog_services WHERE id = :id", id=made.service_id)
    [(consultant, booked)] = look("SELECT consultant_id, price_minor FROM booking_bookings WHERE id = :id", id=call_id)
    assert (consultant, booked) == (made.id, price)
    assert (_balance(escrow_of(call_id)), _balance(escrow_for(f"call:{call_id}"))) == (price, 0)
    above = _asked(call_id) - price
    assert _refunds(call_id) == ([above] if above else [])


def _balance(account: str) -> int:
    with Session() as db:
        return ledger.balance(db, account).amount_minor


def _z(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
