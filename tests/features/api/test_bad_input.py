"""Whatever is sent, the answer is a refusal in the one error form, and never a broken page."""

import json

import pytest

from zhixun.kernel.values import new_id
from zhixun.web import pagination

NOBODY = "0" * 31 + "1"
WRITES = (
    "/tokens", "/bookings", f"/bookings/{NOBODY}/cancellation", f"/bookings/{NOBODY}/start",
    f"/bookings/{NOBODY}/completion", "/feedback", f"/conversations/{NOBODY}/messages",
    f"/payments/{NOBODY}/sandbox",
)  # fmt: skip
MALFORMED = {
    "cut off": b'{"email": ',
    "not json": b"hello",
    "two values": b"{} {}",
    "not utf-8": b'{"email": "\xff\xfe"}',
    "a lone surrogate": b'{"email": "\\ud800", "text": "\\ud800", "brief": "\\ud800"}',
    "too deep": b"[" * 100_000,
    "deep and closed": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "a number without end": b'{"nps": ' + b"9" * 500_000 + b"}",
    "not a number": b'{"nps": NaN}',
    "too large": b'{"email": "' + b"x" * 10_000_000 + b'"}',
}
STRANGE = (
    None, [], "text", 1, True, {}, {"email": None}, {"email": {}, "password": {}}, {"email": "\x00", "password": "\x00"},
    {"service_id": "\x00" * 32, "start": "\x00"}, {"service_id": 1, "start": 1}, {"client_id": 10**400, "text": []},
    {"booking_id": [[]], "scores": [], "nps": 1e308, "solved": {}}, {"outcome": "\x00"}, {"outcome": None},
)  # fmt: skip


def assert_refused(answer, *statuses):
    assert answer.status_code in statuses or (not statuses and 400 <= answer.status_code < 500), answer.text[:300]
    assert {"code", "message"} <= answer.json.keys()
    assert answer.json["message"]


@pytest.mark.parametrize("path", WRITES)
def test_malformed_json_is_refused_as_such(house, path):
    for what, body in MALFORMED.items():
        answer = house.ada.send(path, body)
        assert_refused(answer, 404) if "payments" in path and answer.status_code == 404 else assert_refused(
            answer, 413 if what == "too large" else 400
        )


@pytest.mark.parametrize("path", WRITES)
def test_json_of_a_strange_shape_is_refused(house, path):
    for body in STRANGE:
        assert_refused(house.ada.send(path, json.dumps(body).encode()))


@pytest.mark.parametrize("path", [path for path in WRITES if "payments" not in path])
def test_anything_but_json_is_refused(house, path):
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None):
        assert_refused(house.ada.send(path, b'{"a": 1}', content_type), 415)


def test_every_wrong_field_is_named_with_a_sentence(house):
    answer = house.ada.post("/bookings", {"service_id": "7", "start": "soon", "brief": "x" * 4_001, "gateway": 5})
    assert_refused(answer, 400)
    assert answer.json["code"] == "invalid"
    assert answer.json["fields"].keys() == {"service_id", "start", "brief", "gateway"}
    assert all(answer.json["fields"].values())


def test_unknown_names_are_ignored(house):
    body = {"service_id": house.service_id, "start": house.free(), "colour": "green", "a": [{}]}
    assert house.ada.post("/bookings", body).status_code == 201


def test_text_that_cannot_be_stored_is_refused_by_name(house):
    body = {"service_id": house.service_id, "start": house.free(), "brief": "a\x00b"}
    answer = house.ada.post("/bookings", body)
    assert_refused(answer, 400)
    assert answer.json["fields"].keys() == {"brief"}


def test_ids_that_cannot_be_are_not_found(house):
    for name in ("1", "x" * 32, "%00", "%F0%9F%A6%8A", new_id()[:-1], "0" * 33, new_id().upper()):
        for path in (
            f"/bookings/{name}",
            f"/bookings/{name}/timeline",
            f"/payments/{name}",
            f"/conversations/{name}/messages",
        ):
            assert_refused(
                house.ada.http.get(f"/api/v1{path}", headers={"Authorization": f"Bearer {house.ada.token}"}), 404
            )


def test_page_marks_and_limits_that_are_not_ours_are_refused(house):
    for path in ("/bookings", "/me/ledger"):
        for cursor in ("x", "!!!", "AAAA", "%", "é", "x" * 500, "\x00"):
            assert_refused(house.ada.get(path, cursor=cursor), 400)
        for told in ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00 " + NOBODY, "soon " + NOBODY, NOBODY):
            assert_refused(house.ada.get(path, cursor=pagination.cursor_of(told)), 400)
        for limit in ("0", "101", "-1", "1.5", "many", "9" * 5_000, "\x00", "１"):
            assert_refused(house.ada.get(path, limit=limit), 400)


def test_an_unknown_address_or_method_is_refused_in_the_same_form(house):
    assert_refused(house.ada.get("/nothing/here"), 404)
    refused = house.ada.http.delete("/api/v1/bookings")
    assert_refused(refused, 405)
    assert {"GET", "POST"} <= set(refused.headers["Allow"].split(", "))


def test_strange_tokens_are_nobodys(house):
    for scheme in ("Bearer", "Bearer ", "Bearer \xff", "Bearer " + "x" * 10_000, "bearer a b c"):
        assert_refused(house.visitor.http.get("/api/v1/me", headers={"Authorization": scheme}), 401)
