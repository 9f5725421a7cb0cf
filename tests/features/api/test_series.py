from __future__ import annotations

from datetime import datetime, timedelta

from zhixun.kernel.values import new_id

WEEK = timedelta(weeks=1)


def wanted(house, **more):
    return {"service_id": house.service_id, "start": house.free(30), "sessions": 3} | more


def test_a_program_sees_the_dates_holds_them_all_and_pays_once(house):
    body = wanted(house)
    dates = house.visitor.get(
        f"/services/{house.service_id}/series", start=body["start"], sessions=3, zone="Europe/London"
    ).json
    assert (dates["zone"], [one["free"] for one in dates["items"]]) == ("Europe/London", [True] * 3)
    made = house.ada.post("/series", body)
    assert made.status_code == 201, made.text
    assert made.json["total"] == {"amount_minor": 144_000, "currency": "CNY"}
    starts = [datetime.fromisoformat(one["start"]) for one in made.json["bookings"]]
    assert starts[2] - starts[0] == 2 * WEEK
    paid = house.ada.post(f"/payments/{made.json['payment']['id']}/sandbox", {"outcome": "pay"})
    assert paid.json["amount"]["amount_minor"] == 144_000
    seen = house.ada.get(f"/series/{made.json['id']}").json
    assert len(seen["bookings"]) == 3
    assert house.grace.get(f"/series/{made.json['id']}").json["payment"] is None
    assert house.bob.get(f"/series/{made.json['id']}").status_code == 404


def test_a_refusal_names_the_dates_in_the_way_and_what_is_near_them(house):
    body = wanted(house)
    second = (datetime.fromisoformat(body["start"]) + WEEK).isoformat()
    house.bob.post("/bookings", {"service_id": house.service_id, "start": second})
    refused = house.ada.post("/series", body)
    assert (refused.status_code, refused.json["code"]) == (409, "series_not_free")
    [date] = refused.json["dates"]
    assert (date["number"], len(date["alternatives"])) == (2, 3)
    other = body | {"instead": [{"number": 2, "start": date["alternatives"][0]}]}
    assert len(house.ada.post("/series", other).json["bookings"]) == 3


def test_what_is_left_of_a_series_is_ended_at_once(house):
    made = house.ada.post("/series", wanted(house, leave_out=[2])).json
    assert len(made["bookings"]) == 2
    ended = house.ada.post(f"/series/{made['id']}/cancellation")
    assert (len(ended.json["cancelled"]), ended.json["refund"]["amount_minor"]) == (2, 0)
    assert house.ada.post(f"/series/{made['id']}/cancellation").json["cancelled"] == []
    assert house.bob.post(f"/series/{made['id']}/cancellation").status_code == 404


def test_the_same_id_twice_is_one_series(house):
    body = wanted(house, id=new_id())
    assert house.ada.post("/series", body).json == house.ada.post("/series", body).json


def test_what_makes_no_series_is_refused(house):
    for more, field in (
        ({"sessions": 1}, "sessions"),
        ({"weeks_apart": 3}, "weeks_apart"),
        ({"zone": "Mars"}, "zone"),
        ({"leave_out": [1, 2]}, "sessions"),
        ({"instead": [{"number": 3, "start": "2031-01-01T00:00:00Z"}]}, "instead"),
    ):
        refused = house.ada.post("/series", wanted(house, **more))
        assert (refused.status_code, list(refused.json["fields"])) == (400, [field])
    assert house.ada.post("/series", wanted(house, service_id=new_id())).status_code == 404
    assert house.visitor.post("/series", wanted(house)).status_code == 401
