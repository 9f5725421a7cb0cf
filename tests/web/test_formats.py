"""How money and times look in both languages."""

from datetime import UTC, datetime

import pytest
from babel import dates

from tests.visitor import house
from zhixun.kernel.values import Money
from zhixun.web import formats

AT = datetime(2026, 9, 6, 16, 5, tzinfo=UTC)
"""Monday, five past midnight, in Shanghai."""


@pytest.fixture(params=["/", "/en/"], ids=["zh", "en"])
def reading(request, db_url, tmp_path):
    app = house(db_url, tmp_path, own=True)
    app.add_url_rule("/show", "show", lambda: "")
    environ = {"zhixun.language": "en"} if request.param == "/en/" else {}
    with app.test_request_context("/show", environ_overrides=environ):
        yield request.node.callspec.id


SHOWN = {
    "zh": {
        "time": "00:05", "day": "9月7日 周一", "weekday": "周一", "date": "2026年9月7日", "daytime": "9月7日 周一 00:05",
        "month": "2026年9月", "short": "9/7",
    },
    "en": {
        "time": "00:05", "day": "Mon 7 Sep", "weekday": "Mon", "date": "7 Sep 2026", "daytime": "Mon 7 Sep, 00:05",
        "month": "September 2026", "short": "7/9",
    },
}  # fmt: skip


def test_times_are_shown_on_the_readers_clock(reading):
    assert {style: formats.local(AT, style) for style in SHOWN[reading]} == SHOWN[reading]
    assert formats.local(AT, "time", "Europe/London") == "17:05"


def test_our_names_of_days_and_months_are_the_usual_ones():
    for day in range(1, 8):
        at = datetime(2026, 6, day, tzinfo=UTC)
        assert formats.WEEKDAYS["zh"][at.weekday()] == dates.format_datetime(at, "EEE", locale="zh")
        assert formats.WEEKDAYS["en"][at.weekday()] == dates.format_datetime(at, "EEE", locale="en")
    for month in range(1, 13):
        at = datetime(2026, month, 1, tzinfo=UTC)
        assert formats.MONTHS[month - 1] == dates.format_datetime(at, "MMMM", locale="en")


def test_zones_are_named_with_their_offset(reading):
    assert formats.zone_label("Asia/Shanghai", AT) == {"zh": "北京时间（UTC+8）", "en": "Beijing time (UTC+8)"}[reading]
    assert formats.zone_label("America/New_York", AT).rstrip(")）").endswith("UTC−4")
    assert "UTC+5:30" in formats.zone_label("Asia/Kolkata", AT)


def test_the_familiar_zones_stand_first_and_no_clock_is_named_twice(reading):
    zones, labels = zip(*formats.zone_options("America/Indianapolis"), strict=True)
    assert zones[:3] == ("America/Indianapolis", "Asia/Shanghai", "Asia/Hong_Kong")
    assert len(zones) > 350
    assert len(set(labels[1:])) == len(labels[1:])
    assert "America/Indiana/Indianapolis" in zones, "of two names today's"
    assert not {"Australia/ACT", "Asia/Calcutta", "US/Eastern", "Etc/GMT-8", "EST"} & set(zones)
    assert formats.zone_options("Etc/GMT-8")[0][0] == "Etc/GMT-8", "what somebody has stays among them"


@pytest.mark.parametrize(
    ("minor", "exact", "shown"),
    [(48_000, False, "¥480"), (48_050, False, "¥480.50"), (48_000, True, "¥480.00"), (-1_200, False, "−¥12"),
     (0, True, "¥0.00"), (123_456_789, False, "¥1,234,567.89")],
)  # fmt: skip
def test_money_is_written_the_same_everywhere(minor, exact, shown):
    assert formats.money(Money(minor), exact=exact) == shown
    assert formats.money(Money(minor, "XYZ"), exact=exact) == shown.replace("¥", "XYZ ")
