import threading

import pytest
import sqlalchemy

from zhixun.features.api import jobs
from zhixun.features.messaging.rules import conversation_id_of
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work


def bookings_of(program):
    return program.get("/bookings").json["items"]


def test_the_same_request_with_the_same_key_is_done_once_and_answered_alike(house):
    body = {"service_id": house.service_id, "start": house.free()}
    first = house.ada.post("/bookings", body, Idempotency_Key="k1")
    again = house.ada.post("/bookings", dict(reversed(body.items())), Idempotency_Key="k1")
    assert (first.status_code, first.text) == (again.status_code, again.text)
    assert (first.headers.get("Idempotency-Replayed"), again.headers["Idempotency-Replayed"]) == (None, "true")
    assert len(bookings_of(house.ada)) == 1


def test_a_key_stands_for_one_request_only(house):
    body = {"service_id": house.service_id, "start": house.free()}
    made = house.ada.post("/bookings", body, Idempotency_Key="k1").json
    for path, other in (
        ("/bookings", body | {"brief": "else"}),
        (f"/bookings/{made['id']}/cancellation", {}),
    ):
        refused = house.ada.post(path, other, Idempotency_Key="k1")
        assert (refused.status_code, refused.json["code"]) == (422, "idempotency_key_reused")
    assert bookings_of(house.ada)[0]["state"] == "held"


def test_a_key_is_its_owners_alone(house):
    start = house.free()
    house.ada.post("/bookings", {"service_id": house.service_id, "start": start}, Idempotency_Key="k1")
    other = house.bob.post("/bookings", {"service_id": house.service_id, "start": house.free(1)}, Idempotency_Key="k1")
    assert other.status_code == 201


def test_a_refused_request_leaves_its_key_free(house):
    body = {"service_id": house.service_id, "start": house.free()}
    held = house.bob.post("/bookings", body).json
    assert house.ada.post("/bookings", body, Idempotency_Key="k1").status_code == 409
    house.bob.post(f"/bookings/{held['id']}/cancellation")
    assert house.ada.post("/bookings", body, Idempotency_Key="k1").status_code == 201


def test_a_crash_in_the_middle_leaves_nothing_half_done_and_nothing_stuck(house, monkeypatch):
    body = {"service_id": house.service_id, "start": house.free()}

    def crash(*_, **__):
        raise RuntimeError("the lights went out")

    with monkeypatch.context() as broken:
        broken.setattr("zhixun.features.api.actions.keep_answer", crash)
        assert house.ada.post("/bookings", body, Idempotency_Key="k1").status_code == 500
    assert bookings_of(house.ada) == []
    assert house.ada.post("/bookings", body, Idempotency_Key="k1").status_code == 201


def test_two_at_once_are_one(house):
    body = {"service_id": house.service_id, "start": house.free()}
    answers = []

    def ask():
        program = type(house.ada)(house.app.test_client(), house.ada.token)
        answers.append(program.post("/bookings", body, Idempotency_Key="k1"))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {(answer.status_code, answer.text) for answer in answers} == {(201, answers[0].text)}
    assert len(bookings_of(house.ada)) == 1


def test_who_waits_too_long_for_its_twin_is_told_so(house):
    def hurry(connection, *_):
        connection.execute("SET lock_timeout = '200ms'")

    with unit_of_work() as twin:
        twin.db.connection().exec_driver_sql(
            "INSERT INTO api_kept_answers VALUES (%s, 'k1', 'x', now(), NULL, NULL)", (house.ada_id,)
        )
        sqlalchemy.event.listen(twin.db.get_bind(), "checkout", hurry)
        body = {"service_id": house.service_id, "start": house.free()}
        refused = house.ada.post("/bookings", body, Idempotency_Key="k1")
    assert (refused.status_code, refused.json["code"]) == (409, "in_progress")


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "ключ", "a\tb"])
def test_a_key_that_is_none_is_refused(house, key):
    body = {"service_id": house.service_id, "start": house.free()}
    refused = house.ada.http.post(
        "/api/v1/bookings", json=body,
        headers={"Authorization": f"Bearer {house.ada.token}", "Idempotency-Key": key.encode().decode("latin-1")},
    )  # fmt: skip
    assert (refused.status_code, list(refused.json["fields"])) == (400, ["Idempotency-Key"])


def test_a_message_is_not_kept_a_second_time(house):
    house.confirmed()
    path = f"/conversations/{conversation_id_of(house.ada_id, house.grace_id)}/messages"
    first = house.ada.post(path, {"client_id": "a", "text": "秘密"}, Idempotency_Key="k1")
    again = house.ada.post(path, {"client_id": "a", "text": "秘密"}, Idempotency_Key="k1")
    assert (first.status_code, first.text) == (again.status_code, again.text)
    with Session() as db:
        kept = db.connection().exec_driver_sql("SELECT * FROM api_kept_answers").all()
    assert len(kept) == 1
    assert "秘密" not in str(kept)


def test_keys_are_forgotten_after_a_day(house):
    body = {"service_id": house.service_id, "start": house.free()}
    house.ada.post("/bookings", body, Idempotency_Key="k1")
    with unit_of_work() as uow:
        uow.db.connection().exec_driver_sql("UPDATE api_kept_answers SET at = at - interval '25 hours'")
    assert house.ada.post("/bookings", body | {"start": house.free(1)}, Idempotency_Key="k1").status_code == 201
    with unit_of_work() as uow:
        uow.db.connection().exec_driver_sql("UPDATE api_kept_answers SET at = at - interval '25 hours'")
    jobs.forget_old_keys()
    with Session() as db:
        assert db.connection().exec_driver_sql("SELECT count(*) FROM api_kept_answers").scalar() == 0
