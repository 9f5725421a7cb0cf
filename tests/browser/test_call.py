"""Two people in a video call, each in a browser of their own; and what happens without a camera."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests import make
from tests.browser.axe import violations
from tests.browser.conftest import FLAGS, kept_picture, program
from tests.browser.rooms import come_in, opened
from tests.web.live_server import token_of
from zhixun.features.messaging import actions as messaging
from zhixun.kernel.unit_of_work import unit_of_work

SECONDS_MAX = 280
ALONE = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--net", "--map-root-user"]
NEEDED = {"turnserver": "coturn", "unshare": "util-linux"}


@pytest.fixture
def refusing(chromium: Browser) -> Iterator[Browser]:
    """A browser with a camera and a microphone that it does not let any page use."""
    flags = [*FLAGS, "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream=deny"]
    browser = chromium.browser_type.launch(executable_path=program(), args=flags)
    yield browser
    browser.close()


def test_who_may_not_use_the_camera_is_told_what_to_do_and_goes_on_in_writing(
    refusing: Browser, db_url: str, tmp_path: Path
) -> None:
    with opened(db_url, tmp_path, begun=True) as room:
        ada, grace = come_in(refusing, room, room.ada), come_in(refusing, room, room.grace)
        ada.click("text=加入视频")
        ada.wait_for_selector("[data-call-said] >> text=浏览器没有获准使用摄像头和麦克风")
        assert violations(ada) == []
        kept_picture(ada, "call-denied")
        ada.fill("#text", "我们先打字")
        ada.press("#text", "Enter")
        grace.wait_for_selector("text=我们先打字")
        ada.goto(f"{room.url}/sessions/{room.booking}/devices")
        ada.click("text=开始测试")
        ada.wait_for_selector("[data-refused]:not([hidden]) >> text=浏览器没有获准使用你的设备")
        assert violations(ada) == []


@pytest.fixture
def tools(chromium: Browser) -> None:
    for name, package in NEEDED.items():
        if shutil.which(name) is None:
            missing = f"{name} is missing: apt-get install {package}"
            if os.environ.get("CI"):
                pytest.fail(missing)
            pytest.skip(missing)


def test_two_people_see_and_hear_each_other_through_the_relay(db_url: str, open_path: Path, tools: None) -> None:
    with unit_of_work() as uow:
        ada, grace = (
            make.client(uow),
            make.consultant(uow, hours=make.AROUND_THE_CLOCK, service={"interval_minutes": 5}),
        )
        booking = make.paid_booking(uow, client=ada, consultant=grace)
        messaging.open_conversation(uow, client_id=ada.user_id, consultant_id=grace.id)
    asked = {
        "database": db_url, "folder": str(open_path), "booking": booking,
        "tokens": [token_of(ada), token_of(grace.actor)],
    }  # fmt: skip
    ran = subprocess.run(
        [*ALONE, sys.executable, "-m", "tests.browser.call_in_namespace"],
        input=json.dumps(asked), capture_output=True, text=True, timeout=SECONDS_MAX, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-4_000:]
    seen = json.loads(ran.stdout.splitlines()[-1])  # above it is what the house logged
    assert seen["devices"] == {"picture": True, "axe": []}
    assert seen["ada"]["way"] == seen["grace"]["way"] == seen["back"] == ["relay", "relay"]
    assert seen["picture"]
    assert seen["light_off"]
    assert seen["axe_before"] == seen["axe_call"] == []
    assert "Both on the line for" in seen["attendance"]
    print(f"connected {seen['connected_seconds']} s after the second had joined")
