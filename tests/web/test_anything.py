"""Whatever is sent to whatever address, the answer is never "our fault" (5xx)."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask
from werkzeug.routing import Rule

from tests import make
from tests.visitor import Visitor, house
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, new_id

NASTY = (
    "", " ", "0", "-1", "1e9", "999999999999999999999", "null", "true", "[]", "{}", "a" * 20_000, "\x00", "\ud7ff\uffff",
    "2026-13-45", "2026-11-25T11:30:00Z", "9999-12-31T23:59:59Z", "0001-01-01", "<script>", "%00", "../../etc/passwd", "👩🏽‍⚖️", "١٢٣", "²", "--", "'",
)  # fmt: skip
NAMES = (
    "q", "field", "topic", "sort", "page", "cursor", "at", "week", "service", "service_id", "start", "booking_id", "next", "zone", "language",
    "email", "password", "name", "text", "words", "brief", "score", "accuracy", "amount", "reason", "coupon", "points", "plan", "day", "period",
    "month", "ids", "free", "price", "outcome", "key", "client_id", "reply_to", "after_seq", "limit", "state", "code", "id",
)  # fmt: skip
STRANGE_IDS = ("x", "9" * 400, "%00", "a%2F..%2Fb", "%F0%9F%91%A9")
NOT_TRIED = frozenset({"/sign-out"})
"""It would end the visit."""


@pytest.fixture
def people(db_url: str, tmp_path: Path) -> tuple[Flask, dict[str, Actor | None], list[str]]:
    """The house, who may ask, and ids that are there."""
    app = house(db_url, tmp_path)
    app.testing = False  # a fault becomes the page a person would see, not an exception here
    client, consultant = make.pair()
    with unit_of_work(client, now=make.NOW) as uow:
        booking_id = make.paid_booking(uow, client=client, consultant=consultant)
        boss = make.operator(uow)
    asking = {"nobody": None, "client": client, "consultant": consultant.actor, "operator": boss}
    return app, asking, [booking_id, consultant.id, consultant.slug, consultant.service_id]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("who", ["nobody", "client", "consultant", "operator"])
def test_no_page_fails_whatever_its_address_says(
    people: tuple[Flask, dict[str, Actor | None], list[str]], who: str
) -> None:
    app, asking, known = people
    visitor = Visitor(app, asking[who], english=True)
    failed = []
    for rule in _rules(app, "GET"):
        for number, filling in enumerate((*known, new_id(), *STRANGE_IDS) if rule.arguments else ("", "x")):
            path = _filled(rule, filling)
            query = "&".join(f"{name}={quote(_nasty(number + at)[:300])}" for at, name in enumerate(NAMES))
            failed += [f"GET {one[:200]}" for one in (path, f"{path}?{query}") if visitor.get(one).status_code >= 500]
    assert failed == []


@pytest.mark.timeout(600)
@pytest.mark.parametrize("who", ["nobody", "client", "consultant", "operator"])
def test_no_form_fails_whatever_is_in_it(people: tuple[Flask, dict[str, Actor | None], list[str]], who: str) -> None:
    app, asking, known = people
    visitor, failed = Visitor(app, asking[who]), []
    for rule in _rules(app, "POST"):
        if rule.rule in NOT_TRIED:
            continue
        for number, filling in enumerate((*known, new_id(), "x") if rule.arguments else ("", "", "")):
            path = _filled(rule, filling)
            forms = ({}, {name: _nasty(3 * number + at) for at, name in enumerate(NAMES)})
            failed += [f"POST {path} {len(form)}" for form in forms if visitor.post(path, **form).status_code >= 500]
    assert failed == []


def _nasty(number: int) -> str:
    return NASTY[number % len(NASTY)]


def _rules(app: Flask, method: str) -> list[Rule]:
    found = [rule for rule in app.url_map.iter_rules() if method in (rule.methods or ())]
    return sorted((rule for rule in found if not rule.rule.startswith("/static")), key=lambda rule: rule.rule)


def _filled(rule: Rule, filling: str) -> str:
    path = rule.rule
    for name in rule.arguments:
        path = re.sub(rf"<(?:[^<>]*:)?{name}>", filling, path)
    return path
