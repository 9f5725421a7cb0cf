"""The second factor and the second asking, as people and programs meet them: pages, the desk, REST."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from tests import make
from tests.authenticator import Authenticator
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.app import create_app
from zhixun.features.accounts import actions as accounts
from zhixun.features.accounts.models import App, SignIn
from zhixun.features.booking import actions as bookings
from zhixun.features.booking import queries as booking_queries
from zhixun.features.payouts import actions as payout_actions
from zhixun.features.payouts import queries as payouts
from zhixun.features.payouts.rules import RunState
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import SYSTEM, Actor, new_id
from zhixun.settings import Settings
from zhixun.web.security import COOKIE

DOOR = {"email": "ada@example.com", "password": make.PASSWORD}


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    return house(db_url, tmp_path)


@pytest.fixture
def ada(app: Flask) -> Actor:
    with unit_of_work() as uow:
        return make.client(uow)


def lapse(person: Actor) -> None:
    """It is long ago that they showed who they are."""
    with unit_of_work() as uow:
        long_ago = uow.now - timedelta(hours=1)
        uow.db.execute(sa.update(SignIn).where(SignIn.user_id == person.user_id).values(proved_until=long_ago))


def forget_codes() -> None:
    """As if the codes seen so far were of half a minute ago."""
    with unit_of_work() as uow:
        uow.db.execute(sa.update(App).values(last_step=0))


def secret_on(page: TestResponse) -> str:
    found = re.search(r'keys__t">([A-Z2-7 ]+)<', page.text)
    assert found
    return found[1].replace(" ", "")


def set_up(browser: Visitor) -> tuple[str, list[str]]:
    """(the app's secret, recovery codes), walked through as a person does."""
    page = browser.follow(browser.post("/me/security/app"))
    assert 'role="img"' in page.text
    assert "<svg" in page.text.partition("scan__q")[2]
    assert page.headers["Cache-Control"] == "no-store"
    secret = secret_on(page)
    shown = browser.post("/me/security/app/confirmation", code=pyotp.TOTP(secret).now())
    assert shown.headers["Cache-Control"] == "no-store"
    codes = re.findall(r"<code>([a-z0-9]{5}-[a-z0-9]{5})</code>", shown.text)
    assert len(codes) == 10
    forget_codes()
    return secret, codes


def cookie(browser: Visitor) -> str | None:
    found = browser._http.get_cookie(COOKIE)
    return found.value if found else None


def test_an_app_is_set_up_and_asked_for_after_the_password(app: Flask, ada: Actor) -> None:
    secret, codes = set_up(Visitor(app, ada, english=True))
    browser = Visitor(app, english=True)
    asked = browser.post("/sign-in", **DOOR, next="/en/me")
    assert asked.headers["Location"] == "/en/sign-in/second?next=/en/me"
    assert cookie(browser) is None, "a password alone signs nobody in"
    page = browser.get("/sign-in/second")
    assert ("Six digits" in words(page), statements(page) <= STATEMENTS_MAX) == (True, True)
    wrong = browser.post("/sign-in/second", code="000000")
    assert (wrong.status_code, "This code is not right" in words(wrong)) == (401, True)
    code = pyotp.TOTP(secret).now()
    done = browser.post("/sign-in/second", code=code, next="/en/me")
    assert (done.status_code, done.headers["Location"]) == (303, "/en/me")
    other = Visitor(app)
    other.post("/sign-in", **DOOR)
    assert other.post("/sign-in/second", code=code).status_code == 401, "good once"
    assert other.post("/sign-in/second", code=codes[3]).status_code == 303
    assert other.get("/me").status_code == 200
    other.post("/sign-out")
    other.post("/sign-in", **DOOR)
    assert other.post("/sign-in/second", code=codes[3]).status_code == 401


def test_nobody_gets_to_the_second_step_without_the_first(app: Flask, ada: Actor) -> None:
    secret, _ = set_up(Visitor(app, ada))
    stranger = Visitor(app)
    assert stranger.get("/sign-in/second").headers["Location"] == "/sign-in"
    assert stranger.post("/sign-in/second", code=pyotp.TOTP(secret).now()).headers["Location"] == "/sign-in"
    assert stranger._http.post("/sign-in/second/options").status_code == 400
    assert cookie(stranger) is None


def test_opening_an_account_twice_does_not_pass_by_the_second_factor(app: Flask, ada: Actor) -> None:
    set_up(Visitor(app, ada))
    browser = Visitor(app)
    sent = browser.post("/sign-up", **DOOR, name="Ada", terms="1")
    assert "/sign-in/second" in sent.headers["Location"]
    assert cookie(browser) is None


def test_guesses_at_the_door_are_slowed_down(app: Flask, ada: Actor) -> None:
    secret, _ = set_up(Visitor(app, ada))
    browser = Visitor(app, english=True)
    browser.post("/sign-in", **DOOR)
    for _ in range(8):
        browser.post("/sign-in/second", code="000000")
    slowed = browser.post("/sign-in/second", code=pyotp.TOTP(secret).now())
    assert (slowed.status_code, "Too many tries." in words(slowed)) == (429, True)
    assert int(slowed.headers["Retry-After"]) > 0


def options(browser: Visitor, path: str) -> dict:
    answer = browser.post(path)
    assert answer.mimetype == "application/json", answer.status
    return json.loads(answer.text)


def with_passkey(browser: Visitor) -> Authenticator:
    key = Authenticator()
    assert "Make the passkey" in words(browser.get("/me/security/passkey"))
    made = key.make(options(browser, "/me/security/passkey/options"))
    unnamed = browser.post("/me/security/passkey", credential=made, passkey_name=" ")
    assert unnamed.status_code == 400
    made = key.make(options(browser, "/me/security/passkey/options"))
    kept = browser.post("/me/security/passkey", credential=made, passkey_name="Ada’s phone")
    assert (kept.status_code, "Recovery codes" in words(kept)) == (200, True)
    return key


def test_a_passkey_opens_the_door_alone_or_after_the_password(app: Flask, ada: Actor) -> None:
    key = with_passkey(Visitor(app, ada, english=True))
    browser = Visitor(app)
    signed = key.sign(options(browser, "/sign-in/passkey/options"))
    assert Visitor(app).post("/sign-in/passkey", credential=signed).status_code == 401, "another browser’s challenge"
    signed = key.sign(options(browser, "/sign-in/passkey/options"))
    assert browser.post("/sign-in/passkey", credential=signed).status_code == 303
    assert browser.get("/me").status_code == 200
    assert Visitor(app).post("/sign-in/passkey", credential=signed).status_code == 401, "sent once more"
    again = Visitor(app)
    again.post("/sign-in", **DOOR)
    page = again.get("/sign-in/second")
    assert "pages/passkeys-" in page.text
    assert "nojs" in page.text, "a sentence for who has no script"
    signed = key.sign(options(again, "/sign-in/second/options"))
    assert again.post("/sign-in/second", credential=signed).status_code == 303
    assert again.get("/me").status_code == 200


def test_the_page_lists_what_there_is_and_removes_it(app: Flask, ada: Actor) -> None:
    browser = Visitor(app, ada, english=True)
    with_passkey(browser)
    page = browser.get("/me/security")
    assert "Ada’s phone" in words(page)
    assert "10 left of ten" in words(page).replace("  ", " ")
    assert statements(page) <= STATEMENTS_MAX
    passkey = re.search(r"/me/security/passkeys/([0-9a-f]{32})/removal", page.text)
    assert passkey
    with unit_of_work() as uow:
        eve = make.person(uow, "Eve")
    Visitor(app, eve).post(f"/me/security/passkeys/{passkey[1]}/removal")
    assert "Ada’s phone" in words(browser.get("/me/security"))
    browser.post(f"/me/security/passkeys/{passkey[1]}/removal")
    assert "Ada’s phone" not in words(browser.get("/me/security"))


GUARDED = (
    "/me/security/app", "/me/security/app/removal", "/me/security/codes", "/me/security/passkey",
    "/me/security/passkeys/x/removal", "/me/data/copy", "/me/keys", "/ops/payouts", "/ops/payouts/x/decision",
)  # fmt: skip


@pytest.mark.parametrize("path", [*GUARDED, "/me/data/erasure", "/ops/people/x"])
def test_what_cannot_be_taken_back_asks_once_more_and_does_nothing_meanwhile(app: Flask, path: str) -> None:
    with unit_of_work() as uow:
        olga = make.operator(uow)
    browser = Visitor(app, olga, english=True)
    lapse(olga)
    before = _counts()
    asked = browser.post(path, sure="yes", note="a & b")
    assert (asked.status_code, "Is it you?" in words(asked)) == (403, True)
    assert 'name="note" value="a &amp; b"' in asked.text, "what was sent is kept"
    assert f'name="proof_to" value="/en{path}"' in asked.text
    assert _counts() == before


def _counts() -> list[int]:
    with Session() as db:
        return [db.scalar(sa.text(f"SELECT count(*) FROM {one}")) or 0 for one in ("accounts_users", "accounts_apps", "api_keys", "audit_lines")]  # fmt: skip


def run_waiting() -> tuple[Actor, str]:
    """A payout run that Fay proposed, and Olga, who may approve it."""
    with unit_of_work() as uow:
        olga, fay = make.operator(uow), make.operator(uow, "Fay", role="finance")
        ada, grace = make.client(uow, "Cleo"), make.consultant(uow)
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
        payout_actions.propose_run(uow, run_id=run_id)
    return olga, run_id


def test_a_payout_is_approved_once_its_approver_has_shown_who_they_are(app: Flask) -> None:
    olga, run_id = run_waiting()
    browser = Visitor(app, olga, english=True)
    lapse(olga)
    path = f"/en/ops/payouts/{run_id}/decision"
    browser.post(path.removeprefix("/en"), decision="approve")
    kept = {"proof_to": path, "proof_kept": "yes", "decision": "approve"}
    wrong = browser.post("/me/proof", **kept, proof_password="not this one")
    assert wrong.status_code == 401
    assert 'name="decision" value="approve"' in wrong.text
    assert _state(run_id) is RunState.PROPOSED
    sent_on = browser.post("/me/proof", **kept, proof_password=make.PASSWORD)
    assert (sent_on.status_code, sent_on.headers["Location"]) == (307, path)
    assert browser.post(path.removeprefix("/en"), decision="approve").status_code == 303
    assert _state(run_id) is RunState.APPROVED
    lapse(olga)
    led = browser.get(f"/ops/payouts/{run_id}.csv")
    assert led.headers["Location"] == f"/en/me/proof?to=/ops/payouts/{run_id}.csv"
    page = browser.follow(led)
    assert f'name="proof_to" value="/en/ops/payouts/{run_id}.csv"' in page.text


def _state(run_id: str) -> RunState:
    with Session() as db:
        return payouts.run(db, run_id).state


def test_who_has_a_second_factor_proves_themselves_by_it_and_not_by_password(app: Flask, ada: Actor) -> None:
    browser = Visitor(app, ada, english=True)
    secret, _ = set_up(browser)
    lapse(ada)
    assert "proof_password" not in browser.get("/me/proof").text
    assert browser.post("/me/proof", proof_password=make.PASSWORD).status_code == 401
    done = browser.post("/me/proof", proof_code=pyotp.TOTP(secret).now(), proof_to="/en/me/data")
    assert (done.status_code, done.headers["Location"]) == (303, "/en/me/data")
    assert browser.post("/me/data/copy").mimetype == "application/zip"
    lapse(ada)
    assert browser.post("/me/data/copy").status_code == 403, "it does not last"


def test_a_passkey_proves_too_and_only_its_owners(app: Flask, ada: Actor) -> None:
    browser = Visitor(app, ada)
    key = with_passkey(Visitor(app, ada, english=True))
    with unit_of_work() as uow:
        bob = make.person(uow, "Bob")
    bobs = with_passkey(Visitor(app, bob, english=True))
    assert browser.post("/me/proof", credential=bobs.sign(options(browser, "/me/proof/options"))).status_code == 401
    assert browser.post("/me/proof", credential=key.sign(options(browser, "/me/proof/options"))).status_code == 303


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "/\\evil", "javascript:alert(1)"])
def test_nobody_is_led_out_of_the_house_by_it(app: Flask, ada: Actor, elsewhere: str) -> None:
    browser = Visitor(app, ada)
    assert 'name="proof_to" value="/me/security"' in browser.get(f"/me/proof?to={elsewhere}").text
    done = browser.post("/me/proof", proof_password=make.PASSWORD, proof_to=elsewhere)
    assert done.headers["Location"] == "/me/security"


