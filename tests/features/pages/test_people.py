"""What signing in, up and out and the account page promise."""

import re
from datetime import timedelta

import pytest

from tests import make
from tests.conftest import KEYS
from tests.visitor import Visitor, house, statements, words
from zhixun.app import create_app
from zhixun.features.accounts import actions as accounts
from zhixun.features.accounts import queries as account_queries
from zhixun.features.accounts.rules import TRIES_MAX
from zhixun.features.pages import rules
from zhixun.features.privacy import queries as privacy
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import utc_now
from zhixun.settings import Settings
from zhixun.web.security import COOKIE

NEW = {"name": "Ada", "email": "ada@example.com", "password": "a short sentence", "zone": "Europe/London", "terms": "1"}


@pytest.fixture
def app(db_url, tmp_path):
    return house(db_url, tmp_path)


@pytest.fixture
def ada(app):
    with unit_of_work() as uow:
        return make.person(uow, "Ada")


def cookie(answer):
    return next((one for one in answer.headers.getlist("Set-Cookie") if one.startswith(COOKIE)), "")


def signed_in_people():
    with unit_of_work() as uow:
        return account_queries.people_count(uow.db)


def test_who_signs_in_goes_on_where_they_were(app, ada):
    answer = Visitor(app).post("/sign-in", email="ADA@example.com ", password=make.PASSWORD, next="/sessions?x=1")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sessions?x=1")
    assert "HttpOnly" in cookie(answer)
    assert "SameSite=Lax" in cookie(answer)


@pytest.mark.parametrize(("roles", "first"), [(("client",), "/"), (("consultant",), "/pro"), (("operator",), "/ops")])
def test_each_role_begins_on_its_own_page(app, roles, first):
    with unit_of_work() as uow:
        make.person(uow, "Bob", roles=roles)
    answer = Visitor(app).post("/sign-in", email="bob@example.com", password=make.PASSWORD)
    assert answer.headers["Location"] == first
    english = Visitor(app, english=True).post("/sign-in", email="bob@example.com", password=make.PASSWORD)
    assert english.headers["Location"] == "/en" + first


@pytest.mark.parametrize(
    "elsewhere", ["//evil.example", "https://evil.example/", "/\\evil.example", "\\\\evil", "javascript:1", "/\tevil"]
)
def test_next_never_leads_off_our_pages(app, ada, elsewhere):
    answer = Visitor(app).post("/sign-in", email="ada@example.com", password=make.PASSWORD, next=elsewhere)
    assert answer.headers["Location"] == "/"


@pytest.mark.parametrize("english", [False, True])
def test_a_wrong_password_keeps_the_address_and_says_one_sentence(app, ada, english):
    visitor = Visitor(app, english=english)
    wrong = visitor.post("/sign-in", email="ada@example.com", password="not this one")
    unknown = visitor.post("/sign-in", email="bob@example.com", password="not this one")
    sentence = "The address or the password is not right." if english else "邮箱或密码不对。"
    for answer, address in ((wrong, "ada@example.com"), (unknown, "bob@example.com")):
        assert answer.status_code == 401
        assert sentence in words(answer)
        assert f'value="{address}"' in answer.text
        assert "not this one" not in answer.text
        assert not cookie(answer)


def test_after_too_many_wrong_passwords_one_waits_and_is_told_how_long(app, ada):
    visitor = Visitor(app)
    for _ in range(TRIES_MAX):
        visitor.post("/sign-in", email="ada@example.com", password="wrong wrong wrong")
    answer = visitor.post("/sign-in", email="ada@example.com", password=make.PASSWORD)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 901
    assert "分钟后可以继续" in words(answer)
    assert f'data-count="{answer.headers["Retry-After"]}"' in answer.text
    assert 'value="ada@example.com"' in answer.text


def test_one_who_floods_the_door_waits_too(db_url, tmp_path):
    app = create_app(Settings(keys=KEYS, data_dir=tmp_path, secret_key="for tests only"), db_url)
    visitor = Visitor(app)
    for _ in range(rules.SIGN_IN_TRIES_MAX):
        assert visitor.post("/sign-in", email="nonsense", password="x").status_code == 400
    answer = visitor.post("/sign-in", email="nonsense", password="x")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_a_form_without_our_token_signs_nobody_in(app, ada):
    answer = app.test_client().post("/sign-in", data={"email": "ada@example.com", "password": make.PASSWORD})
    assert answer.status_code == 400
    assert not cookie(answer)


