"""Files in a conversation: known by what is in them, sealed, seen by two, and gone when taken back."""

from __future__ import annotations

import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import select

from tests import make
from tests.visitor import Visitor, house, statements, words
from zhixun.events.messaging import FileRemoved
from zhixun.features.messaging import actions, handlers, queries
from zhixun.features.messaging.models import MessageFile
from zhixun.features.messaging.rules import files as file_rules
from zhixun.features.messaging.rules.files import FILE_BYTES_MAX, FileRefused, checked, clean_name
from zhixun.features.messaging.rules.voice import webm_seconds
from zhixun.kernel import vault
from zhixun.kernel.ports import BlobStore
from zhixun.kernel.services import service
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, new_id

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer<<>>\n%%EOF"
HIDDEN = b"31.2304 N, 121.4737 E"


def picture(kind: str = "JPEG", size: tuple[int, int] = (40, 20), mode: str = "RGB", **more: object) -> bytes:
    out = BytesIO()
    Image.new(mode, size, "red").save(out, kind, **more)
    return out.getvalue()


def with_a_place() -> bytes:
    exif = Image.Exif()
    exif[0x010E] = HIDDEN.decode()
    exif[0x0112] = 6  # lies on its side
    return picture(exif=exif.tobytes())


def office(*names: str) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name in names:
            packed.writestr(name, "x")
    return out.getvalue()


def element(name: bytes, body: bytes, size: bytes = b"") -> bytes:
    return name + (size or (0x10000000 | len(body)).to_bytes(4, "big")) + body


def webm(seconds: float, codec: bytes = b"A_OPUS") -> bytes:
    """A recording as a browser writes it: no length in its head, sizes not known, blocks with their times."""
    head = element(b"\x1aE\xdf\xa3", element(b"B\x82", b"webm")) + b"\x18S\x80g\x01" + b"\xff" * 7
    tracks = element(b"\x16T\xaek", element(b"\xae", element(b"\x86", codec)))
    found = head + tracks
    for begins in range(0, int(seconds * 1_000) + 1, 10_000):
        last = min(int(seconds * 1_000) - begins, 9_990)
        found += b"\x1fC\xb6u\x01" + b"\xff" * 7 + element(b"\xe7", begins.to_bytes(4, "big"))
        found += element(b"\xa3", b"\x81" + last.to_bytes(2, "big") + b"\x80opus")
    return found


def mp4(*kinds: bytes) -> bytes:
    tracks = b"".join(b"\x00\x00\x00\x20hdlr" + bytes(8) + kind + bytes(12) for kind in kinds)
    return b"\x00\x00\x00\x18ftypisom" + bytes(8) + tracks


OGG = b"OggS" + bytes(24) + b"OpusHead" + bytes(20)
MP3 = b"ID3\x04" + bytes(40)
WORD = office("[Content_Types].xml", "word/document.xml")


@pytest.mark.parametrize(
    ("name", "data", "kept", "media_type"),
    [
        ("协议.pdf", PDF, "协议.pdf", "application/pdf"),
        ("photo.exe", picture(), "photo.exe.jpg", "image/jpeg"),
        ("shot.png", picture("PNG", mode="RGBA"), "shot.png", "image/png"),
        ("moving.gif", picture("GIF", mode="P"), "moving.gif.jpg", "image/jpeg"),
        ("new.webp", picture("WEBP"), "new.webp.jpg", "image/jpeg"),
        ("contract.docx", WORD, "contract.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("notes.md", "第一行\n第二行".encode(), "notes.md", "text/plain"),
        ("../../etc/passwd", b"root", "passwd.txt", "text/plain"),
        ("..\\up\\a:b*.txt", b"hello", "ab.txt", "text/plain"),
        ("voice-note.webm", webm(7.2), "voice-note.webm", "audio/webm"),
        ("说明.mp3", webm(7.2), "说明.mp3.webm", "audio/webm"),
        ("safari", mp4(b"soun"), "safari.m4a", "audio/mp4"),
        ("a.opus", OGG, "a.opus", "audio/ogg"),
        ("a.mp3", MP3, "a.mp3", "audio/mpeg"),
    ],
)  # fmt: skip
def test_a_file_is_known_by_what_is_in_it(name, data, kept, media_type):
    found = checked(name, data)
    assert (found.name, found.media_type) == (kept, media_type)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("page.html", b"<!doctype html><script>alert(1)</script>"),
        ("picture.svg", b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
        ("picture.png", b"  <svg onload=alert(1)>"),
        ("page.txt", b"\xef\xbb\xbf\n<html>"),
        ("program.pdf", b"MZ\x90\x00\x03"),
        ("letters.zip", office("a.txt")),
        ("macro.docx", office("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin")),
        ("broken.docx", b"PK\x03\x04 and no more"),
        ("broken.jpg", picture()[:200]),
        ("bytes.txt", b"\x00\x01\x02"),
        ("empty.txt", b""),
        ("large.txt", b"a" * (FILE_BYTES_MAX + 1)),
        ("film.webm", webm(7.2, b"A_OPUS V_VP9")),
        ("film.mp4", mp4(b"soun", b"vide")),
        ("nothing.m4a", mp4()),
        ("other.ogg", b"OggS" + bytes(24) + b"\x80theora" + bytes(20)),
        ("bomb.png", picture("PNG", (8_000, 8_000), "1")),
    ],
)
def test_what_a_browser_would_run_or_nobody_can_open_is_refused(name, data):
    with pytest.raises(FileRefused):
        checked(name, data)


