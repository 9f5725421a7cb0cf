"""What "today" and "this evening" mean on the clock of who asks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests import make
from zhixun.features.search.rules import window

NOW, HOUR = make.NOW, timedelta(hours=1)


@pytest.mark.parametrize(
    ("zone", "from_", "until"), [("Asia/Shanghai", 10, 14), ("Europe/Berlin", 17, 21), ("America/New_York", 23, 27)]
)
def test_this_evening_is_from_18_to_22_on_the_clock_of_who_asks(zone, from_, until):
    day = datetime(2026, 11, 24, tzinfo=UTC)
    assert window("evening", zone, NOW) == (day + from_ * HOUR, day + until * HOUR)


def test_an_evening_that_has_begun_is_what_is_left_of_it():
    assert window("evening", "Asia/Shanghai", NOW + 3 * HOUR) == (NOW + 3 * HOUR, NOW + 5 * HOUR)
    assert window("evening", "Asia/Shanghai", NOW + 6 * HOUR) == (NOW + 6 * HOUR, NOW + 7 * HOUR)
    assert window("today", "Asia/Shanghai", NOW) == (NOW, NOW + 7 * HOUR)
    assert window("", "Asia/Shanghai", NOW) == (None, None)