def test_signing_in_leaves_nothing_of_the_sign_in_before(app, ada):
    with unit_of_work() as uow:
        bob = make.person(uow, "Bob")
    visitor = Visitor(app, bob)
    before = visitor._http.get_cookie(COOKIE).value
    visitor.post("/sign-in", email="ada@example.com", password=make.PASSWORD)
    assert "Ada" in words(visitor.get("/me"))
    with unit_of_work() as uow:
        assert account_queries.actor_of_token(uow.db, before, utc_now()) is None
    with visitor._http.session_transaction() as session:
        assert session.get("csrf_token") != "0" * 40


def test_who_is_signed_in_needs_no_door(app, ada):
    assert Visitor(app, ada).get("/sign-in?next=/me").headers["Location"] == "/me"
    assert Visitor(app, ada).get("/sign-up").headers["Location"] == "/"


def test_the_demo_door_opens_with_one_press_and_only_in_the_demo(db_url, tmp_path, app):
    with unit_of_work() as uow:
        accounts.sign_up(
            uow, user_id=make.new_id(), email="client@example.com", name="Mia",
            password_hash=accounts.hash_password("zhixun-demo"),
        )  # fmt: skip
    page = Visitor(app).get("/sign-in").text
    assert page.count('value="zhixun-demo"') == 3
    email, password = "client@example.com", "zhixun-demo"
    assert Visitor(app).post("/sign-in", email=email, password=password).status_code == 303
    serious = create_app(Settings(keys=KEYS, data_dir=tmp_path, secret_key="for tests only"), db_url)
    assert "zhixun-demo" not in Visitor(serious).get("/sign-in").text


def test_signing_out_ends_the_sign_in_on_the_server(app, ada):
    visitor = Visitor(app, ada)
    token = visitor._http.get_cookie(COOKIE).value
    assert visitor.post("/sign-out").status_code == 303
    with unit_of_work() as uow:
        assert account_queries.actor_of_token(uow.db, token, utc_now()) is None
    assert visitor.get("/me").headers["Location"].startswith("/sign-in?next=/me")
    assert visitor.post("/sign-out").status_code == 303, "signing out twice is fine"
    assert visitor.get("/sign-out").headers["Location"] == "/", "only a form signs out"


def test_a_new_account_is_open_at_once_with_only_the_consents_ticked(app):
    visitor = Visitor(app, english=True)
    answer = visitor.post("/sign-up", **NEW, news="1", next="/en/sessions")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/en/sessions")
    with unit_of_work() as uow:
        person = account_queries.person_by_email(uow.db, "ada@example.com")
        given = {line.purpose for line in privacy.consents_of(uow.db, person.user_id)}
    assert (person.zone, person.language, person.roles) == ("Europe/London", "en", frozenset({"client"}))
    assert given == {"terms", "news"}
    assert "Ada" in words(visitor.get("/me"))


def test_optional_consents_start_unticked(app):
    page = Visitor(app).get("/sign-up").text
    boxes = re.findall(r'<input type="checkbox"[^>]*>', page)
    assert len(boxes) == 3
    assert not any(" checked" in box for box in boxes)
    assert sum(" required" in box for box in boxes) == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": "  "}, "请告诉我们怎么称呼你。"),
        ({"name": "x" * 61}, "称呼最多 60 个字。"),
        ({"email": "nonsense"}, "请填写邮箱"),
        ({"email": "a" * 300 + "@example.com"}, "这个邮箱太长了。"),
        ({"password": "short"}, "密码至少 10 个字符。"),
        ({"password": "x" * 257}, "密码最多 256 个字符。"),
        ({"terms": ""}, "请同意条款"),
    ],
)
def test_what_is_wrong_is_said_at_its_place_and_what_was_typed_is_kept(app, change, sentence):
    answer = Visitor(app).post("/sign-up", **(NEW | change), behaviour="1")
    assert answer.status_code == 400
    assert sentence in words(answer)
    assert not cookie(answer)
    assert (NEW | change)["password"] not in answer.text
    assert 'id="behaviour" name="behaviour" value="1" checked' in answer.text
    assert signed_in_people() == {}


def test_everything_wrong_is_said_at_once(app):
    answer = Visitor(app, english=True).post("/sign-up")
    assert answer.status_code == 400
    assert "4 things to fix" in words(answer)


def test_a_name_of_strange_signs_is_kept_without_them(app):
    Visitor(app).post("/sign-up", **(NEW | {"name": "A\x00da <b>\u202e"}))
    with unit_of_work() as uow:
        assert account_queries.person_by_email(uow.db, "ada@example.com").name == "Ada <b>"


