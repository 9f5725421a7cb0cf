"""A second factor in real windows: an app’s codes, a passkey in a device, and the question before money leaves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, CDPSession, Page, expect

from tests import make
from tests.browser.rooms import serving
from tests.browser.windows import Opened, look, windows
from zhixun.features.accounts.models import App, SignIn
from zhixun.features.booking import actions as bookings
from zhixun.features.booking import queries as booking_queries
from zhixun.features.payouts import actions as payouts
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import SYSTEM, Actor, new_id

DEVICES = pytest.mark.parametrize("phone", [True, False], ids=["phone", "desktop"])


@pytest.fixture
def url(db_url: str, tmp_path: Path) -> Iterator[str]:
    """Under its name: passkeys know no numbers."""
    with serving(db_url, tmp_path) as address:
        yield address.replace("127.0.0.1", "localhost")


@pytest.fixture
def opened(chromium: Browser, url: str) -> Iterator[Opened]:
    with windows(chromium, url) as opened:
        yield opened


def look_apart(page: Page, name: str) -> None:
    """The same in a page of its own: where axe has looked, Chromium asks its virtual authenticator no more."""
    other = page.context.new_page()
    other.goto(page.url)
    look(other, name)
    other.close()


def sign_in(page: Page, name: str) -> None:
    page.goto("/en/sign-in")
    page.get_by_label("E-mail").fill(f"{name.lower()}@example.com")
    page.get_by_label("Password", exact=True).fill(make.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda where: not where.endswith("/sign-in"))


def sign_out(page: Page) -> None:
    page.context.clear_cookies(name="zhixun_sign_in")


def time_passes(*, codes: bool = False) -> None:
    """Nobody has shown who they are for an hour; codes seen so far are of long ago."""
    with unit_of_work() as uow:
        uow.db.execute(sa.update(SignIn).values(proved_until=uow.now - timedelta(hours=1)))
        if codes:
            uow.db.execute(sa.update(App).values(last_step=0))


def device_with_passkeys(page: Page) -> CDPSession:
    """Chromium's own virtual authenticator, with a finger that is always right."""
    debugger = page.context.new_cdp_session(page)
    debugger.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    debugger.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return debugger


@DEVICES
def test_an_app_is_set_up_from_its_picture_and_opens_the_door(url: str, opened: Opened, phone: bool) -> None:
    with unit_of_work() as uow:
        make.client(uow)
    page = opened(phone=phone)
    sign_in(page, "Ada")
    time_passes()
    page.goto("/en/me/security")
    look(page, "safety-none")
    page.get_by_role("button", name="Set up Authenticator app").click()
    expect(page.get_by_role("heading", name="Is it you?")).to_be_visible()
    look(page, "safety-proof")
    page.get_by_label("Your password").fill(make.PASSWORD)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("img", name=re.compile("QR code"))).to_be_visible()
    look(page, "safety-app")
    secret = page.locator(".keys__t").inner_text().replace(" ", "")
    page.get_by_label("Six digits").fill("000000")
    page.get_by_role("button", name="Turn it on").click()
    look(page, "safety-app-wrong")
    page.get_by_label("Six digits").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Turn it on").click()
    expect(page.locator(".codes code")).to_have_count(10)
    look(page, "safety-codes")
    spare = page.locator(".codes code").first.inner_text()
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("10 left of ten")).to_be_visible()
    look(page, "safety-on")
    time_passes(codes=True)
    sign_out(page)
    sign_in(page, "Ada")
    look(page, "safety-second")
    page.get_by_label("Code of your authenticator app").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/en/")
    plain = opened(phone=phone, scripts=False)
    sign_in(plain, "Ada")
    plain.get_by_label("Code of your authenticator app").fill(spare)
    plain.get_by_role("button", name="Sign in", exact=True).click()
    plain.goto("/en/me/security")
    expect(plain.get_by_text("9 left of ten")).to_be_visible()


@DEVICES
def test_a_passkey_is_made_signs_in_alone_and_stands_beside_the_password(url: str, opened: Opened, phone: bool) -> None:
    with unit_of_work() as uow:
        make.client(uow)
    page = opened(phone=phone)
    device_with_passkeys(page)
    sign_in(page, "Ada")
    page.goto("/en/me/security")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("What should it be called?").fill("My phone")
    look_apart(page, "safety-passkey")
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.locator(".codes code")).to_have_count(10)
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("My phone").first).to_be_visible()
    look_apart(page, "safety-passkey-kept")
    page.goto("/en/me/security/passkey")
    page.get_by_label("What should it be called?").fill("Again")
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_text("This device has a passkey here already.")).to_be_visible()
    sign_out(page)
    page.goto("/en/sign-in")
    look_apart(page, "safety-door")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/en/")
    sign_out(page)
    sign_in(page, "Ada")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/en/")
    time_passes()
    page.goto("/en/me/security")
    page.get_by_role("button", name="Make new ones").click()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.locator(".codes code")).to_have_count(10)


def test_without_a_script_passkeys_say_so_and_elsewhere_they_say_where(url: str, opened: Opened) -> None:
    with unit_of_work() as uow:
        make.client(uow)
    plain = opened(scripts=False)
    sign_in(plain, "Ada")
    plain.goto("/en/me/security/passkey")
    expect(plain.get_by_text("Passkeys need JavaScript")).to_be_visible()
    expect(plain.get_by_role("button", name="Make the passkey")).to_be_hidden()
    page = opened()
    page.goto(f"{url.replace('localhost', '127.0.0.1')}/en/sign-in")
    expect(page.get_by_text(f"Passkeys work at {url} only")).to_be_visible()
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_disabled()


def run_waiting() -> str:
    """A payout run that Fay proposed, and that Olga may approve."""
    with unit_of_work() as uow:
        make.operator(uow)
        fay: Actor = make.operator(uow, "Fay", role="finance")
        ada, grace = make.client(uow), make.consultant(uow)
        booking = make.paid_booking(uow, client=ada, consultant=grace)
    with unit_of_work() as uow:
        begins = booking_queries.booking(uow.db, booking, SYSTEM, uow.now).starts_at
        ends = begins + timedelta(minutes=60)
        for who in (ada, grace.actor):
            bookings.join_session(make.acting(uow, who, now=begins), booking_id=booking)
        bookings.complete_session(make.acting(uow, grace.actor, now=ends), booking_id=booking)
        bookings.release_money(make.acting(uow, SYSTEM, now=ends + timedelta(days=3)), booking_id=booking)
    run_id = new_id()
    with unit_of_work(fay) as uow:
        payouts.propose_run(uow, run_id=run_id)
    return run_id


@DEVICES
def test_money_leaves_only_after_its_approver_has_shown_who_they_are(url: str, opened: Opened, phone: bool) -> None:
    run_id = run_waiting()
    page = opened(phone=phone)
    sign_in(page, "Olga")
    expect(page.get_by_text("A password alone opens this desk")).to_be_visible()
    look(page, "safety-desk")
    time_passes()
    page.goto(f"/en/ops/payouts/{run_id}")
    page.get_by_role("button", name=re.compile("Approve and pay")).click()
    look(page, "safety-payout-proof")
    page.get_by_label("Your password").fill("not this one at all")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("The address or the password is not right.")).to_be_visible()
    page.get_by_label("Your password").fill(make.PASSWORD)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("Approved. The bank file is ready.")).to_be_visible()
    page.wait_for_url(f"**/en/ops/payouts/{run_id}")
