"""Whoever types the address of a form, or asks for it again after an error, comes to the page where the form stands."""

from urllib.parse import urlsplit

import pytest

from tests import make
from tests.visitor import Visitor, house
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import is_id, new_id

WORDS_FOR_IDS = {"purpose": "news", "month": "2026-01"}


@pytest.fixture
def app(db_url, tmp_path):
    return house(db_url, tmp_path)


def only_forms(app):
    """Every address of pages that takes a form and shows nothing."""
    shown = {str(rule) for rule in app.url_map.iter_rules() if "GET" in rule.methods}
    return [rule for rule in app.url_map.iter_rules() if str(rule) not in shown and not rule.rule.startswith("/api/")]


@pytest.mark.parametrize("english", [False, True])
def test_every_address_of_a_form_leads_to_a_page(app, english):
    pages, visitor = app.url_map.bind("localhost"), Visitor(app, english=english)
    forms = only_forms(app)
    assert len(forms) > 50
    for rule in forms:
        ids = {name: WORDS_FOR_IDS.get(name) or new_id() for name in rule.arguments}
        _, path = rule.build(ids)
        answer = visitor.get(path)
        assert answer.status_code in (302, 303), f"{path}: {answer.status}"
        where = urlsplit(answer.headers["Location"]).path
        assert where.startswith("/en") == english, f"{path} leaves the language: {where}"
        _, given = pages.match(where.removeprefix("/en") or "/", method="GET")
        for name, value in given.items():
            assert is_id(value) or value in WORDS_FOR_IDS.values(), (
                f"{path} leads to {where}, where {value} is no {name}"
            )


@pytest.mark.parametrize(
    ("form", "page"),
    [
        ("/ops/memberships", "/ops/prices#memberships"),
        ("/ops/payouts/{id}/decision", "/ops/payouts/{id}"),
        ("/bookings", "/sessions"),
        ("/me/password", "/me/security"),
        ("/waitlist/offers/{id}/refusal", "/me/waitlist"),
        ("/sign-out", "/"),
    ],
)
def test_it_is_the_page_a_person_would_look_for(app, form, page):
    some_id = new_id()
    assert Visitor(app).get(form.format(id=some_id)).headers["Location"] == page.format(id=some_id)


def test_only_whoever_reads_is_led_on(app):
    with unit_of_work() as uow:
        olga = make.operator(uow)
    visitor = Visitor(app, olga)
    assert visitor.get("/ops/memberships").status_code == 303
    assert visitor._http.delete("/ops/memberships").status_code in (400, 405)
    assert visitor._http.get("/ops/memberships", headers={"Accept": "application/json"}).status_code == 405
    assert visitor._http.get("/api/v1/bookings/x/cancellation").status_code == 405