def test_a_picture_tells_nothing_but_itself_and_stands_upright():
    data = with_a_place()
    assert HIDDEN in data
    found = checked("photo.jpg", data + b"<script>alert(1)</script>")
    assert HIDDEN not in found.data
    assert b"script" not in found.data
    assert (found.width, found.height) == (20, 40)
    assert max(Image.open(BytesIO(checked("large.jpg", picture(size=(5_000, 1_000))).data)).size) == 3_000


@pytest.mark.parametrize("name", ["a" * 500 + ".pdf", "", ".", "..pdf", "\u202egnp.pdf", "a/b/c.PDF"])
def test_a_name_is_short_and_harmless_and_ends_as_its_content_does(name):
    kept = clean_name(name, "application/pdf")
    assert len(kept) <= 120
    assert kept.lower().endswith(".pdf")
    assert "/" not in kept
    assert kept.isprintable()


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    return house(db_url, tmp_path)


@pytest.fixture
def talk(app: Flask) -> tuple[Actor, Actor, str]:
    with unit_of_work() as uow:
        ada, grace = make.client(uow), make.consultant(uow)
        return ada, grace.actor, actions.open_conversation(uow, client_id=ada.user_id, consultant_id=grace.id)


def sent(visitor: Visitor, conversation: str, *files: tuple[bytes, str], text: str = "", key: str = "") -> int:
    form = {"text": text, "client_id": key or new_id(), "files": [(BytesIO(data), name) for data, name in files]}
    return visitor.post(f"/messages/{conversation}", **form).status_code


def rows() -> list[MessageFile]:
    with Session() as db:
        return list(db.scalars(select(MessageFile).order_by(MessageFile.position)))


def test_both_see_the_files_of_a_message_and_nobody_else_does(app, talk):
    ada, grace, conversation = talk
    with unit_of_work() as uow:
        others = [make.client(uow, "Bob"), make.operator(uow)]
    assert sent(Visitor(app, ada), conversation, (PDF, "协议.pdf"), (picture(), "photo.jpg"), text="看一下") == 303
    pdf, photo = (f"/messages/{conversation}/files/{row.id}" for row in rows())
    for who in (ada, grace):
        page = Visitor(app, who).get(f"/messages/{conversation}")
        assert "协议.pdf" in words(page)
        assert f'src="{photo}"' in page.text
        assert statements(page) <= 12
        got = Visitor(app, who).get(pdf)
        assert got.data == PDF
        assert got.mimetype == "application/pdf"
        assert got.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''%E5%8D%8F")
        assert got.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in got.headers["Content-Security-Policy"]
        assert Visitor(app, who).get(photo).headers["Content-Disposition"].startswith("inline")
    for who in others:
        assert Visitor(app, who).get(pdf).status_code == 404
    assert Visitor(app).get(pdf).status_code == 303
    assert Visitor(app, ada).get(f"/messages/{conversation}/files/{new_id()}").status_code == 404


