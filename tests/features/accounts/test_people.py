"""Who is who: accounts, passwords, sign-ins, and how slowly one may guess."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests import make
from zhixun.features.accounts import actions, queries, rules
from zhixun.features.accounts.actions import EmailTaken, TooManyTries, WrongPassword, people
from zhixun.features.accounts.models import FailedTry, SignIn, User
from zhixun.kernel.errors import Invalid, NotFound
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import SYSTEM, Actor, new_id

NOW = make.NOW


class Clock:
    now = NOW


@pytest.fixture
def clock(db_url, monkeypatch):
    """The clock of units of work that nobody gave a time."""
    monkeypatch.setattr("zhixun.kernel.unit_of_work.utc_now", lambda: Clock.now)
    Clock.now = NOW
    return Clock


@pytest.fixture
def cheap(monkeypatch):
    """Passwords compared without hashing; every comparison is noted, so that equal work is seen."""
    compared = []

    def matches(password_hash, password):
        compared.append(password_hash)
        return password == make.PASSWORD and password_hash != people._hash_of_nobody

    monkeypatch.setattr(people, "_matches", matches)
    return compared


def ada(**more):
    with unit_of_work(now=NOW) as uow:
        return make.person(uow, "Ada", **more)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ada@example.com", "ada@example.com"),
        ("  Ada@EXAMPLE.com\n", "ada@example.com"),
        ("ada@xn--bcher-kva.example", "ada@bücher.example"),
        ("ada@BÜCHER.example", "ada@bücher.example"),
        ("ada+news@example.com", "ada+news@example.com"),
    ],
)
def test_an_address_has_one_form_however_it_is_typed(typed, kept):
    assert rules.clean_email(typed) == kept


@pytest.mark.parametrize(
    "wrong",
    ["", "ada", "ada@", "@example.com", "ada@@example.com", "ada @example.com", "ada@example..com", "a" * 300 + "@example.com",
     "ada@example.com\x00", "ada\ud800@example.com", "ada@example.com, bob@example.com", "<ada@example.com>"],
)  # fmt: skip
def test_what_is_no_address_is_refused(wrong):
    with pytest.raises(Invalid) as refused:
        rules.clean_email(wrong)
    assert "email" in refused.value.fields


@pytest.mark.parametrize("wrong", ["", "short", "x" * 9, "x" * 257, "x" * 5_000_000, "long enough \ud800"])
def test_a_password_has_ten_to_256_characters_that_can_be_written(wrong):
    with pytest.raises(Invalid) as refused:
        rules.check_password(wrong)
    assert "password" in refused.value.fields


def test_a_password_may_be_any_words_in_any_language():
    for fine in ("x" * 10, "x" * 256, "正确的马电池订书钉一二三", "  ten blanks  "):
        rules.check_password(fine)


def test_a_name_is_one_line_that_can_be_read():
    assert rules.clean_name("  Ada\n Lovelace\x00 ") == "Ada Lovelace"
    for wrong in ("", "   ", "\x00", "x" * 61):
        with pytest.raises(Invalid):
            rules.clean_name(wrong)


def test_zone_and_language_are_ones_we_know():
    assert rules.clean_zone("Asia/Shanghai") == "Asia/Shanghai"
    for wrong in ("", "Mars", "asia/shanghai"):
        with pytest.raises(Invalid):
            rules.clean_zone(wrong)
    with pytest.raises(Invalid):
        rules.clean_language("fr")


def test_an_address_has_one_account(db_url):
    ada()
    with pytest.raises(EmailTaken):
        ada(email=" ADA@example.com")
    with Session() as db:
        assert queries.people_count(db) == {"client": 1}


def test_two_who_sign_up_with_one_address_at_the_same_moment_make_one_account(db_url):
    make._hash_of_password()

    def sign_up(_):
        try:
            return ada(email="ada@example.com").user_id
        except EmailTaken:
            return None

    with ThreadPoolExecutor(6) as pool:
        assert len([one for one in pool.map(sign_up, range(6)) if one]) == 1


def test_the_same_account_twice_is_one_and_its_id_is_no_key_to_it(db_url):
    name = new_id()

    def sign_up(email):
        with unit_of_work(now=NOW) as uow:
            return actions.sign_up(uow, user_id=name, email=email, password_hash="x", name="Ada"), uow.facts

    assert len(sign_up("ada@example.com")[1]) == 1
    assert sign_up("ada@example.com") == (name, [])
    with pytest.raises(EmailTaken):
        sign_up("mallory@example.com")


def test_nobody_gives_themselves_a_role_that_does_not_exist(db_url):
    assert ada(roles=("client", "king")).user_id
    with Session() as db:
        assert queries.people_count(db) == {"client": 1}


def test_the_right_password_opens_and_the_hash_is_argon2id(db_url):
    person = ada()
    assert actions.check_credentials(email="ADA@example.com ", password=make.PASSWORD) == person.user_id
    with Session() as db:
        stored = db.get_one(User, person.user_id).password_hash
    assert stored.startswith("$argon2id$")
    assert make.PASSWORD not in stored
    for wrong in ("", "wrong password", make.PASSWORD + " ", "x" * 1_000_000, "\ud800" * 12):
        with pytest.raises(WrongPassword):
            actions.check_credentials(email="ada@example.com", password=wrong)


def test_an_unknown_address_costs_the_same_work_and_gets_the_same_answer(clock, cheap):
    ada()
    answers = []
    for email in ("ada@example.com", "nobody@example.com"):
        for _ in range(rules.TRIES_MAX + 1):
            with pytest.raises((WrongPassword, TooManyTries)) as refused:
                actions.check_credentials(email=email, password="wrong password")
            answers.append((type(refused.value), str(refused.value), refused.value.status))
    half = len(answers) // 2
    assert answers[:half] == answers[half:]
    assert answers[half - 1][0] is TooManyTries
    assert len(cheap) == 2 * rules.TRIES_MAX
    assert cheap[0].startswith("$argon2id$")
    assert cheap[-1] == people._hash_of_nobody


def test_after_eight_wrong_tries_even_the_right_one_waits_a_quarter_of_an_hour(clock, cheap):
    person = ada()
    for n in range(rules.TRIES_MAX):
        clock.now = NOW + timedelta(seconds=n)
        with pytest.raises(WrongPassword):
            actions.check_credentials(email="ada@example.com", password="wrong password")
    with pytest.raises(TooManyTries) as refused:
        actions.check_credentials(email="ada@example.com", password=make.PASSWORD)
    assert 0 < refused.value.extra["retry_after_seconds"] <= 15 * 60
    clock.now = NOW + rules.TRIES_WINDOW + timedelta(seconds=1)
    assert actions.check_credentials(email="ada@example.com", password=make.PASSWORD) == person.user_id


def test_one_address_that_waits_keeps_no_other_waiting(clock, cheap):
    ada()
    with unit_of_work(now=NOW) as uow:
        bob = make.person(uow, "Bob")
    for _ in range(rules.TRIES_MAX + 1):
        with pytest.raises((WrongPassword, TooManyTries)):
            actions.check_credentials(email="ada@example.com", password="wrong password")
    assert actions.check_credentials(email="bob@example.com", password=make.PASSWORD) == bob.user_id


def test_of_many_guesses_at_the_same_moment_no_more_than_eight_are_answered(clock, cheap):
    ada()

    def guess(_):
        try:
            actions.check_credentials(email="ada@example.com", password="wrong password")
        except (WrongPassword, TooManyTries) as refusal:
            return type(refusal)

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(guess, range(40)))
    assert answers.count(WrongPassword) == rules.TRIES_MAX
    with Session() as db:
        assert len(db.scalars(select(FailedTry)).all()) == rules.TRIES_MAX


def test_many_right_sign_ins_at_the_same_moment_are_all_let_in(clock, cheap):
    person = ada()
    with ThreadPoolExecutor(12) as pool:
        found = list(
            pool.map(lambda _: actions.check_credentials(email="ada@example.com", password=make.PASSWORD), range(24))
        )
    assert set(found) == {person.user_id}


def sign_in(person, *, kind="browser", at=NOW):
    with unit_of_work(now=at) as uow:
        return actions.sign_in(uow, user_id=person.user_id, user_agent="Browser " * 100, kind=kind)


def holder(token, at=NOW):
    with Session() as db:
        return queries.actor_of_token(db, token, at)


def test_a_token_is_its_holder_until_it_ends_or_is_signed_out(db_url):
    person = ada(zone="Europe/Berlin", language="en")
    signed_in, other = sign_in(person), sign_in(person, kind="api")
    assert holder(signed_in.token) == Actor(
        person.user_id, frozenset({"client"}), "Ada", "Europe/Berlin", "en", proved_until=NOW + rules.PROOF_LASTS
    )
    assert holder(signed_in.token, signed_in.expires_at - timedelta(seconds=1))
    assert holder(signed_in.token, signed_in.expires_at) is None
    assert other.expires_at - NOW == rules.API_TOKEN_LASTS
    with unit_of_work(now=NOW) as uow:
        actions.sign_out(uow, token=signed_in.token)
        actions.sign_out(uow, token="never was")
    assert holder(signed_in.token) is None
    assert holder(other.token) is not None
    for wrong in ("", "x", other.token[:-1], other.token + "x", "\ud800"):
        assert holder(wrong) is None


def test_a_stolen_table_opens_nothing(db_url):
    signed_in = sign_in(ada())
    with Session() as db:
        row = db.scalars(select(SignIn)).one()
    assert signed_in.token not in (row.token_hash, row.user_agent)
    assert holder(row.token_hash) is None
    assert len(row.user_agent) == 200


def test_who_signed_out_everywhere_else_stays_here(db_url):
    person = ada()
    here, there = sign_in(person), sign_in(person)
    with unit_of_work(person, now=NOW) as uow:
        lines = queries.sign_ins_of(uow.db, person.user_id, NOW, token=here.token)
        assert len(lines) == 2
        actions.end_other_sign_ins(uow, token=here.token)
    assert holder(here.token)
    assert holder(there.token) is None


def test_nobody_ends_a_sign_in_of_someone_else(db_url):
    person = ada()
    here = sign_in(person)
    with Session() as db:
        [line] = queries.sign_ins_of(db, person.user_id, NOW)
    with unit_of_work(Actor("mallory"), now=NOW) as uow:
        actions.end_sign_in(uow, sign_in_id=line.id)
    assert holder(here.token)


def test_preferences_are_ones_own_and_checked(db_url):
    person = ada()
    with unit_of_work(person, now=NOW) as uow:
        actions.change_preferences(uow, name=" Ada  L ", zone="Europe/Berlin", language="en")
        actions.change_preferences(uow)
    with Session() as db:
        seen = queries.person(db, person.user_id)
    assert (seen.name, seen.zone, seen.language) == ("Ada L", "Europe/Berlin", "en")
    for wrong in ({"zone": "Mars"}, {"language": "fr"}, {"name": " "}):
        with pytest.raises(Invalid), unit_of_work(person, now=NOW) as uow:
            actions.change_preferences(uow, **wrong)
    with pytest.raises(NotFound), unit_of_work(Actor(""), now=NOW) as uow:
        actions.change_preferences(uow, zone="Europe/Berlin")


def test_what_has_lapsed_is_forgotten_and_nothing_else(clock, cheap):
    person = ada()
    kept, lapsed = sign_in(person), sign_in(person, kind="api")
    with pytest.raises(WrongPassword):
        actions.check_credentials(email="ada@example.com", password="wrong password")
    clock.now = lapsed.expires_at
    from zhixun.features.accounts import jobs

    jobs.forget_lapsed()
    jobs.forget_lapsed()
    with Session() as db:
        assert [row.token_hash for row in db.scalars(select(SignIn))] == [queries.hash_of(kept.token)]
        assert db.scalars(select(FailedTry)).all() == []


def test_a_person_is_found_by_id_or_address(db_url):
    person = ada()
    with Session() as db:
        assert queries.emails_of(db, [person.user_id], SYSTEM) == {person.user_id: "ada@example.com"}
        assert queries.person_by_email(db, " ADA@example.com").user_id == person.user_id
        assert queries.person_by_email(db, "bob@example.com") is None
        assert set(queries.people(db, [person.user_id, "nobody"])) == {person.user_id}
        with pytest.raises(NotFound):
            queries.person(db, "nobody")
