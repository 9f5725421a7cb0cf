from datetime import UTC, datetime, timedelta

import time_machine

from zhixun.features.booking.rules import REQUESTS_MAX
from zhixun.features.loyalty.rules import CODES_TRIED_MAX
from zhixun.kernel.values import new_id

SCORES = {"accuracy": 5, "clarity": 4, "actionable": 5, "boundaries": 5, "punctual": 4}
A_MATTER_OF_THE_PAST = "2021-06-21T01:00:00Z"


def test_a_session_can_be_booked_paid_held_and_told_about(house):
    made = house.confirmed()
    seen = house.ada.get(f"/bookings/{made['id']}").json
    assert (seen["state"], seen["role"]) == ("confirmed", "client")
    assert house.grace.post(f"/bookings/{made['id']}/start").json["code"] == "not_yet"
    with time_machine.travel(datetime.fromisoformat(seen["start"]) - timedelta(minutes=10)):
        assert house.ada.post(f"/bookings/{made['id']}/start").json["state"] == "confirmed"
        assert house.grace.post(f"/bookings/{made['id']}/start").json["state"] == "in_progress"
        assert house.ada.post(f"/bookings/{made['id']}/completion").json["state"] == "completed"
    told = house.ada.post(
        "/feedback", {"booking_id": made["id"], "scores": SCORES, "nps": 9, "solved": "yes", "words": "有帮助"}
    )
    assert told.status_code == 201
    states = [step["state"] for step in house.ada.get(f"/bookings/{made['id']}/timeline").json["items"]]
    assert states == ["held", "paid", "confirmed", "in_progress", "completed"]


