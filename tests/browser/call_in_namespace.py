"""A video call of two browsers through a relay, in a network that has nothing but itself.

Run by test_call.py as `unshare --net python -m tests.browser.call_in_namespace`, with what it needs as JSON on the
standard input; says what it saw as JSON. Nothing of it can leave the machine, and nothing but the relay can carry it.
"""

from __future__ import annotations

import fcntl
import json
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.axe import violations
from tests.browser.conftest import FLAGS, kept_picture, program
from tests.conftest import KEYS
from zhixun import asgi
from zhixun.settings import Settings
from zhixun.web.security import COOKIE

RELAY_PORT, SECRET = 34780, "only for this test"
CALL_FLAGS = [
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", "--allow-loopback-in-peer-connection",
    "--autoplay-policy=no-user-gesture-required", "--auto-select-desktop-capture-source=Entire screen",
]  # fmt: skip
PATIENCE_MS = 60_000
STATS = """async () => {
  const pc = document.querySelector('[data-call-stage]').call.pc, found = {}, all = await pc.getStats();
  all.forEach(one => {
    if (one.type === 'inbound-rtp') found[one.kind] = one.packetsReceived;
    const pair = one.type === 'transport' && all.get(one.selectedCandidatePairId);
    if (pair) found.way = [all.get(pair.localCandidateId).candidateType, all.get(pair.remoteCandidateId).candidateType];
  });
  return found;
}"""
HEARS = f"async () => {{ const found = await ({STATS})(); return found.way && found.audio > 20 && found.video > 20; }}"


def main() -> int:
    asked = json.load(sys.stdin)
    _raise_loopback()
    folder = Path(asked["folder"])
    with _relay(folder), _house(asked["database"], folder) as url, sync_playwright() as playwright:
        browsers = [playwright.chromium.launch(executable_path=program(), args=FLAGS + CALL_FLAGS) for _ in range(2)]
        ada, grace = (
            _window(browser, url, token) for browser, token in zip(browsers, asked["tokens"], strict=True)
        )  # fmt: skip
        print(json.dumps(_walk(ada, grace, f"{url}/en/sessions/{asked['booking']}")))
    return 0


def _walk(ada: Page, grace: Page, session: str) -> dict[str, Any]:
    seen: dict[str, Any] = {"devices": _try_devices(ada, f"{session}/devices")}
    for page in (ada, grace):
        page.goto(f"{session}/room")
        page.wait_for_selector("[data-line]:not([hidden])", state="attached")
    grace.click("text=Start the session")
    for page in (ada, grace):
        page.wait_for_selector(".stage--running")
        page.wait_for_selector("[data-line]:not([hidden])", state="attached")
    seen["axe_before"] = violations(ada)
    kept_picture(ada, "call-before")
    ada.click("text=Join with video")
    ada.wait_for_selector("[data-call-stage]:not([hidden])")
    grace.wait_for_selector("text=is in the call and waits for you")
    began = time.monotonic()
    grace.click("text=Join with video")
    for page in (ada, grace):
        page.wait_for_selector("[data-call-stage][data-state=connected].is-seen")
    seen["connected_seconds"] = round(time.monotonic() - began, 2)
    for page in (ada, grace):
        page.wait_for_function(HEARS)
    seen["ada"], seen["grace"] = ada.evaluate(STATS), grace.evaluate(STATS)
    seen["axe_call"] = violations(ada)
    kept_picture(ada, "call")
    seen["picture"] = ada.evaluate("document.querySelector('[data-remote]').videoWidth > 0")
    _use_controls(ada, grace, seen)
    _come_back(ada, grace, seen)
    ada.fill("#text", "said during the call")
    ada.press("#text", "Enter")
    grace.wait_for_selector("text=said during the call")
    grace.click("[data-ctl=leave]")
    ada.wait_for_selector("text=has left the call")
    grace.click("[data-open=endit]")
    grace.click("dialog .btn--danger")
    ada.wait_for_selector(".stage--completed")
    ada.goto(session)
    seen["attendance"] = " ".join(ada.locator("section:has(#s-there)").inner_text().split())
    kept_picture(ada, "call-attendance")
    return seen


