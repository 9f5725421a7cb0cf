"""A second factor is good once, by its owner, in time, and nobody may guess at it for long."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pyotp
import pytest
import sqlalchemy as sa

from tests import make
from tests.authenticator import Authenticator
from zhixun.features.accounts import actions, queries, rules
from zhixun.features.accounts.actions import (
    AppExists,
    NoFactor,
    PasskeyKnown,
    TooManyPasskeys,
    TooManyTries,
    WrongCode,
    WrongPasskey,
)
from zhixun.features.accounts.models import App, Challenge, Passkey, RecoveryCode, SignIn
from zhixun.features.accounts.rules import Place
from zhixun.kernel import audit
from zhixun.kernel.errors import Invalid, NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor

NOW = make.NOW
PLACE = Place("localhost", "http://localhost:8000")


class Clock:
    now = NOW


@pytest.fixture(autouse=True)
def clock(db_url, monkeypatch):
    monkeypatch.setattr("zhixun.kernel.unit_of_work.utc_now", lambda: Clock.now)
    Clock.now = NOW
    return Clock


def signed_in(name: str = "Ada") -> tuple[Actor, str]:
    with unit_of_work() as uow:
        person = make.person(uow, name)
        return person, actions.sign_in(uow, user_id=person.user_id).token


def code_at(secret: str, at) -> str:
    return pyotp.TOTP(secret).at(int(at.timestamp()))


def with_app(name: str = "Ada") -> tuple[Actor, str, str, tuple[str, ...]]:
    """Someone with a confirmed app: (who, sign-in token, the app's secret, recovery codes)."""
    ada, token = signed_in(name)
    with unit_of_work(ada) as uow:
        actions.begin_app(uow)
        secret = queries.app_to_confirm(uow.db, ada.user_id)
    codes = actions.confirm_app(ada, token=token, code=code_at(secret, Clock.now))
    Clock.now += timedelta(seconds=30)
    return ada, token, secret, codes


def with_passkey(name: str = "Ada", **more) -> tuple[Actor, str, Authenticator]:
    ada, token = signed_in(name)
    key = Authenticator(**more)
    add(ada, token, key)
    return ada, token, key


def add(who: Actor, token: str, key: Authenticator, name: str = "My phone") -> tuple[str, ...]:
    with unit_of_work(who) as uow:
        options = json.loads(actions.registration_options(uow, token=token, place=PLACE))
    return actions.add_passkey(who, token=token, place=PLACE, credential=key.make(options), name=name)


def asked(holder: str, purpose="sign_in", user_id: str = "") -> dict:
    with unit_of_work() as uow:
        return json.loads(actions.passkey_options(uow, holder=holder, purpose=purpose, place=PLACE, user_id=user_id))


def test_the_secret_is_sealed_and_counts_only_once_its_first_code_was_seen():
    ada, token = signed_in()
    with unit_of_work(ada) as uow:
        actions.begin_app(uow)
        secret = queries.app_to_confirm(uow.db, ada.user_id)
        assert not queries.has_second_factor(uow.db, ada.user_id)
        assert secret.encode() not in uow.db.scalar(sa.select(App.secret))
    with pytest.raises(WrongCode):
        actions.check_code(user_id=ada.user_id, code=code_at(secret, NOW))
    with pytest.raises(WrongCode):
        actions.confirm_app(ada, token=token, code="000000")
    codes = actions.confirm_app(ada, token=token, code=f" {code_at(secret, NOW)[:3]} {code_at(secret, NOW)[3:]} ")
    assert len(set(codes)) == rules.RECOVERY_CODES
    assert actions.confirm_app(ada, token=token, code="000000") == (), "confirmed already"
    with unit_of_work(ada) as uow:
        assert queries.app_to_confirm(uow.db, ada.user_id) is None, "never shown again"
        assert queries.actor_of_token(uow.db, token, uow.now).second_factor
        with pytest.raises(AppExists):
            actions.begin_app(uow)


def test_a_code_is_good_once_and_codes_before_it_are_not():
    ada, _, secret, _ = with_app()
    earlier, now = code_at(secret, Clock.now - timedelta(seconds=30)), code_at(secret, Clock.now)
    actions.check_code(user_id=ada.user_id, code=now)
    for code in (now, earlier):
        with pytest.raises(WrongCode):
            actions.check_code(user_id=ada.user_id, code=code)
    actions.check_code(user_id=ada.user_id, code=code_at(secret, Clock.now + timedelta(seconds=30)))


@pytest.mark.parametrize("late", [-90, -60, 60, 90, 3600])
def test_a_code_of_another_time_is_refused(late):
    ada, _, secret, _ = with_app()
    with pytest.raises(WrongCode):
        actions.check_code(user_id=ada.user_id, code=code_at(secret, Clock.now + timedelta(seconds=late)))


@pytest.mark.parametrize("nonsense", ["", "12345", "1234567", "abcdef", "①②③④⑤⑥x", "x" * 5_000, "\x00", "०१२३४५"])
def test_what_is_no_code_is_refused(nonsense):
    ada, *_ = with_app()
    with pytest.raises(WrongCode):
        actions.check_code(user_id=ada.user_id, code=nonsense)


def test_full_width_digits_are_digits():
    ada, _, secret, _ = with_app()
    wide = "".join(chr(ord(c) + 0xFEE0) for c in code_at(secret, Clock.now))
    actions.check_code(user_id=ada.user_id, code=wide)


def test_of_the_same_code_sent_many_times_at_once_one_is_taken():
    ada, _, secret, _ = with_app()
    code = code_at(secret, Clock.now)

    def attempt(_):
        try:
            actions.check_code(user_id=ada.user_id, code=code)
        except (WrongCode, TooManyTries):
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(attempt, range(6))) == 1


