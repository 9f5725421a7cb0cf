"""Requests for programs: a service that asks first, the consultant's answer, and who may give it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from zhixun.kernel.values import new_id

WHY = "I am at a hearing that day."


def asked(house, number: int = 8):
    assert house.grace.post(f"/services/{house.service_id}/asking", {"on_request": True}).json == {
        "id": house.service_id,
        "on_request": True,
    }
    made = house.book(number)
    assert house.ada.post(f"/payments/{made['payment']['id']}/sandbox", {"outcome": "pay"}).status_code == 200
    house.settle(made["id"])
    seen = house.ada.get(f"/bookings/{made['id']}").json
    assert (seen["state"], seen["on_request"]) == ("requested", True)
    assert seen["answer_by"] < seen["start"]
    assert seen["refund_now"] == seen["total"]
    return made["id"]


def test_a_request_is_accepted_once_however_often(house):
    booking_id = asked(house)
    for _ in range(2):
        answer = house.grace.post(f"/bookings/{booking_id}/acceptance")
        assert (answer.status_code, answer.json["state"]) == (200, "confirmed")
    late = house.grace.post(f"/bookings/{booking_id}/refusal", {"reason": WHY})
    assert (late.status_code, late.json["code"]) == (409, "request_accepted")
    states = [step["state"] for step in house.ada.get(f"/bookings/{booking_id}/timeline").json["items"]]
    assert states == ["held", "paid", "requested", "confirmed"]


def test_a_declined_request_gives_everything_back(house):
    booking_id = asked(house)
    for body in ({}, {"reason": "no"}, {"reason": 5}):
        bad = house.grace.post(f"/bookings/{booking_id}/refusal", body)
        assert (bad.status_code, "reason" in bad.json["fields"]) == (400, True)
    answer = house.grace.post(f"/bookings/{booking_id}/refusal", {"reason": WHY})
    assert answer.json["refund"] == {"amount_minor": 48_000, "currency": "CNY"}
    over = house.grace.post(f"/bookings/{booking_id}/acceptance")
    assert (over.status_code, over.json["code"], over.json["reason"]) == (409, "request_over", "declined")


def test_nobody_else_answers_or_changes_what_a_service_asks(house):
    booking_id = asked(house)
    for deed, body in (("acceptance", {}), ("refusal", {"reason": WHY})):
        own = house.ada.post(f"/bookings/{booking_id}/{deed}", body)
        assert (own.status_code, own.json["code"]) == (403, "consultant_answers")
        assert house.bob.post(f"/bookings/{booking_id}/{deed}", body).status_code == 404
        assert house.grace.post(f"/bookings/{new_id()}/{deed}", body).status_code == 404
        assert house.visitor.post(f"/bookings/{booking_id}/{deed}", body).status_code == 401
    for who in (house.ada, house.bob):
        assert who.post(f"/services/{house.service_id}/asking", {"on_request": False}).status_code == 404
    page = house.visitor.get(f"/consultants/{house.slug}").json
    assert page["services"][0]["on_request"] is True


def test_a_consultant_calls_their_days_off_once(house):
    house.confirmed()
    body = {"id": new_id(), "until": (datetime.now(UTC) + timedelta(days=9)).date().isoformat()}
    for _ in range(2):
        answer = house.grace.post("/me/days-off", body)
        assert answer.status_code == 201
        assert answer.json["sessions"] == 1
        assert answer.json["refunds"] == [{"amount_minor": 48_000, "currency": "CNY"}]
    for until in ("2020-01-01", "nonsense", None, 5):
        bad = house.grace.post("/me/days-off", {"until": until})
        assert (bad.status_code, list(bad.json["fields"])) == (400, ["until"])
    assert house.ada.post("/me/days-off", {"until": body["until"]}).status_code == 404
    assert house.visitor.post("/me/days-off", {"until": body["until"]}).status_code == 401
