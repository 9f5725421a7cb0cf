from datetime import UTC, datetime, timedelta

import pytest

from tests import make
from zhixun.features.search import jobs
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.web import pagination


@pytest.fixture
def found(house):
    """Six consultants in the index: Grace, and five more at rising prices."""
    with unit_of_work() as uow:
        for number, name in enumerate(("Hedy", "Irene", "Jane", "Karen", "Lise")):
            make.consultant(
                uow, name, hours=make.AROUND_THE_CLOCK, service={"price": make.Money(50_000 + number * 10_000)}
            )
    jobs.keep_index_whole()
    return house


def test_consultants_come_page_by_page_each_once(found):
    seen, cursor = [], None
    for _ in range(3):
        page = found.visitor.get("/consultants", limit=2, sort="price", **({"cursor": cursor} if cursor else {})).json
        assert page["total"] == 6
        seen += page["items"]
        cursor = page["next"]
    assert cursor is None
    assert len({one["id"] for one in seen}) == 6
    prices = [one["price_from"]["amount_minor"] for one in seen]
    assert prices == sorted(prices)


def test_a_page_mark_far_beyond_the_last_finds_nobody(found):
    for sort in ("fit", "price", "rating", "soonest"):
        page = found.visitor.get("/consultants", sort=sort, cursor=pagination.cursor_of("9" * 9)).json
        assert (page["items"], page["total"], page["next"]) == ([], 6, None)


def test_a_consultant_found_can_be_booked_at_a_shown_time(found):
    one = found.visitor.get("/consultants", q="Hedy", zone="Asia/Tokyo").json["items"][0]
    assert one["services"][0]["id"]
    assert one["slots"][0]["local"].endswith("+09:00")
    body = {"service_id": one["services"][0]["id"], "start": one["slots"][0]["start"]}
    assert found.ada.post("/bookings", body).status_code == 201


def test_facets_and_free_time_narrow_what_is_found(found):
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    for query, count in (
        ({"field": "career"}, 6), ({"field": "nothing"}, 0), ({"topic": "offers"}, 6), ({"channel": "text"}, 0),
        ({"price_max_minor": 60_000}, 3), ({"free_from": tomorrow.isoformat()}, 6), ({"language": "en"}, 6),
        ({"field": "", "q": ""}, 6), ({"free": "tomorrow", "q": "Hedy"}, 1), ({"free": "week", "zone": "Europe/Berlin"}, 6),
    ):  # fmt: skip
        assert found.visitor.get("/consultants", **query).json["total"] == count, query


def test_what_cannot_be_looked_for_is_refused_by_name(found):
    later = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    for query in (
        {"channel": "fax"}, {"language": "fr"}, {"price_max_minor": -1}, {"price_max_minor": "9" * 30}, {"sort": "luck"},
        {"zone": "Mars"}, {"cursor": "x"}, {"q": "x" * 201}, {"q": "\x00"}, {"free_from": "soon"}, {"free": "someday"},
    ):  # fmt: skip
        refused = found.visitor.get("/consultants", **query)
        assert (refused.status_code, list(refused.json["fields"])) == (400, list(query)), query
    refused = found.visitor.get("/consultants", free_from=later, free_until=datetime.now(UTC).isoformat())
    assert (refused.status_code, list(refused.json["fields"])) == (400, ["free_until"])


def test_a_question_is_answered_with_reasons_and_a_doubt(found):
    said = found.visitor.get("/recommendations", question="两个 offer 怎么选", limit=2).json
    assert said["field"] == "career"
    assert len(said["items"]) == 2
    for one in said["items"]:
        assert 1 <= one["score"] <= 5
        assert one["reasons"]
        assert one["doubt"]
        assert one["consultant"]["services"]


def test_recommendations_of_nobody_known_need_a_question_of_some_length(found):
    for query in ({}, {"question": ""}):
        assert found.visitor.get("/recommendations", **query).json["items"] == []
    for query in ({"question": "x" * 2_001}, {"question": "x", "limit": 11}):
        assert found.visitor.get("/recommendations", **query).status_code == 400
    assert found.visitor.get("/recommendations", question="?!").json["items"] == []