def test_the_desk_is_told_that_a_password_alone_opens_it(app: Flask) -> None:
    with unit_of_work() as uow:
        olga = make.operator(uow)
    browser = Visitor(app, olga, english=True)
    assert "A password alone opens this desk" in words(browser.get("/ops"))
    set_up(browser)
    assert "A password alone opens this desk" not in words(browser.get("/ops"))


def test_a_house_may_keep_the_desk_shut_without_a_second_factor(db_url: str, tmp_path: Path) -> None:
    app = create_app(
        Settings(data_dir=tmp_path, secret_key="for tests only", rate_limits=False, desk_second_factor=True), db_url
    )
    with unit_of_work() as uow:
        olga, ada = make.operator(uow), make.client(uow)
        token = accounts.sign_in(uow, user_id=olga.user_id, kind="api").token
    browser = Visitor(app, olga, english=True)
    for path in ("/ops", "/ops/payouts", "/ops/people"):
        assert browser.get(path).headers["Location"] == "/en/me/security", path
    assert "The desk asks for a second factor" in words(browser.get("/me/security"))
    by_program = app.test_client().get("/api/v1/webhooks", headers={"Authorization": f"Bearer {token}"})
    assert by_program.status_code == 403
    elsewhere = Visitor(app, olga, english=True)
    secret, _ = set_up(browser)
    assert browser.get("/ops").status_code == 200
    led = elsewhere.get("/ops")
    assert led.headers["Location"] == "/en/me/proof?to=/ops", "signed in before: asked for it"
    elsewhere.post("/me/proof", proof_code=pyotp.TOTP(secret).now(), proof_to="/en/ops")
    assert elsewhere.get("/ops").status_code == 200
    assert Visitor(app, ada).get("/ops").status_code == 403


def test_programs_give_a_code_too_and_export_while_it_is_fresh(app: Flask, ada: Actor) -> None:
    http = app.test_client()
    before = http.post("/api/v1/tokens", json=DOOR).json["token"]
    secret, codes = set_up(Visitor(app, ada))
    refused = http.post("/api/v1/tokens", json=DOOR)
    assert (refused.status_code, refused.json["code"]) == (401, "wrong_code")
    made = http.post("/api/v1/tokens", json=DOOR | {"code": pyotp.TOTP(secret).now()}).json["token"]
    assert http.get("/api/v1/me/export", headers={"Authorization": f"Bearer {made}"}).status_code == 200
    lapse(ada)
    for token in (made, before):
        stale = http.get("/api/v1/me/export", headers={"Authorization": f"Bearer {token}"})
        assert (stale.status_code, stale.json["code"]) == (403, "proof_needed")
        assert http.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    erased = http.delete("/api/v1/me", json={"password": make.PASSWORD}, headers={"Authorization": f"Bearer {made}"})
    assert erased.status_code == 401
    sure = {"password": make.PASSWORD, "code": codes[0]}
    assert http.delete("/api/v1/me", json=sure, headers={"Authorization": f"Bearer {made}"}).status_code == 200