def test_a_zone_that_is_none_becomes_the_houses_own(app):
    Visitor(app).post("/sign-up", **(NEW | {"zone": "Mars/Olympus"}))
    with unit_of_work() as uow:
        assert account_queries.person_by_email(uow.db, "ada@example.com").zone == "Asia/Shanghai"


def test_pressed_twice_opens_one_account_and_signs_in_both_times(app):
    assert Visitor(app).post("/sign-up", **NEW).status_code == 303
    assert Visitor(app).post("/sign-up", **NEW).status_code == 303
    assert signed_in_people() == {"client": 1}


def test_an_address_that_is_taken_opens_nothing_for_a_stranger(app, ada):
    answer = Visitor(app).post("/sign-up", **(NEW | {"password": "somebody elses guess"}))
    assert answer.status_code == 409
    assert "这个邮箱已经有账户了" in words(answer)
    assert not cookie(answer)


def test_the_account_page_changes_name_zone_and_language(app, ada):
    visitor = Visitor(app, ada)
    assert statements(visitor.get("/me")) <= 8
    answer = visitor.post("/me", name=" Ada  L. ", zone="America/New_York", language="en")
    assert answer.status_code == 303
    with unit_of_work() as uow:
        person = account_queries.person(uow.db, ada.user_id)
    assert (person.name, person.zone, person.language) == ("Ada L.", "America/New_York", "en")


@pytest.mark.parametrize("change", [{"name": ""}, {"zone": "Mars/Olympus"}, {"language": "tlh"}])
def test_a_change_that_makes_no_sense_changes_nothing(app, ada, change):
    answer = Visitor(app, ada).post("/me", **({"name": "Other", "zone": "Asia/Tokyo", "language": "en"} | change))
    assert answer.status_code == 400
    with unit_of_work() as uow:
        assert account_queries.person(uow.db, ada.user_id).name == "Ada"


def test_consents_are_given_and_taken_back_with_their_dates(app, ada):
    visitor = Visitor(app, ada, english=True)
    visitor.post("/me/consents/news", given="1")
    visitor.post("/me/consents/news", given="1")
    assert "Agreed on" in words(visitor.get("/me"))
    visitor.post("/me/consents/news", given="0")
    assert "Taken back on" in words(visitor.get("/me"))
    with unit_of_work() as uow:
        assert len(privacy.consents_of(uow.db, ada.user_id)) == 1
        assert not privacy.has_consent(uow.db, ada.user_id, "news")


def test_the_needed_consent_stands_and_others_do_not_exist(app, ada):
    visitor = Visitor(app, ada)
    visitor.post("/me/consents/terms", given="1")
    assert visitor.post("/me/consents/terms", given="0").status_code == 400
    assert visitor.post("/me/consents/everything", given="1").status_code == 400
    with unit_of_work() as uow:
        assert privacy.has_consent(uow.db, ada.user_id, "terms")


def test_another_device_can_be_signed_out_and_nobody_elses(app, ada):
    phone, desk = Visitor(app, ada), Visitor(app, ada)
    with unit_of_work() as uow:
        eve = make.person(uow, "Eve")
    wanted = re.search(r'name="id" value="([0-9a-f]{16})"', desk.get("/me/security").text)[1]
    Visitor(app, eve).post("/me/sign-ins", id=wanted)
    assert Visitor(app, ada).post("/me/sign-ins", id="\x00").status_code == 303
    assert phone.get("/me").status_code == 200
    desk.post("/me/sign-ins", id=wanted)
    assert phone.get("/me").status_code == 303
    assert desk.get("/me").status_code == 200


def test_all_other_devices_can_be_signed_out_at_once(app, ada):
    devices = [Visitor(app, ada) for _ in range(3)]
    devices[0].post("/me/sign-ins")
    assert [device.get("/me").status_code for device in devices] == [200, 303, 303]


def test_a_sign_in_that_has_run_out_is_none(app, ada):
    visitor = Visitor(app, ada)
    with unit_of_work(now=utc_now() + timedelta(days=31)) as uow:
        accounts.forget_lapsed(uow)
    assert visitor.get("/me").status_code == 303


@pytest.mark.parametrize("path", ["/me", "/pro", "/pro/earnings", "/ops", "/ops/bookings", "/notices"])
def test_visitors_are_led_to_the_door(app, path):
    answer = Visitor(app, english=True).get(path)
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/en/sign-in?next=/en{path}"