def test_who_guesses_has_to_wait_even_with_the_right_code():
    ada, _, secret, codes = with_app()
    for _ in range(rules.TRIES_MAX):
        with pytest.raises(WrongCode):
            actions.check_code(user_id=ada.user_id, code="000000")
    for right in (code_at(secret, Clock.now), codes[0]):
        with pytest.raises(TooManyTries) as refused:
            actions.check_code(user_id=ada.user_id, code=right)
    assert 0 < refused.value.extra["retry_after_seconds"] <= 901
    Clock.now += rules.TRIES_WINDOW + timedelta(seconds=31)
    actions.check_code(user_id=ada.user_id, code=code_at(secret, Clock.now))


def test_a_recovery_code_is_good_once_for_its_owner_and_kept_only_as_a_keyed_hash():
    ada, _, _, codes = with_app()
    bob, *_ = with_app("Bob")
    with pytest.raises(WrongCode):
        actions.check_code(user_id=bob.user_id, code=codes[0])
    actions.check_code(user_id=ada.user_id, code=codes[0].upper().replace("-", " "))
    with pytest.raises(WrongCode):
        actions.check_code(user_id=ada.user_id, code=codes[0])
    with Session() as db:
        kept = db.scalars(sa.select(RecoveryCode.code_hash)).all()
        assert queries.factors_of(db, ada.user_id).codes_left == rules.RECOVERY_CODES - 1
    assert not {one for code in codes for one in (code, code.replace("-", ""))} & set(kept)


def test_new_recovery_codes_end_the_old_ones_and_need_a_factor():
    ada, _, _, old = with_app()
    with unit_of_work(ada) as uow:
        new = actions.make_codes(uow)
    with pytest.raises(WrongCode):
        actions.check_code(user_id=ada.user_id, code=old[1])
    actions.check_code(user_id=ada.user_id, code=new[1])
    eve, _ = signed_in("Eve")
    with unit_of_work(eve) as uow, pytest.raises(NoFactor):
        actions.make_codes(uow)


def test_without_the_app_nothing_of_it_is_left_and_the_sign_in_is_plain_again():
    ada, token, secret, codes = with_app()
    for _ in range(2):
        with unit_of_work(ada) as uow:
            actions.remove_app(uow)
    with Session() as db:
        assert not queries.factors_of(db, ada.user_id)
        assert queries.factors_of(db, ada.user_id).codes_left == 0
        assert not queries.actor_of_token(db, token, Clock.now).second_factor
        deeds = [line.details.get("change") for line in audit.lines(db, subject_id=ada.user_id)]
    assert deeds == ["app_removed", "app_added"], "each once, newest first"
    for code in (code_at(secret, Clock.now), codes[0]):
        with pytest.raises(WrongCode):
            actions.check_code(user_id=ada.user_id, code=code)