def test_nothing_on_the_disk_can_be_read_without_the_keys(app, talk, tmp_path):
    ada, _, conversation = talk
    sent(Visitor(app, ada), conversation, (PDF, "协议.pdf"))
    kept = [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]
    assert kept
    assert all(b"PDF" not in path.read_bytes() for path in kept)


def test_erasing_the_sender_leaves_nothing_to_open(app, talk):
    ada, grace, conversation = talk
    sent(Visitor(app, ada), conversation, (PDF, "协议.pdf"))
    with unit_of_work() as uow:
        vault.destroy_key(uow.db, ada.user_id, uow.now)
    assert Visitor(app, grace).get(f"/messages/{conversation}/files/{rows()[0].id}").status_code == 404


def test_sent_twice_is_sent_once(app, talk):
    ada, grace, conversation = talk
    for _ in range(2):
        assert sent(Visitor(app, ada), conversation, (PDF, "协议.pdf"), key="twice") == 303
    with Session() as db:
        [line] = queries.messages(db, conversation, grace)
    assert [one.name for one in line.files] == ["协议.pdf"]
    assert queries.message_frame(line)["files"][0]["url"] == f"/messages/{conversation}/files/{line.files[0].id}"


def test_a_refused_file_is_said_and_what_was_typed_is_kept(app, talk):
    ada, _, conversation = talk
    form = {"text": "看一下", "files": [(BytesIO(b"<svg/>"), "picture.svg")]}
    page = Visitor(app, ada, english=True).post(f"/messages/{conversation}", **form)
    assert page.status_code == 400
    assert "We take pictures, sound (WebM" in words(page)
    assert "看一下</textarea>" in page.text
    many = {"text": "", "files": [(BytesIO(PDF), f"{n}.pdf") for n in range(6)]}
    assert "at most 5 files" in words(Visitor(app, ada, english=True).post(f"/messages/{conversation}", **many))
    assert rows() == []


def test_more_than_25_mb_are_not_even_read(app, talk):
    ada, _, conversation = talk
    assert sent(Visitor(app, ada), conversation, *[(b"a" * 9_000_000, f"{n}.txt") for n in range(3)]) == 413


def test_files_go_into_ones_own_conversations_only(app, talk, tmp_path):
    _, _, conversation = talk
    with unit_of_work() as uow:
        bob = make.client(uow, "Bob")
    assert sent(Visitor(app, bob), conversation, (PDF, "a.pdf")) == 404
    assert not [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]


def test_the_sender_takes_a_file_back_and_it_is_gone(app, talk):
    ada, grace, conversation = talk
    sent(Visitor(app, ada), conversation, (PDF, "协议.pdf"), text="看一下")
    file_id = rows()[0].id
    where = f"/messages/{conversation}/files/{file_id}"
    assert Visitor(app, grace).post(f"{where}/removal").status_code == 404
    for _ in range(2):
        assert Visitor(app, ada).post(f"{where}/removal").status_code == 303
    assert Visitor(app, grace).get(where).status_code == 404
    page = words(Visitor(app, grace, english=True).get(f"/messages/{conversation}"))
    assert "This file was taken back." in page
    assert "协议.pdf" not in page
    for _ in range(2):
        handlers.forget_file(FileRemoved(file_id=file_id, conversation_id=conversation))
    assert service(BlobStore).get(file_id) is None


def test_a_voice_note_has_its_length_and_a_player_and_goes_like_any_file(app, talk):
    ada, grace, conversation = talk
    form = {"text": "", "client_id": "note", "seconds": "3", "files": [(BytesIO(webm(7.2)), "voice-note.webm")]}
    assert Visitor(app, ada).post(f"/messages/{conversation}", **form).status_code == 303
    [row] = rows()
    assert (row.media_type, row.seconds) == ("audio/webm", 7), "by its own clock, not by what was said of it"
    where = f"/messages/{conversation}/files/{row.id}"
    page = Visitor(app, grace, english=True).get(f"/messages/{conversation}")
    assert "Voice note 0:07" in words(page)
    assert 'aria-label="Voice note from Ada, 7 seconds"' in page.text
    assert f'<audio controls preload="none" src="/en{where}"' in page.text
    whole = Visitor(app, grace).get(where)
    assert (whole.data, whole.headers["Accept-Ranges"]) == (webm(7.2), "bytes")
    part = Visitor(app, grace)._http.get(where, headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.data) == (206, b"\x1aE\xdf\xa3")
    with Session() as db:
        assert queries.message_frame(queries.messages(db, conversation, grace)[0])["files"][0]["seconds"] == 7
    assert Visitor(app, ada).post(f"{where}/removal").status_code == 303
    assert Visitor(app, grace).get(where).status_code == 404


