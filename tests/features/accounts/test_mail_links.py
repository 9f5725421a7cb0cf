"""Links by mail: good once, for a while, for the one address; and nobody learns from them who is here."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from tests import make, postgres
from tests.visitor import STATEMENTS_MAX, Visitor, house, statements, words
from zhixun.features.accounts import actions
from zhixun.features.accounts.actions import EmailTaken, LinkSpent, WrongPassword
from zhixun.features.accounts.models import MailLink, User
from zhixun.features.notifications import queries as notices
from zhixun.features.notifications.ports import Mail, Mailer
from zhixun.kernel import audit, services
from zhixun.kernel.tables import Session
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import Actor, utc_now

NEW = "a new and longer one"
LINK = re.compile(r"https?://[^/\s]+(?:/en)?(/[a-z/-]+/[0-9a-f]{64})")
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


class Post:
    def __init__(self) -> None:
        self.sent: list[Mail] = []

    def send(self, mail: Mail) -> None:
        self.sent.append(mail)

    def link(self, to: str = "ada@example.com") -> str:
        """The path of the last link that went there."""
        return next(found[1] for mail in reversed(self.sent) if mail.to == to and (found := LINK.search(mail.text)))


@pytest.fixture
def app(db_url: str, tmp_path: Path) -> Flask:
    return house(db_url, tmp_path)


@pytest.fixture
def post(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Post:
    monkeypatch.setattr(services, "_adapters", dict(services._adapters))
    made = Post()
    services.provide(Mailer, made)
    return made


@pytest.fixture
def ada(app: Flask) -> Actor:
    with unit_of_work() as uow:
        return make.client(uow, language="en")


def token_of(path: str) -> str:
    return path.rpartition("/")[2]


def forgot(app: Flask, post: Post, deliver_all) -> str:
    assert Visitor(app).post("/sign-in/forgotten", email="Ada@Example.com").status_code == 200
    deliver_all()
    return post.link()


def test_a_forgotten_password_is_set_anew_and_everyone_signed_out(app, post, ada, deliver_all, db_url):
    inside = Visitor(app, ada)
    path = forgot(app, post, deliver_all)
    assert token_of(path) not in postgres.dump(db_url), "the database holds its hash alone"
    browser = Visitor(app, english=True)
    page = browser.get(path)
    assert (page.status_code, page.headers["Cache-Control"]) == (200, "no-store")
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert browser.get(path).status_code == 200, "looking at it uses nothing up"
    short = browser.post(path, password="short")
    assert (short.status_code, "at least 10 characters" in words(short)) == (400, True)
    assert browser.post(path, password=NEW).headers["Location"] == "/en/sign-in"
    assert inside.get("/me").status_code == 303
    assert actions.check_credentials(email="ada@example.com", password=NEW) == ada.user_id
    with pytest.raises(WrongPassword):
        actions.check_credentials(email="ada@example.com", password=make.PASSWORD)
    for again in (browser.get(path), browser.post(path, password="yet another one")):
        assert (again.status_code, "used already or is too old" in words(again)) == (410, True)
    deliver_all()
    assert "set anew by a link" in post.sent[-1].subject
    with Session() as db:
        assert [line.details["change"] for line in audit.lines(db, subject_id=ada.user_id)] == ["password_reset"]


def test_known_and_unknown_addresses_get_the_same_answer_by_the_same_work(app, post, ada, deliver_all):
    Visitor(app).post("/sign-in/forgotten", email="first@example.com")
    known = Visitor(app, english=True).post("/sign-in/forgotten", email="ada@example.com")
    unknown = Visitor(app, english=True).post("/sign-in/forgotten", email="nobody@example.com")
    assert words(known) == words(unknown)
    assert statements(known) == statements(unknown)
    assert Visitor(app).post("/sign-in/forgotten", email="not an address").status_code == 400
    deliver_all()
    assert [mail.to for mail in post.sent] == ["ada@example.com"]


def test_an_address_gets_three_links_an_hour_and_the_answer_stays_the_same(app, post, ada, deliver_all):
    app.config["RATE_LIMITS"] = True
    answers = {words(Visitor(app).post("/sign-in/forgotten", email="ada@example.com")) for _ in range(6)}
    assert len(answers) == 1
    deliver_all()
    assert len(post.sent) == 3


def test_a_link_is_too_old_after_an_hour_and_ends_with_the_next_one(app, post, ada, deliver_all):
    first = forgot(app, post, deliver_all)
    second = forgot(app, post, deliver_all)
    assert Visitor(app).get(first).status_code == 410
    for later, fits in ((timedelta(minutes=59), True), (timedelta(hours=1), False)):
        with unit_of_work(now=utc_now() + later) as uow:
            if fits:
                continue
            with pytest.raises(LinkSpent):
                actions.reset_password(uow, token=token_of(second), password_hash="x")
    assert Visitor(app).get(second).status_code == 200


def test_a_link_is_worth_nothing_after_the_password_or_the_address_changed(app, post, ada, deliver_all):
    path = forgot(app, post, deliver_all)
    Visitor(app, ada).post("/me/password", old_password=make.PASSWORD, new_password=NEW)
    assert Visitor(app).post(path, password="a thief’s password").status_code == 410
    path = forgot(app, post, deliver_all)
    with unit_of_work() as uow:
        uow.db.execute(sa.update(User).where(User.id == ada.user_id).values(email_index="another"))
    assert Visitor(app).post(path, password="a thief’s password").status_code == 410


@pytest.mark.parametrize("way", ["reset", "change"])
def test_a_thief_who_asked_for_another_address_does_not_get_it_after_a_new_password(app, post, ada, deliver_all, way):
    Visitor(app, ada).post("/me/email", email="thief@example.com")
    deliver_all()
    link = post.link("thief@example.com")
    assert Visitor(app).get(link).status_code == 200
    if way == "reset":
        Visitor(app).post(forgot(app, post, deliver_all), password=NEW)
    else:
        Visitor(app, ada).post("/me/password", old_password=make.PASSWORD, new_password=NEW)
    assert Visitor(app).post(link).status_code == 410
    assert actions.check_credentials(email="ada@example.com", password=NEW) == ada.user_id


@pytest.mark.parametrize("kind", ["sign-in/new-password", "confirm-address", "change-address"])
@pytest.mark.parametrize("token", ["x", "0" * 64, "%00", "9" * 400, "é"])
def test_a_link_we_did_not_send_opens_nothing(app, ada, kind, token):
    assert Visitor(app).get(f"/{kind}/{token}").status_code == 410
    assert Visitor(app).post(f"/{kind}/{token}", password=NEW).status_code == 410


def test_a_link_for_one_thing_does_no_other(app, post, ada, deliver_all):
    token = token_of(forgot(app, post, deliver_all))
    assert Visitor(app).post(f"/confirm-address/{token}").status_code == 410
    assert Visitor(app).post(f"/change-address/{token}").status_code == 410
    assert Visitor(app).get(f"/sign-in/new-password/{token}").status_code == 200


def test_who_signs_up_is_asked_to_confirm_and_kept_from_nothing(app, post, deliver_all):
    browser = Visitor(app, english=True)
    browser.post("/sign-up", name="Bea", email="bea@example.com", password=make.PASSWORD, terms="1")
    page = browser.get("/me")
    assert "Please confirm your address" in words(page)
    assert statements(page) <= STATEMENTS_MAX
    deliver_all()
    first = post.link("bea@example.com")
    browser.post("/me/confirmation")
    deliver_all()
    assert browser.post(first).status_code == 410, "the newer one counts"
    assert browser.post(post.link("bea@example.com")).status_code == 303
    assert "Please confirm your address" not in words(browser.get("/me"))
    assert browser.post(post.link("bea@example.com")).status_code == 410


def test_another_address_is_confirmed_from_there_and_told_to_the_old_one(app, post, ada, deliver_all):
    browser = Visitor(app, ada, english=True)
    assert "ada@example.com" in words(browser.get("/me/email"))
    assert browser.post("/me/email", email="nonsense").status_code == 400
    assert browser.post("/me/email", email="ada@new.example").status_code == 303
    deliver_all()
    assert {(mail.to, mail.subject) for mail in post.sent} == {
        ("ada@new.example", "Confirm your new address"), ("ada@example.com", "Somebody asked to change your address"),
    }  # fmt: skip
    assert actions.check_credentials(email="ada@example.com", password=make.PASSWORD), "not yet"
    path = post.link("ada@new.example")
    assert "ada@new.example" in words(Visitor(app).get(path))
    assert Visitor(app).post(path).status_code == 303
    assert actions.check_credentials(email="ada@new.example", password=make.PASSWORD) == ada.user_id
    with pytest.raises(WrongPassword):
        actions.check_credentials(email="ada@example.com", password=make.PASSWORD)
    assert Visitor(app).post(path).status_code == 410


def test_an_address_that_another_has_meanwhile_stays_theirs(app, post, ada, deliver_all):
    Visitor(app, ada).post("/me/email", email="bob@example.com")
    deliver_all()
    with unit_of_work() as uow:
        bob = make.person(uow, "Bob")
    with pytest.raises(EmailTaken), unit_of_work() as uow:
        actions.change_address(uow, token=token_of(post.link("bob@example.com")))
    assert Visitor(app).post(post.link("bob@example.com")).status_code == 409
    assert actions.check_credentials(email="bob@example.com", password=make.PASSWORD) == bob.user_id


def test_a_new_device_is_told_once_in_words_and_a_known_one_never(app, post, ada, deliver_all):
    home, away = Visitor(app), Visitor(app)
    for browser in (home, home, away, away, home):
        browser._http.environ_base["HTTP_USER_AGENT"] = FIREFOX
        assert browser.post("/sign-in", email="ada@example.com", password=make.PASSWORD).status_code == 303
        browser.post("/sign-out")
    deliver_all()
    assert [(mail.to, mail.subject) for mail in post.sent] == [("ada@example.com", "A new device: Firefox · Linux")]
    with Session() as db:
        assert [line.kind for line in notices.notices_of(db, ada.user_id)] == ["new_device"]
    assert "Firefox · Linux" in words(Visitor(app, ada, english=True).get("/notices"))


def test_an_erased_person_leaves_no_link_and_gets_no_mail(app, post, ada, deliver_all):
    from zhixun.features.privacy import actions as privacy

    Visitor(app, ada).post("/me/email", email="ada@new.example")
    with unit_of_work(ada) as uow:
        privacy.erase_person(uow, person_id=ada.user_id)
    deliver_all()
    assert post.sent == []
    with Session() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(MailLink)) == 0