def _try_devices(page: Page, address: str) -> dict[str, Any]:
    page.goto(address)
    page.click("text=Start the test")
    page.wait_for_selector("[data-way=relay]")
    page.wait_for_selector("text=We hear you.")
    page.click("text=Play a sound")
    kept_picture(page, "call-devices")
    return {
        "picture": page.evaluate("document.querySelector('[data-preview]').videoWidth > 0"),
        "axe": violations(page),
    }


def _use_controls(ada: Page, grace: Page, seen: dict[str, Any]) -> None:
    ada.click("[data-ctl=mic]")
    grace.wait_for_selector("[data-call-stage].is-muted", state="attached")
    ada.click("[data-ctl=mic]")
    ada.click("[data-ctl=camera]")
    grace.wait_for_selector("[data-call-stage]:not(.is-seen)")
    seen["light_off"] = ada.evaluate("!document.querySelector('[data-call-stage]').call.tracks.camera")
    ada.click("[data-ctl=camera]")
    grace.wait_for_selector("[data-call-stage].is-seen")
    ada.click("[data-ctl=screen]")
    grace.wait_for_selector("[data-call-stage].is-screen", state="attached")
    ada.click("[data-ctl=screen]")
    grace.wait_for_selector("[data-call-stage]:not(.is-screen)", state="attached")


def _come_back(ada: Page, grace: Page, seen: dict[str, Any]) -> None:
    """Grace's browser is reloaded in the middle of the call; nobody presses anything."""
    before = ada.evaluate("document.querySelector('[data-call-stage]').call.peer")
    grace.reload()
    for page in (ada, grace):
        page.wait_for_function(
            "before => { const call = document.querySelector('[data-call-stage]').call;"
            " return call.pc?.connectionState === 'connected' && call.peer !== before; }",
            arg=before,
        )
        page.wait_for_function(HEARS)
    seen["back"] = grace.evaluate(STATS)["way"]


def _window(browser: Browser, url: str, token: str) -> Page:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, permissions=["camera", "microphone"])
    context.set_default_timeout(PATIENCE_MS)
    context.add_cookies([{"name": COOKIE, "value": token, "url": url}])
    page = context.new_page()
    page.on("pageerror", lambda error: print(error, file=sys.stderr))
    page.on("console", lambda said: print(said.text, file=sys.stderr))
    return page


@contextmanager
def _house(database: str, folder: Path) -> Iterator[str]:
    turn = (f"turn:127.0.0.1:{RELAY_PORT}?transport=udp",)
    settings = Settings(
        keys=KEYS, data_dir=folder, rate_limits=False, demo=True, turn_urls=turn, turn_secret=SECRET, turn_only=True
    )
    server = uvicorn.Server(uvicorn.Config(asgi.build(settings, database), host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://localhost:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(30)


@contextmanager
def _relay(folder: Path) -> Iterator[None]:
    running = subprocess.Popen(
        [
            "turnserver", "-n", "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1", f"--listening-port={RELAY_PORT}",
            "--min-port=50000", "--max-port=50100", "--allow-loopback-peers", "--no-cli", "--no-tls", "--no-dtls",
            "--no-multicast-peers", "--use-auth-secret", f"--static-auth-secret={SECRET}", "--realm=zhixun.test",
            "--fingerprint", f"--db={folder}/turndb", "--simple-log", f"--log-file={folder}/turn.log",
            f"--pidfile={folder}/turn.pid",
        ],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait_for(RELAY_PORT)
        yield
    finally:
        running.terminate()
        running.wait(10)


def _wait_for(port: int) -> None:
    for _ in range(200):
        with socket.socket() as knock:
            if knock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(port)


def _raise_loopback() -> None:
    """The new network's loopback is down; this is `ip link set lo up`."""
    get, put, up = 0x8913, 0x8914, 0x1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        (flags,) = struct.unpack("16xH", fcntl.ioctl(door, get, struct.pack("16sH14x", b"lo", 0))[:18])
        fcntl.ioctl(door, put, struct.pack("16sH14x", b"lo", flags | up))


if __name__ == "__main__":
    raise SystemExit(main())