def test_a_booking_says_what_it_costs_until_when_and_where_to_pay(house):
    start = house.free()
    made = house.ada.post("/bookings", {"service_id": house.service_id, "start": start, "brief": "两个 offer"}).json
    assert made["state"] == "held"
    assert made["total"] == {"amount_minor": 48_000, "currency": "CNY"}
    assert made["payment"].keys() == {"id", "gateway", "url"}
    assert made["payment"]["url"].startswith("http://localhost/")
    left = datetime.fromisoformat(made["hold_expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=14) < left <= timedelta(minutes=15)
    seen = house.ada.get(f"/bookings/{made['id']}").json
    assert (seen["start"], seen["brief"]) == (start, "两个 offer")
    assert seen["payment"]["id"] == made["payment"]["id"]


def test_any_offset_is_understood_and_none_is_refused(house):
    start = datetime.fromisoformat(house.free())
    shanghai = (start + timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M:%S+08:00")
    naive = house.ada.post("/bookings", {"service_id": house.service_id, "start": shanghai[:19]})
    assert (naive.status_code, list(naive.json["fields"])) == (400, ["start"])
    assert house.ada.post("/bookings", {"service_id": house.service_id, "start": shanghai}).status_code == 201


def test_a_taken_time_is_refused_with_free_ones(house):
    start = house.free()
    house.ada.post("/bookings", {"service_id": house.service_id, "start": start})
    refused = house.bob.post("/bookings", {"service_id": house.service_id, "start": start})
    assert (refused.status_code, refused.json["code"]) == (409, "slot_taken")
    assert len(refused.json["alternatives"]) == 3
    for free in refused.json["alternatives"]:
        assert house.bob.post("/bookings", {"service_id": house.service_id, "start": free}).status_code == 201


def test_a_time_nobody_offers_is_refused_with_free_ones(house):
    refused = house.ada.post("/bookings", {"service_id": house.service_id, "start": A_MATTER_OF_THE_PAST})
    assert (refused.status_code, refused.json["code"]) == (409, "not_offered")
    assert refused.json["alternatives"]


def test_nobody_books_themselves_or_a_service_that_is_not_there(house):
    start = house.free()
    assert house.grace.post("/bookings", {"service_id": house.service_id, "start": start}).json["code"] == "own_service"
    assert house.ada.post("/bookings", {"service_id": new_id(), "start": start}).status_code == 404


def test_a_gateway_we_do_not_use_is_refused(house):
    body = {"service_id": house.service_id, "start": house.free(), "gateway": "bitcoin"}
    refused = house.ada.post("/bookings", body)
    assert (refused.status_code, list(refused.json["fields"])) == (400, ["gateway"])
    assert house.ada.post("/bookings", body | {"gateway": "sandbox"}).status_code == 201


def test_the_same_id_twice_is_one_booking_also_written_with_hyphens(house):
    body = {"service_id": house.service_id, "start": house.free(), "id": "0199ad34-7f1e-7c2b-8a51-0242ac120002"}
    one, other = house.ada.post("/bookings", body), house.ada.post("/bookings", body)
    assert one.json["id"] == other.json["id"] == "0199ad347f1e7c2b8a510242ac120002"
    assert house.bob.post("/bookings", body).status_code == 404
    other = house.ada.post("/bookings", body | {"start": house.free()})
    assert (other.status_code, other.json["code"]) == (409, "id_used")


def test_asking_for_times_again_and_again_has_an_end_as_on_the_pages(house):
    house.app.config["RATE_LIMITS"] = True
    body = {"service_id": house.service_id, "start": A_MATTER_OF_THE_PAST}
    with time_machine.travel("2026-03-02T09:00:00Z", tick=False):
        answers = [house.ada.post("/bookings", body) for _ in range(REQUESTS_MAX + 1)]
    assert {one.status_code for one in answers[:-1]} == {409}
    assert (answers[-1].status_code, answers[-1].json["code"]) == (429, "too_many")
    assert answers[-1].json["retry_after_seconds"] <= 600


def test_coupons_that_were_not_meant_for_one_are_not_found_by_trying_codes(house):
    house.app.config["RATE_LIMITS"] = True
    start, where = house.free(), f"/services/{house.service_id}/quote"
    with time_machine.travel("2026-03-02T09:00:00Z", tick=False):
        answers = [house.visitor.get(where, start=start, coupon=f"CODE-{n}") for n in range(CODES_TRIED_MAX + 1)]
        assert house.visitor.get(where, start=start).status_code == 200
    assert {one.json["code"] for one in answers[:-1]} == {"coupon_refused"}
    assert (answers[-1].status_code, answers[-1].json["code"]) == (429, "too_many")


def test_holding_too_many_times_is_refused(house):
    for _ in range(5):
        house.book()
    refused = house.ada.post("/bookings", {"service_id": house.service_id, "start": house.free(2)})
    assert (refused.status_code, refused.json["code"]) == (409, "too_many_holds")


def test_someone_elses_booking_is_not_found(house):
    booking_id = house.confirmed()["id"]
    for path in ("", "/timeline"):
        assert house.bob.get(f"/bookings/{booking_id}{path}").status_code == 404
    for path in ("/cancellation", "/start", "/completion"):
        assert house.bob.post(f"/bookings/{booking_id}{path}").status_code == 404
    said = {"booking_id": booking_id, "scores": SCORES, "nps": 9, "solved": "yes"}
    assert house.bob.post("/feedback", said).status_code == 404


def test_my_bookings_come_in_pages(house):
    made = {house.book()["id"] for _ in range(3)}
    first = house.ada.get("/bookings", limit=2).json
    second = house.ada.get("/bookings", limit=2, cursor=first["next"]).json
    seen = first["items"] + second["items"]
    assert {one["id"] for one in seen} == made
    assert [one["start"] for one in seen] == sorted((one["start"] for one in seen), reverse=True)
    assert second["next"] is None
    assert house.bob.get("/bookings").json == {"items": [], "next": None}
    assert [one["role"] for one in house.grace.get("/bookings").json["items"]] == ["consultant"] * 3
    assert all(one["payment"] is None for one in house.grace.get("/bookings").json["items"])


def test_bookings_of_the_same_start_are_all_listed(house):
    made = set()
    for _ in range(4):
        made.add(house.book()["id"])
        house.ada.post(f"/bookings/{house.ada.get('/bookings').json['items'][0]['id']}/cancellation")
    seen, cursor = [], None
    while cursor or not seen:
        page = house.ada.get("/bookings", limit=1, **({"cursor": cursor} if cursor else {})).json
        seen += [one["id"] for one in page["items"]]
        cursor = page["next"]
    assert len(seen) == 4
    assert set(seen) == made


def test_cancelling_answers_what_comes_back_and_twice_is_once(house):
    made = house.confirmed(number=40)
    cancelled = house.ada.post(f"/bookings/{made['id']}/cancellation")
    assert cancelled.json == {
        "id": made["id"], "state": "cancelled", "refund": {"amount_minor": 48_000, "currency": "CNY"},
    }  # fmt: skip
    assert house.ada.post(f"/bookings/{made['id']}/cancellation").json == cancelled.json


def test_a_session_does_not_end_before_it_begins(house):
    booking_id = house.confirmed()["id"]
    refused = house.ada.post(f"/bookings/{booking_id}/completion")
    assert (refused.status_code, refused.json["code"]) == (409, "not_yet")
    assert house.grace.post(f"/bookings/{booking_id}/start").json["code"] == "not_yet"


def test_feedback_needs_all_its_answers_and_a_completed_session(house):
    booking_id = house.confirmed()["id"]
    said = {"booking_id": booking_id, "scores": SCORES, "nps": 9, "solved": "yes"}
    assert house.ada.post("/feedback", said).json["code"] == "not_completed"
    wrong = house.ada.post("/feedback", said | {"scores": SCORES | {"clarity": 6}, "nps": -1, "solved": "maybe"})
    assert wrong.status_code == 400
    assert wrong.json["fields"].keys() == {"scores.clarity", "nps", "solved"}
    assert "scores" in house.ada.post("/feedback", said | {"scores": 5}).json["fields"]


def test_a_session_moves_to_another_free_time_and_its_refund_dates_stay(house):
    made, start = house.confirmed(30), house.free(60)
    before = house.ada.get(f"/bookings/{made['id']}").json
    moved = house.ada.post(f"/bookings/{made['id']}/reschedule", {"start": start})
    assert (moved.status_code, moved.json["start"], moved.json["state"]) == (200, start, "confirmed")
    assert [step["until"] for step in moved.json["refunds"]] == [step["until"] for step in before["refunds"]]
    again = house.ada.post(f"/bookings/{made['id']}/reschedule", {"start": start})
    assert (again.status_code, again.json) == (200, moved.json)


def test_who_moves_what_was_moved_since_is_told_and_moves_nothing(house):
    made, first, second = house.confirmed(30), house.free(60), house.free(61)
    seen = house.ada.get(f"/bookings/{made['id']}").json["start"]
    path = f"/bookings/{made['id']}/reschedule"
    assert house.grace.post(path, {"start": first, "seen_start": seen}).status_code == 200
    late = house.ada.post(path, {"start": second, "seen_start": seen})
    assert (late.status_code, late.json["code"]) == (409, "moved_meanwhile")
    assert house.ada.get(f"/bookings/{made['id']}").json["start"] == first
    wrong = house.ada.post(path, {"start": second, "seen_start": "just now"})
    assert (wrong.status_code, list(wrong.json["fields"])) == (400, ["seen_start"])


def test_a_move_that_cannot_be_is_refused_with_free_times_and_changes_nothing(house):
    made = house.confirmed(30)
    before = house.ada.get(f"/bookings/{made['id']}").json["start"]
    taken = house.free(40)
    house.bob.post("/bookings", {"service_id": house.service_id, "start": taken})
    refused = house.ada.post(f"/bookings/{made['id']}/reschedule", {"start": taken})
    assert (refused.status_code, refused.json["code"], len(refused.json["alternatives"])) == (409, "slot_taken", 3)
    past = house.ada.post(f"/bookings/{made['id']}/reschedule", {"start": A_MATTER_OF_THE_PAST})
    assert (past.status_code, past.json["code"]) == (409, "not_offered")
    for body in ({}, {"start": "soon"}, {"start": None}):
        wrong = house.ada.post(f"/bookings/{made['id']}/reschedule", body)
        assert (wrong.status_code, list(wrong.json["fields"])) == (400, ["start"])
    assert house.bob.post(f"/bookings/{made['id']}/reschedule", {"start": taken}).status_code == 404
    assert house.ada.get(f"/bookings/{made['id']}").json["start"] == before


def test_nobody_stops_waiting_before_the_time(house):
    made = house.confirmed(30)
    refused = house.ada.post(f"/bookings/{made['id']}/absence")
    assert (refused.status_code, refused.json["code"]) == (409, "not_there")
