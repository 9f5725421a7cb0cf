"""Requests: paid, asked of the consultant, and one of four outcomes with the money where it belongs."""

from __future__ import annotations

import pytest

from tests import make
from tests.features.booking.life.scene import HOUR, MINUTE, NOW, PRICE, SECOND
from zhixun.events.booking import BookingCancelled, BookingConfirmed, BookingRequested
from zhixun.features.booking import actions, queries
from zhixun.features.booking.actions import ConsultantAnswers, NotEnded, RequestAccepted, RequestOver, WaitsForAnswer
from zhixun.features.booking.rules import State
from zhixun.features.catalog import actions as catalog
from zhixun.features.catalog import queries as catalog_queries
from zhixun.features.scheduling.actions import NotOffered
from zhixun.kernel.errors import Invalid, NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Money, new_id

WHY = "I am at a hearing that day."


def asks_first(scene, service_id=None, *, on_request=True, who=None):
    scene.do(
        catalog.ask_first, who=who or scene.grace.actor, service_id=service_id or scene.grace.service_id,
        on_request=on_request,
    )  # fmt: skip


def requested(scene, *, at=NOW, **more):
    asks_first(scene)
    booking_id = scene.ask(at=at, **more)
    scene.pay(booking_id, at=at)
    assert scene.confirm(booking_id, at=at) is State.REQUESTED
    return booking_id


def accept(scene, booking_id, *, who=None, at=NOW + HOUR):
    return scene.do(actions.accept_request, who=who or scene.grace.actor, at=at, booking_id=booking_id)


def decline(scene, booking_id, *, who=None, at=NOW + HOUR, reason=WHY):
    return scene.do(actions.decline_request, who=who or scene.grace.actor, at=at, booking_id=booking_id, reason=reason)


def said(scene, booking_id):
    with Session() as db:
        return queries.answer_of(db, booking_id, scene.ada)


def test_a_request_is_paid_first_and_its_time_is_kept(scene):
    booking_id = requested(scene)
    assert scene.facts == [BookingRequested]
    assert scene.steps(booking_id) == [State.HELD, State.PAID, State.REQUESTED]
    assert scene.money(booking_id) == (48_000, 0, 0, 0)
    assert scene.view(booking_id).answer_by == NOW + 24 * HOUR
    assert not scene.is_free()
    for _ in range(2):
        assert scene.confirm(booking_id) is State.REQUESTED
        assert scene.facts == []


def test_the_yes_makes_it_a_session_and_twice_is_once(scene):
    booking_id = requested(scene)
    assert accept(scene, booking_id) is State.CONFIRMED
    assert scene.facts == [BookingConfirmed]
    assert accept(scene, booking_id) is State.CONFIRMED
    assert scene.facts == []
    assert scene.money(booking_id) == (48_000, 0, 0, 0)
    assert scene.tick(booking_id, NOW + 24 * HOUR) is State.CONFIRMED
    assert scene.cancel(booking_id, at=scene.start - 12 * HOUR) == Money(24_000), "from the yes on the ladder holds"


def test_the_no_gives_everything_back_with_its_reason_and_twice_is_once(scene):
    booking_id = requested(scene)
    assert decline(scene, booking_id) == PRICE
    assert scene.facts[0] is BookingCancelled
    assert scene.view(booking_id).ended_reason == "declined"
    assert scene.money(booking_id) == (0, 48_000, 0, 0)
    assert scene.is_free()
    assert decline(scene, booking_id, reason="Another reason.") == PRICE
    assert scene.facts == []
    assert said(scene, booking_id) == WHY
    with pytest.raises(RequestOver) as refusal:
        accept(scene, booking_id)
    assert refusal.value.extra == {"reason": "declined"}


def test_silence_gives_everything_back_when_its_time_is_over(scene):
    booking_id = requested(scene)
    assert scene.tick(booking_id, NOW + 24 * HOUR - SECOND) is State.REQUESTED
    assert scene.tick(booking_id, NOW + 24 * HOUR) is State.CANCELLED
    assert scene.view(booking_id).ended_reason == "unanswered"
    assert scene.money(booking_id) == (0, 48_000, 0, 0)
    assert scene.is_free()
    assert scene.tick(booking_id, NOW + 25 * HOUR) is State.CANCELLED


def test_a_near_start_leaves_until_two_hours_before_it(scene):
    at = scene.start - 4 * HOUR
    booking_id = requested(scene, at=at)
    assert scene.view(booking_id, at=at).answer_by == scene.start - 2 * HOUR
    with Session() as db:
        assert queries.due_by_time(db, scene.start - 2 * HOUR - SECOND) == []
        assert queries.due_by_time(db, scene.start - 2 * HOUR) == [booking_id]


def test_an_answer_after_its_time_is_refused_whether_or_not_the_clock_has_come_by(scene):
    booking_id = requested(scene)
    for answer in (accept, decline):
        with pytest.raises(RequestOver) as refusal:
            answer(scene, booking_id, at=NOW + 24 * HOUR)
        assert refusal.value.extra == {"reason": "unanswered"}
    assert scene.money(booking_id) == (48_000, 0, 0, 0)
    assert scene.tick(booking_id, NOW + 24 * HOUR) is State.CANCELLED
    with pytest.raises(RequestOver):
        accept(scene, booking_id, at=NOW + 24 * HOUR + MINUTE)


