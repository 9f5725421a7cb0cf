"""Files in a conversation: known by what is in them, sealed, seen by two, and gone when taken back."""

from __future__ import annotations

import zipfile
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
from zhixun.features.messaging.rules.files import FILE_BYTES_MAX, FileRefused, checked, clean_name
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
    assert "We take pictures, PDF" in words(page)
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
