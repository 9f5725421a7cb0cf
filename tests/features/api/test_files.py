"""Files of a conversation by programs: sent as a form, once, and fetched as they are by the two alone."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest

from tests.features.messaging.test_files import MP3, PDF, webm
from zhixun.features.messaging.rules import conversation_id_of
from zhixun.kernel.ports import RealtimeHub
from zhixun.kernel.services import service
from zhixun.kernel.values import new_id


@pytest.fixture
def talk(house: Any) -> str:
    house.confirmed()
    return f"/api/v1/conversations/{conversation_id_of(house.ada_id, house.grace_id)}"


def send(house: Any, program: Any, talk: str, *files: tuple[bytes, str], **form: str) -> Any:
    token = {"Authorization": f"Bearer {program.token}"} if program.token else {}
    data = {**form, "files": [(BytesIO(one), name) for one, name in files]}
    return house.app.test_client().post(f"{talk}/files", data=data, headers=token, content_type="multipart/form-data")


def fetch(house: Any, program: Any, address: str) -> Any:
    return house.app.test_client().get(address, headers={"Authorization": f"Bearer {program.token}"})


def test_a_file_is_sent_once_and_fetched_by_the_two(house, talk):
    heard: list[Any] = []
    end = service(RealtimeHub).subscribe(f"user:{house.grace_id}", heard.append)
    sent = [send(house, house.ada, talk, (PDF, "协议.pdf"), client_id="a", text="请看") for _ in range(2)]
    end()
    assert [one.status_code for one in sent] == [201, 201]
    assert sent[0].json == sent[1].json
    assert {frame["seq"] for frame in heard if frame["type"] == "message"} == {1}
    [told] = sent[0].json["files"]
    assert (sent[0].json["text"], told["name"], told["seconds"]) == ("请看", "协议.pdf", 0)
    for who in (house.ada, house.grace):
        got = fetch(house, who, f"{talk}/files/{told['id']}")
        assert (got.status_code, got.data, got.mimetype) == (200, PDF, "application/pdf")
        assert got.headers["Content-Disposition"].startswith("attachment")
    for where in (f"{talk}/files/{told['id']}", f"{talk}/files/{new_id()}", f"{talk}/files/nonsense"):
        assert fetch(house, house.bob, where).json["code"] == "not_found"


def test_a_recording_with_its_length_is_a_voice_note(house, talk):
    sent = send(house, house.ada, talk, (webm(7.2), "note.webm"), client_id="a", seconds="9")
    assert (sent.status_code, sent.json["files"][0]["seconds"], sent.json["text"]) == (201, 7, "")


@pytest.mark.parametrize(
    ("files", "form", "status", "fields"),
    [
        ([], {"client_id": "a"}, 400, ["files"]),
        ([(PDF, "a.pdf")], {}, 400, ["client_id"]),
        ([(PDF, "a.pdf")], {"client_id": "a b"}, 400, ["client_id"]),
        ([(PDF, "a.pdf")], {"client_id": "a", "text": "x" * 4_001}, 400, ["text"]),
        ([(b"<svg/>", "a.svg")], {"client_id": "a"}, 400, ["files"]),
        ([(PDF, "a.pdf")] * 6, {"client_id": "a"}, 400, ["files"]),
        ([(MP3, "a.mp3")], {"client_id": "a", "seconds": "61"}, 400, ["files"]),
        ([(MP3, "a.mp3")], {"client_id": "a", "seconds": "soon"}, 400, ["seconds"]),
    ],
)
def test_what_cannot_be_sent_is_refused_by_name_and_nothing_is_kept(house, talk, files, form, status, fields):
    refused = send(house, house.ada, talk, *files, **form)
    assert (refused.status_code, list(refused.json["fields"])) == (status, fields)
    assert house.ada.get(talk.removeprefix("/api/v1") + "/messages").json["items"] == []


def test_files_go_into_ones_own_conversation_and_only_as_a_form(house, talk):
    assert send(house, house.bob, talk, (PDF, "a.pdf"), client_id="a").status_code == 404
    assert send(house, house.visitor, talk, (PDF, "a.pdf"), client_id="a").status_code in (401, 403)
    assert house.ada.post(talk.removeprefix("/api/v1") + "/files", {"client_id": "a"}).status_code == 415
    nowhere = "/api/v1/conversations/nonsense"
    assert send(house, house.ada, nowhere, (PDF, "a.pdf"), client_id="a").status_code == 404