def test_a_recording_without_a_clock_has_the_length_its_sender_measured(app, talk):
    ada, _, conversation = talk
    form = {"text": "", "seconds": "12", "files": [(BytesIO(mp4(b"soun")), "voice-note.m4a")]}
    assert Visitor(app, ada).post(f"/messages/{conversation}", **form).status_code == 303
    assert sent(Visitor(app, ada), conversation, (MP3, "long.mp3")) == 303, "without a length it is a file"
    assert [row.seconds for row in rows()] == [12, 0]
    assert "long.mp3" in words(Visitor(app, ada).get(f"/messages/{conversation}"))


@pytest.mark.parametrize(
    ("seconds", "files", "sentence"),
    [
        ("5", [(PDF, "a.pdf")], "one recording and nothing else"),
        ("5", [(MP3, "a.mp3"), (MP3, "b.mp3")], "one recording and nothing else"),
        ("5", [], "one recording and nothing else"),
        ("61", [(MP3, "a.mp3")], "at most one minute"),
        ("0", [(MP3, "a.mp3")], ""),
        ("-3", [(MP3, "a.mp3")], "at most one minute"),
        ("x", [(MP3, "a.mp3")], "at most one minute"),
        ("5", [(webm(64), "a.webm")], "at most one minute"),
        ("5", [(MP3 + bytes(2_000_000), "a.mp3")], "at most one minute"),
    ],
)
def test_a_voice_note_is_one_recording_of_at_most_a_minute(app, talk, seconds, files, sentence):
    ada, _, conversation = talk
    form = {"text": "", "seconds": seconds, "files": [(BytesIO(data), name) for data, name in files]}
    answer = Visitor(app, ada, english=True).post(f"/messages/{conversation}", **form)
    assert (answer.status_code, sentence in words(answer)) == (400 if sentence else 303, True)
    assert len(rows()) == (0 if sentence else 1)


@pytest.mark.parametrize(
    "data", [b"", webm(3)[:40], b"\x1aE\xdf\xa3webm" + b"\xff" * 50, b"\x00" * 30, webm(3) + b"\x00"]
)
def test_a_broken_recording_has_no_length_or_its_own(data):
    assert webm_seconds(data) in (None, 3.0)


def test_the_pages_script_is_answered_in_its_own_form(app, talk):
    ada, _, conversation = talk
    visitor = Visitor(app, ada)
    with visitor._http.session_transaction() as session:
        session["csrf_token"] = "0" * 40
    asked = {"Accept": "application/json"}
    form = {"csrf_token": visitor._token, "client_id": new_id(), "files": [(BytesIO(PDF), "a.pdf")]}
    assert visitor._http.post(f"/messages/{conversation}", data=form, headers=asked).get_json()["seq"] == 1
    form = {"csrf_token": visitor._token, "client_id": new_id(), "files": [(BytesIO(b"<svg/>"), "a.svg")]}
    refused = visitor._http.post(f"/messages/{conversation}", data=form, headers=asked)
    assert refused.status_code == 400
    assert refused.get_json()["code"] == "file_refused"


def test_one_picture_is_drawn_at_a_time_however_many_are_sent(monkeypatch):
    drawn, at_once, counting = file_rules._made_smaller, [], threading.Lock()

    def watched(picture):
        assert counting.acquire(blocking=False), "another is being drawn"
        try:
            at_once.append(picture)
            return drawn(picture)
        finally:
            counting.release()

    monkeypatch.setattr(file_rules, "_made_smaller", watched)
    with ThreadPoolExecutor(6) as several:
        found = list(several.map(lambda number: checked(f"{number}.png", picture("PNG", (900, 900))), range(6)))
    assert (len(at_once), {one.media_type for one in found}) == (6, {"image/png"})
