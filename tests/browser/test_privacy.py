"""Someone takes their data along and has themselves erased, in real windows: of all they typed nothing is left anywhere."""

from __future__ import annotations

import json
import time
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import make, mongodb
from tests.browser.rooms import serving
from tests.browser.windows import Opened, lapse, look, prove, windows
from tests.leftovers import MARKER, everywhere
from zhixun.features.booking import actions as bookings
from zhixun.features.messaging import actions as messaging
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, utc_now

WAIT_SECONDS_MAX = 30
EMAIL = f"{MARKER.lower()}@example.com"
FILE = {"name": f"{MARKER} file.txt", "mimeType": "text/plain", "buffer": f"{MARKER} inside".encode()}


@dataclass(frozen=True)
class People:
    url: str
    mongo: str
    ada: Actor
    grace: make.ConsultantMade
    pia: Actor
    done: str
    ahead: str
    talk: str


@pytest.fixture
def people(db_url: str, tmp_path: Path) -> Iterator[People]:
    """Ada's last session is settled and another is ahead; Pia looks after privacy. What people do lies in a MongoDB."""
    with mongodb.server() as server:
        mongo, now = f"{server}/t_{uuid.uuid4().hex[:12]}", utc_now()
        with serving(db_url, tmp_path, mongodb=mongo) as url:
            with unit_of_work(now=now - timedelta(days=5)) as uow:
                ada = make.person(uow, f"{MARKER} Ada", email=EMAIL, language="en")
                grace = make.consultant(uow, hours=make.AROUND_THE_CLOCK)
                pia = make.operator(uow, "Pia", role="privacy_officer")
                done = make.completed_booking(uow, client=ada, consultant=grace)
            with unit_of_work(now=now - timedelta(days=2)) as uow:
                bookings.release_money(uow, booking_id=done)
            with unit_of_work() as uow:
                start = make.slot(uow, grace, after=now + timedelta(days=3))
                ahead = make.paid_booking(uow, client=ada, consultant=grace, start=start)
                talk = messaging.open_conversation(uow, client_id=ada.user_id, consultant_id=grace.id)
            yield People(url, mongo, ada, grace, pia, done, ahead, talk)


@pytest.fixture
def opened(chromium: Browser, people: People) -> Iterator[Opened]:
    with windows(chromium, people.url) as found:
        yield found


def sign_in(page: Page) -> None:
    page.goto("/en/sign-in")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password", exact=True).fill(make.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def live(page: Page, people: People) -> None:
    """Leave the marker wherever a client can type something."""
    page.goto("/en/me/profile")
    page.get_by_role("button", name="Agree to it").click()
    page.goto(f"/en/consultants?q={MARKER}+search")
    page.goto(f"/en/sessions/{people.ahead}")
    page.locator("#brief").fill(f"{MARKER} brief")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#brief")).to_have_value(f"{MARKER} brief")
    page.goto(f"/en/messages/{people.talk}")
    page.set_input_files("#files", [FILE])
    page.locator("#text").fill(f"{MARKER} message")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".bub--file")).to_contain_text(f"{MARKER} file.txt")
    page.goto(f"/en/sessions/{people.done}/feedback")
    for name in ("accuracy", "clarity", "actionable", "boundaries", "punctual"):
        page.locator(f"label:has(input[name={name}][value='4'])").click()
    page.locator("label:has(input[name=nps][value='9'])").click()
    page.locator("label:has(input[name=solved][value=yes])").click()
    page.locator("#words").fill(f"{MARKER} feedback")
    page.get_by_label("Show my words as a review").check()
    page.locator("form.fb button.btn--primary").click()
    page.goto("/en/assistant")
    page.locator("#question").fill(f"{MARKER} question")
    page.locator("[data-ask] button").click()
    expect(page.locator("#talk .ans")).to_contain_text("I don’t know")
    page.locator("#note").fill(f"{MARKER} note")
    page.get_by_role("button", name="Hand over to a person").click()


