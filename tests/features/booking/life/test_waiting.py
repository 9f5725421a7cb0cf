"""The other does not come: after ten minutes one may leave, and it is the absent one who pays for it."""

from __future__ import annotations

import pytest

from tests.features.booking.life.scene import HOUR, MINUTE, SECOND
from zhixun.events.booking import SessionMissed
from zhixun.features.booking import actions
from zhixun.features.booking.actions import NotThere, NotYet, TooLate
from zhixun.features.booking.rules import State
from zhixun.kernel.errors import NotFound
from zhixun.kernel.values import Actor


@pytest.fixture
def leave(scene):
    def leave(booking_id, who, at):
        return scene.do(actions.stop_waiting, who=who, at=at, booking_id=booking_id)

    return leave


@pytest.mark.parametrize(
    ("waits", "absent", "money", "earned"),
    [("ada", "consultant", (0, 48_000, 0, 0), (0, 48_000, 0, 0)), ("grace", "client", (48_000, 0, 0, 0), (0, 0, 42_240, 5_760))],
)  # fmt: skip
def test_who_has_waited_ten_minutes_may_leave_and_the_absent_one_pays(scene, leave, waits, absent, money, earned):
    booking_id, who = scene.booked(), {"ada": scene.ada, "grace": scene.grace.actor}[waits]
    scene.join(booking_id, who, scene.start - MINUTE)
    with pytest.raises(NotYet):
        leave(booking_id, who, scene.start + 10 * MINUTE - SECOND)
    for _ in range(2):
        assert leave(booking_id, who, scene.start + 10 * MINUTE) is State.NO_SHOW
    assert scene.facts == []
    assert scene.view(booking_id).ended_reason == absent
    assert scene.money(booking_id) == money
    assert scene.tick(booking_id, scene.start + 15 * MINUTE) is State.NO_SHOW
    scene.do(actions.release_money, booking_id=booking_id, at=scene.start + 60 * HOUR)
    assert scene.money(booking_id) == earned


def test_leaving_tells_both(scene, leave):
    booking_id = scene.booked()
    scene.join(booking_id, scene.ada, scene.start)
    leave(booking_id, scene.ada, scene.start + 11 * MINUTE)
    assert SessionMissed in scene.facts


def test_who_has_not_come_cannot_say_the_other_has_not(scene, leave):
    booking_id = scene.booked()
    for joined in (None, scene.start - 3 * HOUR):  # a look into the room hours before is no attendance
        if joined:
            scene.join(booking_id, scene.ada, joined)
        with pytest.raises(NotThere):
            leave(booking_id, scene.ada, scene.start + 11 * MINUTE)
    with pytest.raises(NotFound):
        leave(booking_id, Actor("bob"), scene.start + 11 * MINUTE)


def test_who_is_not_alone_or_is_too_late_misses_nobody(scene, leave):
    met = scene.booked()
    for who in (scene.ada, scene.grace.actor):
        scene.join(met, who, scene.start)
    with pytest.raises(TooLate):
        leave(met, scene.ada, scene.start + 11 * MINUTE)
    assert scene.tick(met, scene.start + 11 * MINUTE) is State.IN_PROGRESS


def test_the_page_offers_leaving_only_to_the_one_who_waits(scene):
    booking_id = scene.booked()
    assert scene.view(booking_id).may_leave_at(scene.ada.user_id) is None
    scene.join(booking_id, scene.ada, scene.start)
    assert scene.view(booking_id).may_leave_at(scene.ada.user_id) == scene.start + 10 * MINUTE
    assert scene.view(booking_id).may_leave_at(scene.grace.id) is None
