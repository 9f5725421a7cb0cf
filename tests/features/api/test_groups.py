from __future__ import annotations

from datetime import UTC, datetime, timedelta

from zhixun.kernel.values import new_id


def wanted(**more):
    start = datetime.now(UTC).replace(microsecond=0, second=0) + timedelta(days=4)
    return {
        "title": "Interview practice", "start": start.isoformat(), "price_minor": 12_000, "seats": 2, "seats_min": 1,
    } | more  # fmt: skip


def test_a_consultant_sets_a_group_session_and_programs_take_its_seats(house):
    made = house.grace.post("/groups", wanted())
    assert made.status_code == 201, made.text
    name = made.json["id"]
    listed = house.visitor.get(f"/consultants/{house.grace_id}/groups").json["items"]
    assert [(one["id"], one["seats_left"]) for one in listed] == [(name, 2)]
    seat = house.ada.post(f"/groups/{name}/seats", {"brief": "Two interviews"})
    assert (seat.status_code, seat.json["state"]) == (201, "held")
    assert seat.json["total"] == {"amount_minor": 12_000, "currency": "CNY"}
    paid = house.ada.post(f"/payments/{seat.json['payment']['id']}/sandbox", {"outcome": "pay"})
    assert paid.json["state"] == "captured"
    assert house.ada.post(f"/groups/{name}/seats").json["code"] == "seated_already"
    assert house.grace.post(f"/groups/{name}/seats").json["code"] == "own_service"
    assert house.grace.post(f"/groups/{name}/cancellation").json["state"] == "cancelled"
    assert house.bob.post(f"/groups/{name}/seats").json["code"] == "group_closed"


def test_the_same_id_twice_is_one_group_and_one_seat(house):
    body, seat = wanted(id=new_id()), {"id": new_id()}
    assert house.grace.post("/groups", body).json == house.grace.post("/groups", body).json
    one, other = (house.ada.post(f"/groups/{body['id']}/seats", seat) for _ in range(2))
    assert one.json == other.json


def test_what_makes_no_group_session_is_refused(house):
    for more, field in (
        ({"seats": 1}, "seats"),
        ({"seats_min": 3}, "seats_min"),
        ({"title": "No"}, "title"),
        ({"decide_hours": 0}, "decide_hours"),
        ({"start": "2026-01-01T00:00:00Z"}, "start"),
        ({"price_minor": -1}, "price_minor"),
    ):
        refused = house.grace.post("/groups", wanted(**more))
        assert (refused.status_code, list(refused.json["fields"])) == (400, [field])
    assert house.ada.post("/groups", wanted()).status_code == 404
    assert house.visitor.post("/groups", wanted()).status_code == 401
    assert house.visitor.get(f"/consultants/{new_id()}/groups").status_code == 404
    assert house.ada.post(f"/groups/{new_id()}/seats").status_code == 404
    assert house.bob.post(f"/groups/{house.grace.post('/groups', wanted()).json['id']}/cancellation").status_code == 404


def test_a_group_session_is_not_sold_singly(house):
    made = house.grace.post("/groups", wanted()).json
    services = house.visitor.get(f"/consultants/{house.grace_id}").json["services"]
    assert [one["title"] for one in services] == ["One hour"]
    taken = house.ada.post("/bookings", {"service_id": house.service_id, "start": made["start"]})
    assert taken.json["code"] in ("slot_taken", "not_offered")