def test_nobody_confirms_an_app_that_was_never_begun():
    ada, token = signed_in()
    with pytest.raises(NotFound):
        actions.confirm_app(ada, token=token, code="123456")


def test_proof_lasts_ten_minutes_and_belongs_to_one_sign_in():
    ada, token = signed_in()
    with unit_of_work() as uow:
        other = actions.sign_in(uow, user_id=ada.user_id).token
    Clock.now += rules.PROOF_LASTS
    with unit_of_work() as uow:
        assert not queries.actor_of_token(uow.db, token, uow.now).is_proved(uow.now)
        actions.prove(uow, token=token, by_factor=False)
        assert queries.actor_of_token(uow.db, token, uow.now).is_proved(uow.now)
        assert not queries.actor_of_token(uow.db, other, uow.now).is_proved(uow.now)
        assert not Actor("key").is_proved(uow.now), "a key has proved nothing"


def test_a_door_is_open_for_ten_minutes():
    ada, _ = signed_in()
    with unit_of_work() as uow:
        door = actions.open_door(uow, user_id=ada.user_id)
        assert queries.who_waits(uow.db, door, uow.now) == ada.user_id
        assert queries.who_waits(uow.db, door + "x", uow.now) is None
        assert queries.who_waits(uow.db, door, uow.now + rules.DOOR_LASTS) is None
        actions.close_door(uow, token=door)
        assert queries.who_waits(uow.db, door, uow.now) is None


def test_a_passkey_signs_in_alone_and_counts():
    ada, token, key = with_passkey()
    with Session() as db:
        assert queries.actor_of_token(db, token, Clock.now).second_factor
        assert queries.factors_of(db, ada.user_id).codes_left == rules.RECOVERY_CODES
    for _ in range(2):
        credential = key.sign(asked("a browser"))
        assert (
            actions.check_passkey(holder="a browser", purpose="sign_in", place=PLACE, credential=credential)
            == ada.user_id
        )
    with Session() as db:
        assert db.scalar(sa.select(Passkey.sign_count)) == 2


def refused(key: Authenticator, *, holder="h", purpose="sign_in", user_id="", options: dict | None = None) -> None:
    credential = key.sign(options or asked("h", user_id=user_id))
    with pytest.raises(WrongPasskey):
        actions.check_passkey(holder=holder, purpose=purpose, place=PLACE, credential=credential, user_id=user_id)


def test_a_challenge_answers_once_to_its_holder_for_its_purpose_in_time():
    _, _, key = with_passkey()
    options = asked("h")
    assert actions.check_passkey(holder="h", purpose="sign_in", place=PLACE, credential=key.sign(options))
    refused(key, options=options)
    refused(key, options=asked("h"), holder="somebody else")
    refused(key, options=asked("h"), purpose="proof")
    refused(key, options=asked("other"))
    late = asked("h")
    Clock.now += rules.CHALLENGE_LASTS
    refused(key, options=late)
    with unit_of_work() as uow:
        actions.forget_lapsed(uow)
        assert uow.db.scalar(sa.select(sa.func.count()).select_from(Challenge)) == 0


def test_a_failed_answer_uses_its_challenge_up():
    _, _, key = with_passkey()
    options = asked("h")
    refused(Authenticator(), options=options)
    refused(key, options=options)


def test_a_strangers_passkey_a_copy_another_site_and_a_locked_device_are_refused():
    ada, _, key = with_passkey()
    _, _, other = with_passkey("Bob")
    refused(other, user_id=ada.user_id)
    refused(Authenticator())
    refused(Authenticator(id=key.id, key=other.key, count=9))
    refused(Authenticator(id=key.id, key=key.key, origin="https://evil.example", count=9))
    refused(Authenticator(id=key.id, key=key.key, rp_id="evil.example", count=9))
    refused(Authenticator(id=key.id, key=key.key, unlocked=False, count=9))
    credential = key.sign(asked("h"))
    actions.check_passkey(holder="h", purpose="sign_in", place=PLACE, credential=credential)
    refused(Authenticator(id=key.id, key=key.key, count=0))


