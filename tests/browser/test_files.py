"""Pictures and files in a conversation, through the page's script and without it."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from tests.browser.axe import violations
from tests.browser.conftest import kept_picture
from tests.browser.rooms import Room, come_in, opened

PDF = {"name": "协议.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 and so on"}


@pytest.fixture
def room(db_url: str, tmp_path: Path) -> Iterator[Room]:
    with opened(db_url, tmp_path) as found:
        yield found


def picture() -> dict[str, object]:
    out = BytesIO()
    Image.new("RGB", (640, 400), "#075f4c").save(out, "PNG")
    return {"name": "截图.png", "mimeType": "image/png", "buffer": out.getvalue()}


def test_a_picture_and_a_file_reach_the_other_live_and_can_be_taken_back(chromium: Browser, room: Room) -> None:
    ada, grace = come_in(chromium, room, room.ada), come_in(chromium, room, room.grace)
    ada.set_input_files("#files", [picture(), PDF])
    assert "截图.png" in ada.inner_text("[data-chosen]")
    ada.fill("#text", "请看")
    ada.press("#text", "Enter")
    grace.wait_for_selector(".msg--them >> text=请看")
    expect(grace.locator(".bub--shot img")).to_have_js_property("naturalWidth", 640)
    ada.wait_for_selector(".msg--me .bub--file >> text=协议.pdf")
    assert ada.input_value("#text") == ""
    assert violations(grace) == violations(ada) == []
    kept_picture(grace, "room-files")
    with grace.expect_download() as download:
        grace.click(".bub--file")
    assert Path(download.value.path()).read_bytes() == PDF["buffer"]
    ada.click("[aria-label='撤回 协议.pdf']")
    grace.wait_for_selector("text=文件已撤回")
    assert grace.locator(".bub--file").count() == 0
    grace.reload()
    grace.wait_for_selector("text=文件已撤回")


def test_what_may_not_be_sent_is_said_before_anything_is_lost(chromium: Browser, room: Room) -> None:
    ada = come_in(chromium, room, room.ada)
    ada.fill("#text", "还在")
    ada.set_input_files("#files", [{"name": "a.html", "mimeType": "text/html", "buffer": b"<html>"}])
    ada.press("#text", "Enter")
    ada.wait_for_selector("[data-refused]:not([hidden]) >> text=可以发送图片")
    assert ada.input_value("#text") == "还在"
    ada.set_input_files("#files", [PDF] * 6)
    ada.wait_for_selector("[data-refused]:not([hidden]) >> text=最多 5 个文件")
