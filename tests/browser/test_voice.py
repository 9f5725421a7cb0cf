"""A voice note: recorded in one browser, heard in the other, taken back; and what is said where there is no microphone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.axe import violations
from tests.browser.conftest import FLAGS, kept_picture, program
from tests.browser.rooms import Room, come_in, opened

FAKE = ("--use-fake-device-for-media-stream", "--autoplay-policy=no-user-gesture-required")


@pytest.fixture
def room(db_url: str, tmp_path: Path) -> Iterator[Room]:
    with opened(db_url, tmp_path) as found:
        yield found


def launched(chromium: Browser, *flags: str) -> Browser:
    return chromium.browser_type.launch(executable_path=program(), args=[*FLAGS, *FAKE, *flags])


def test_a_voice_note_is_recorded_heard_and_taken_back(chromium: Browser, room: Room) -> None:
    browser = launched(chromium, "--use-fake-ui-for-media-stream")
    ada, grace = come_in(browser, room, room.ada), come_in(browser, room, room.grace)
    ada.click("[aria-label='录一段语音']")
    ada.wait_for_selector("[data-voice-said] >> text=正在录音")
    expect(ada.locator("[data-voice-time]")).to_have_text("0:02")
    assert violations(ada) == []
    kept_picture(ada, "voice-recording")
    ada.click("[data-voice-send]")
    player = grace.locator(".heard audio")
    player.wait_for()
    shown = re.fullmatch(r"语音 0:(\d\d)", grace.locator(".heard figcaption").inner_text().strip())
    assert shown
    length = player.evaluate(
        "async one => { one.currentTime = 1e9; await one.play(); await new Promise(end => { one.onended = end; }); return one.currentTime; }"
    )
    assert abs(length - int(shown[1])) < 1.2
    assert length > 1.5
    assert violations(grace) == violations(ada) == []
    kept_picture(grace, "voice-heard")
    ada.reload()
    ada.wait_for_selector(".heard >> text=语音")
    ada.click("[aria-label^='撤回 voice-note']")
    grace.wait_for_selector("text=文件已撤回")
    assert grace.locator("audio").count() == 0
    browser.close()


def test_what_was_recorded_can_be_discarded(chromium: Browser, room: Room) -> None:
    browser = launched(chromium, "--use-fake-ui-for-media-stream")
    ada = come_in(browser, room, room.ada)
    ada.click("[aria-label='录一段语音']")
    expect(ada.locator("[data-voice-time]")).to_have_text("0:01")
    ada.click("[data-voice-drop]")
    expect(ada.locator("[data-voice-box]")).to_be_hidden()
    assert ada.locator(".msg").count() == 0
    browser.close()


def test_without_a_microphone_it_is_said_and_a_recording_goes_as_a_file(chromium: Browser, room: Room) -> None:
    browser = launched(chromium, "--use-fake-ui-for-media-stream=deny")
    ada, grace = come_in(browser, room, room.ada), come_in(browser, room, room.grace)
    ada.click("[aria-label='录一段语音']")
    ada.wait_for_selector("[data-refused]:not([hidden]) >> text=用不了麦克风")
    ada.set_input_files("#files", [{"name": "备忘.mp3", "mimeType": "audio/mpeg", "buffer": b"ID3\x04" + bytes(400)}])
    ada.press("#text", "Enter")
    grace.wait_for_selector(".heard >> text=备忘.mp3")
    browser.close()