def test_the_client_may_withdraw_and_gets_everything_back_however_late(scene):
    at = scene.start - 4 * HOUR
    booking_id = requested(scene, at=at)
    assert scene.view(booking_id, at=at).refund_now == PRICE
    assert scene.cancel(booking_id, at=at + MINUTE) == PRICE
    assert scene.money(booking_id) == (0, 48_000, 0, 0)
    assert scene.cancel(booking_id, at=at + 2 * MINUTE) == PRICE
    with pytest.raises(RequestOver) as refusal:
        accept(scene, booking_id, at=at + 3 * MINUTE)
    assert refusal.value.message == "The client has withdrawn this request."


def test_nobody_but_its_consultant_answers(scene):
    booking_id = requested(scene)
    with unit_of_work(now=NOW) as uow:
        other, olga = make.consultant(uow, "Ida"), make.operator(uow)
    for answer in (accept, decline):
        for who in (other.actor, olga):
            with pytest.raises(NotFound):
                answer(scene, booking_id, who=who)
        with pytest.raises(ConsultantAnswers):
            answer(scene, booking_id, who=scene.ada)
        with pytest.raises(NotFound):
            answer(scene, new_id())
    assert scene.view(booking_id).state is State.REQUESTED


def test_a_no_needs_a_reason_and_comes_too_late_after_a_yes(scene):
    booking_id = requested(scene)
    for reason in ("", "no", "x" * 501):
        with pytest.raises(Invalid):
            decline(scene, booking_id, reason=reason)
    accept(scene, booking_id)
    with pytest.raises(RequestAccepted):
        decline(scene, booking_id)
    assert scene.money(booking_id) == (48_000, 0, 0, 0)


def test_what_was_never_asked_is_not_answered(scene):
    booking_id = scene.booked()
    for answer in (accept, decline):
        with pytest.raises(RequestOver):
            answer(scene, booking_id)
    assert scene.view(booking_id).state is State.CONFIRMED


def test_a_request_is_not_moved_but_its_brief_may_change(scene):
    booking_id = requested(scene)
    with pytest.raises(WaitsForAnswer):
        scene.do(actions.reschedule_booking, who=scene.ada, booking_id=booking_id, start=scene.start + HOUR)
    scene.do(actions.write_brief, who=scene.ada, booking_id=booking_id, brief="Should I sign?", sensitive=False)
    assert make.brief_of(booking_id) == "Should I sign?"
    with pytest.raises(NotEnded):
        scene.do(actions.refund_booking, refund_id=new_id(), booking_id=booking_id, amount=None, reason="Not over yet")


def test_who_pays_so_late_that_nobody_could_answer_gets_the_money_back(scene):
    asks_first(scene)
    booking_id = scene.ask(at=scene.start - 4 * HOUR)
    late = scene.start - 2 * HOUR
    scene.tick(booking_id, late)
    scene.pay(booking_id, at=late)
    assert scene.confirm(booking_id, at=late) is State.CANCELLED
    assert scene.view(booking_id).ended_reason == "paid_too_late"
    assert scene.money(booking_id) == (0, 48_000, 0, 0)


def test_a_service_that_asks_first_is_booked_three_hours_ahead(scene):
    with pytest.raises(NotFound):
        asks_first(scene, who=scene.ada)
    with pytest.raises(NotFound):
        asks_first(scene, new_id())
    asks_first(scene)
    with pytest.raises(NotOffered):
        scene.ask(at=scene.start - 3 * HOUR + MINUTE)
    scene.do(
        catalog.change_timing, consultant_id=scene.grace.id, notice_minutes=0, buffer_before_minutes=0,
        buffer_after_minutes=0,
    )  # fmt: skip
    with Session() as db:
        assert catalog_queries.service(db, scene.grace.service_id).notice_minutes == 180


def test_what_was_booked_before_the_service_asked_first_stands_at_once(scene):
    booking_id = scene.ask()
    asks_first(scene)
    scene.pay(booking_id)
    assert scene.confirm(booking_id) is State.CONFIRMED
    asks_first(scene, on_request=False)
    with Session() as db:
        assert not catalog_queries.service(db, scene.grace.service_id).on_request


def test_a_free_session_can_be_asked_for_too(scene):
    with unit_of_work(now=NOW) as uow:
        free = make.add_service(uow, scene.grace.id, price=Money(0))
    asks_first(scene, free)
    booking_id = scene.ask(service_id=free)
    assert scene.confirm(booking_id) is State.REQUESTED
    assert decline(scene, booking_id) == Money(0)
    assert scene.money(booking_id) == (0, 0, 0, 0)


def test_who_is_left_without_a_session_is_shown_others_near_it(scene):
    with unit_of_work(now=NOW) as uow:
        ida, mary, bob = (make.consultant(uow, name) for name in ("Ida", "Mary", "Bob"))
    booking_id = requested(scene)
    decline(scene, booking_id)
    with Session() as db:
        found = queries.alternatives(db, queries.booking(db, booking_id, scene.ada, NOW + HOUR))
    assert len(found) == 3
    assert found[0].card.id == scene.grace.id, "the same consultant first"
    assert {one.card.id for one in found[1:]} <= {ida.id, mary.id, bob.id}
    assert all(one.start == scene.start for one in found)
    second = scene.ask(booking_id=new_id(), start=scene.start, at=NOW + HOUR)
    scene.pay(second, at=NOW + HOUR)
    scene.confirm(second, at=NOW + HOUR)
    scene.tick(second, NOW + 26 * HOUR)
    with Session() as db:
        silent = queries.alternatives(db, queries.booking(db, second, scene.ada, NOW + 26 * HOUR))
    assert scene.grace.id not in {one.card.id for one in silent}, "who did not answer is not offered again"
    assert len(silent) == 3