def test_beside_a_password_a_device_that_was_not_unlocked_will_do():
    ada, _, key = with_passkey(unlocked=False)
    options = asked("door", "door", ada.user_id)
    assert [one["id"] for one in options["allowCredentials"]]
    assert actions.check_passkey(
        holder="door", purpose="door", place=PLACE, credential=key.sign(options), user_id=ada.user_id
    )


@pytest.mark.parametrize(
    "nonsense",
    ["", "null", "[]", "{}", '{"id": 1}', '{"id": "é"}', '{"id":"\\u0000"}', "x" * 30_000, '{"id":"AA"}', "[" * 9_000],
)
def test_what_no_browser_says_is_refused(nonsense):
    ada, token, _ = with_passkey()
    asked("h")
    with pytest.raises(WrongPasskey):
        actions.check_passkey(holder="h", purpose="sign_in", place=PLACE, credential=nonsense)
    with unit_of_work(ada) as uow:
        actions.registration_options(uow, token=token, place=PLACE)
    with pytest.raises(WrongPasskey):
        actions.add_passkey(ada, token=token, place=PLACE, credential=nonsense, name="x")


def test_a_passkey_is_made_by_the_sign_in_that_asked_for_it_and_once():
    ada, token, key = with_passkey()
    eve, hers = signed_in("Eve")
    with unit_of_work(ada) as uow:
        options = json.loads(actions.registration_options(uow, token=token, place=PLACE))
    assert [one["id"] for one in options["excludeCredentials"]], "the device says that it has one already"
    fresh = Authenticator()
    with pytest.raises(WrongPasskey):
        actions.add_passkey(eve, token=hers, place=PLACE, credential=fresh.make(options), name="x")
    with pytest.raises(PasskeyKnown):
        add(eve, hers, key)
    with pytest.raises(Invalid):
        add(ada, token, fresh, name=" \n")


def test_ten_passkeys_are_enough_and_each_is_removed_by_its_owner_alone():
    ada, token, _ = with_passkey()
    for number in range(rules.PASSKEYS_MAX - 1):
        assert add(ada, token, Authenticator(), f"key {number}") == (), "recovery codes come once"
    with pytest.raises(TooManyPasskeys):
        add(ada, token, Authenticator())
    eve, _ = signed_in("Eve")
    with Session() as db:
        lines = queries.factors_of(db, ada.user_id).passkeys
    with unit_of_work(eve) as uow:
        actions.remove_passkey(uow, passkey_id=lines[0].id)
    with Session() as db:
        assert len(queries.factors_of(db, ada.user_id).passkeys) == rules.PASSKEYS_MAX
    with unit_of_work(ada) as uow:
        for line in lines:
            actions.remove_passkey(uow, passkey_id=line.id)
    with Session() as db:
        assert (bool(queries.factors_of(db, ada.user_id)), queries.factors_of(db, ada.user_id).codes_left) == (False, 0)


def test_a_new_factor_cuts_short_what_old_tokens_of_programs_may_do():
    ada, token = signed_in()
    with unit_of_work() as uow:
        program = actions.sign_in(uow, user_id=ada.user_id, kind="api").token
        assert queries.actor_of_token(uow.db, program, uow.now).is_proved(uow.now + timedelta(days=6))
    add(ada, token, Authenticator())
    with Session() as db:
        assert db.scalar(sa.select(sa.func.max(SignIn.proved_until))) <= Clock.now + rules.PROOF_LASTS


@pytest.mark.parametrize(
    ("address", "rp_id", "origin"),
    [
        ("https://consult.example.com", "consult.example.com", "https://consult.example.com"),
        ("https://consult.example.com:8443/", "consult.example.com", "https://consult.example.com:8443"),
        ("https://consult.example.com:443", "consult.example.com", "https://consult.example.com"),
        ("http://127.0.0.1:8000", "localhost", "http://localhost:8000"),
        ("http://[::1]:8000", "localhost", "http://localhost:8000"),
    ],
)
def test_passkeys_belong_to_the_public_address(address, rp_id, origin):
    assert rules.place_of(address) == Place(rp_id, origin)
