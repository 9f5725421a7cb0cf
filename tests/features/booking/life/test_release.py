"""When the consultant has the money."""

from __future__ import annotations

from tests.features.booking.life.scene import HOUR, SECOND
from zhixun.features.booking import actions


def test_the_consultant_is_paid_two_days_after_the_session_once(scene):
    booking_id = scene.running()
    done = scene.start + HOUR
    scene.complete(booking_id, done)
    scene.do(actions.release_money, booking_id=booking_id, at=done + 48 * HOUR - SECOND)
    assert scene.money(booking_id) == (48_000, 0, 0, 0)
    for _ in range(2):
        scene.do(actions.release_money, booking_id=booking_id, at=done + 48 * HOUR)
        assert scene.money(booking_id) == (0, 0, 42_240, 5_760)
    assert scene.view(booking_id).released_at == done + 48 * HOUR
