"""Instant consultation for programs: available, asked, paid, answered, and who may not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from zhixun.features.instant import actions
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import new_id

BODY = {"question": "What is my notice period?", "field": "career", "channel": "video", "minutes": 60}


def soon(hours: int = 2) -> str:
    return (datetime.now(UTC) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def ringing(house) -> str:
    assert house.grace.post("/me/availability-now", {"until": soon()}).status_code == 200
    made = house.ada.post("/instant/calls", BODY)
    assert (made.status_code, made.json["state"], made.json["rung"]) == (201, "unpaid", 0)
    paid = house.ada.post(f"/payments/{made.json['payment']['id']}/sandbox", {"outcome": "pay"})
    assert paid.status_code == 200
    with unit_of_work() as uow:
        actions.ring_if_paid(uow, call_id=made.json["id"])
    seen = house.ada.get(f"/instant/calls/{made.json['id']}").json
    assert (seen["state"], seen["rung"]) == ("ringing", 1)
    return str(seen["id"])


def test_a_call_is_answered_once_and_is_then_a_booking(house):
    call_id = ringing(house)
    for _ in range(2):
        answer = house.grace.post(f"/instant/calls/{call_id}/acceptance")
        assert (answer.status_code, answer.json) == (200, {"booking_id": call_id})
    assert house.ada.get(f"/instant/calls/{call_id}").json["booking_id"] == call_id
    assert house.ada.get(f"/bookings/{call_id}").json["state"] == "confirmed"
    late = house.ada.post(f"/instant/calls/{call_id}/withdrawal")
    assert (late.status_code, late.json["code"]) == (409, "call_taken")


def test_who_is_rung_reads_what_is_asked_and_nobody_else_does(house):
    call_id = ringing(house)
    rung = house.grace.get("/instant/rings").json
    (one,) = rung["items"]
    assert rung["next"] is None
    assert (one["id"], one["question"], one["field"]) == (call_id, BODY["question"], BODY["field"])
    assert (one["channel"], one["minutes"], one["passed"]) == ("video", 60, False)
    assert one["price"] == {"amount_minor": 48_000, "currency": "CNY"}
    assert one["rings_until"] > datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert house.ada.get("/instant/rings").json == {"items": [], "next": None}
    assert house.visitor.get("/instant/rings").status_code == 401
    assert house.grace.get("/instant/rings", cursor="x").status_code == 400
    house.grace.post(f"/instant/calls/{call_id}/passing")
    assert house.grace.get("/instant/rings").json["items"] == []


def test_it_is_taken_back_or_passed_and_is_then_over(house):
    call_id = ringing(house)
    second = house.ada.post("/instant/calls", BODY)
    assert (second.status_code, second.json["code"]) == (409, "call_open")
    assert house.grace.post(f"/instant/calls/{call_id}/passing").json == {"id": call_id}
    assert house.ada.get(f"/instant/calls/{call_id}").json["state"] == "unanswered"
    over = house.grace.post(f"/instant/calls/{call_id}/acceptance")
    assert (over.status_code, over.json["code"]) == (409, "call_over")


def test_what_can_be_asked_now_is_listed_by_field(house):
    assert house.visitor.get("/instant/choices").json == {"items": [], "next": None, "free": []}
    assert house.grace.post("/me/availability-now", {"until": soon()}).status_code == 200
    found = house.visitor.get("/instant/choices", field="career").json
    price = {"amount_minor": 48_000, "currency": "CNY"}
    one = {"field": "career", "channel": "video", "minutes": 60, "consultants": 1, "lowest": price, "highest": price}
    assert one in found["items"]
    assert found["free"] == [{"field": "career", "consultants": 1}]
    assert house.visitor.get("/instant/choices", field="legal").json["items"] == []
    assert house.visitor.get("/instant/choices", limit=0).status_code == 400
    assert house.visitor.get("/instant/choices", cursor="x").status_code == 400


def test_what_makes_no_sense_is_refused(house):
    nobody = house.ada.post("/instant/calls", BODY)
    assert (nobody.status_code, nobody.json["code"]) == (409, "nobody_free")
    for field, value in (("question", "Hm"), ("minutes", 5), ("channel", "smoke"), ("price_max_minor", -1)):
        bad = house.ada.post("/instant/calls", BODY | {field: value})
        assert (bad.status_code, field in bad.json["fields"]) == (400, True)
    assert house.grace.post("/me/availability-now", {"until": soon(48)}).status_code == 400
    assert house.bob.post("/me/availability-now", {"until": soon()}).status_code == 404
    call_id = ringing(house)
    for who in (house.ada, house.bob):
        assert who.post(f"/instant/calls/{call_id}/acceptance").status_code == 404
    assert house.bob.get(f"/instant/calls/{call_id}").status_code == 404
    assert house.grace.post(f"/instant/calls/{new_id()}/acceptance").status_code == 404
    assert house.visitor.post("/instant/calls", BODY).status_code == 401