def note_down(page: Page, people: People) -> None:
    """What the consultant keeps of the client is the client's too."""
    page.goto(f"/en/pro/clients/{people.ada.user_id}")
    page.get_by_label("New note").fill(f"{MARKER} own note")
    page.get_by_role("button", name="Save the note").click()
    expect(page.locator("#notes")).to_contain_text(f"{MARKER} own note")


def settle(page: Page, people: People) -> None:
    """A session ahead holds an erasure up; once it is cancelled and the money back, nothing does."""
    page.goto("/en/me/data")
    expect(page.locator("main")).to_contain_text("A session is still to come.")
    look(page, "privacy-not-yet")
    page.goto(f"/en/sessions/{people.ahead}/cancellation")
    page.get_by_role("button", name="Cancel and return ¥480.00").click()
    until = time.monotonic() + WAIT_SECONDS_MAX
    page.goto("/en/me/data")
    while page.locator(".note--warn").count() and time.monotonic() < until:
        page.wait_for_timeout(300)
        page.reload()


def copied(page: Page, where: Path) -> str:
    """The copy of everything, once it is clear who asks for it."""
    lapse()
    page.goto("/en/me/data")
    look(page, "privacy-data")
    page.get_by_role("button", name="Download my data").click()
    prove(page)
    expect(page.get_by_text("It is you. Press once more, and the copy comes.")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download my data").click()
    download.value.save_as(where)
    return json.dumps(json.loads(zipfile.ZipFile(where).read("data.json")), ensure_ascii=False)


def erase(page: Page) -> None:
    lapse()
    page.goto("/en/me/data")
    page.get_by_role("button", name="Erase me for good").click()
    expect(page.get_by_text("Please tick this, so that nobody is erased by a slip.")).to_be_visible()
    page.get_by_label("Yes, erase me").check()
    page.get_by_role("button", name="Erase me for good").click()
    prove(page)
    expect(page.get_by_role("heading", name="You have been erased")).to_be_visible()
    expect(page.locator("main")).to_contain_text("at least until the end of")
    look(page, "privacy-erased")
    sign_in(page)
    expect(page.get_by_text("The address or the password is not right.")).to_be_visible()


def left_after_a_while(db_url: str, folder: Path, mongo: str) -> list[str]:
    until = time.monotonic() + WAIT_SECONDS_MAX
    while (left := everywhere(db_url, folder, mongo)) and time.monotonic() < until:
        time.sleep(0.5)
    return left


def test_who_is_erased_takes_a_copy_along_and_leaves_nothing_behind(
    people: People,
    opened: Opened,
    db_url: str,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    page, consultant = opened(phone=True), opened(people.grace.actor)
    sign_in(page)
    page.wait_for_url("**/en/")
    live(page, people)
    note_down(consultant, people)
    settle(page, people)
    before = everywhere(db_url, tmp_path, people.mongo)
    assert any("accounts_users" in line for line in before), "the test would notice"
    assert any(line.startswith("mongodb:") and "search" in line for line in before), "the test would notice"
    told = copied(page, tmp_path_factory.mktemp("taken") / "taken.zip")
    for part in ("brief", "message", "feedback", "question", "note"):
        assert f"{MARKER} {part}" in told, part
    erase(page)
    assert left_after_a_while(db_url, tmp_path, people.mongo) == []
    assert MARKER.lower() not in f"{caplog.text}{''.join(capfd.readouterr())}".lower()
    consultant.goto(f"/en/messages/{people.talk}")
    expect(consultant.locator("main")).to_contain_text("Erased together with the account it came from.")
    officer = opened(people.pia)
    officer.goto("/en/ops/erasures")
    line = officer.locator("tbody tr", has_text=people.ada.user_id)
    expect(line).to_contain_text("Nothing is left")
    expect(line).to_contain_text("themselves")
    line.locator("summary").first.click()
    look(officer, "privacy-officer")
    officer.goto("/en/ops/audit")
    expect(officer.locator("tbody tr", has_text="person_erased")).to_contain_text("Someone who left")
