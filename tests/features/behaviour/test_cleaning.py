"""What is left of a batch, and what never gets in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests import make
from zhixun.features.behaviour import rules
from zhixun.features.behaviour.rules import Interaction, clean, clean_subject, clean_text

NOW = make.NOW
GRACE = "a" * 32


def view(number: int = 0, **changes: object) -> Interaction:
    usual = Interaction(
        f"e{number}", "view", f"consultant:{GRACE}", NOW - timedelta(minutes=5) + number * timedelta(seconds=3)
    )
    return replace(usual, **changes)


def test_the_same_id_twice_is_once() -> None:
    assert len(clean([view(), view(), view(1)], now=NOW)) == 2


def test_one_press_counted_twice_within_a_second_is_once() -> None:
    again = view(1, at=view().at + timedelta(milliseconds=300))
    assert [one.id for one in clean([again, view()], now=NOW)] == ["e0"]


def test_a_browser_cannot_claim_what_only_the_house_knows() -> None:
    claimed = [view(n, kind=kind) for n, kind in enumerate(rules.DONE_KINDS)]
    assert clean(claimed, now=NOW) == []
    assert len(clean([replace(one, source="server") for one in claimed], now=NOW)) == len(claimed)


def test_what_is_too_old_is_out_and_what_is_ahead_of_the_clock_is_now() -> None:
    old, ahead = view(at=NOW - rules.AGE_MAX - timedelta(days=1)), view(1, at=NOW + timedelta(hours=3))
    assert [one.at for one in clean([old, ahead], now=NOW)] == [NOW]


def test_a_pace_no_person_has_is_left_out_whole() -> None:
    fast = [
        view(n, subject=f"page:/c/{n}", at=NOW - timedelta(seconds=60) + n * timedelta(milliseconds=50))
        for n in range(rules.PACE_MAX + 1)
    ]
    assert clean(fast, now=NOW) == []
    assert len(clean(fast[: rules.PACE_MAX], now=NOW)) == rules.PACE_MAX


@pytest.mark.parametrize(
    ("agent", "robot"),
    [
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", True),
        ("Baiduspider/2.0", True),
        ("facebookexternalhit/1.1", True),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36", False),
        ("Mozilla/5.0 (Linux; Android 13; CUBOT X70) Mobile", True),
        ("", False),
    ],
)
def test_programs_that_crawl_are_told_by_their_name(agent: str, robot: bool) -> None:
    assert rules.is_robot(agent) is robot


def test_text_has_one_form_and_no_addresses_or_long_numbers() -> None:
    assert clean_text("  ＨＲ\u200b 让我　签字\n ada.l@example.com 138 0013 8000 ") == "hr 让我 签字"
    assert clean_text("身份证 11010119900307123X，2026 年") == "身份证 ,2026 年"
    assert len(clean_text("字" * 2_000)) == rules.TEXT_LENGTH_MAX


@pytest.mark.parametrize(
    "subject", ["", "who:knows", "consultant:", "page:", "<script>", "consultant:a b", "page:" + "x" * 300]
)
def test_a_subject_that_names_nothing_is_out(subject: str) -> None:
    assert clean_subject(subject) == ""


def test_a_bare_id_is_a_consultants() -> None:
    assert clean_subject(GRACE) == f"consultant:{GRACE}"


def test_packing_and_unpacking_comes_to_the_same() -> None:
    told = [view(text="劳动 仲裁", labels=("field=legal",), value_minor=48_000, starts_at=NOW), view(1)]
    assert rules.unpacked(rules.packed(told)) == told
