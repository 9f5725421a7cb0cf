from tests import make


def test_who_knows_the_password_gets_a_token(house):
    made = house.visitor.post("/tokens", {"email": "Ada@Example.com", "password": make.PASSWORD})
    assert made.status_code == 201
    assert made.json.keys() == {"token", "expires_at"}
    assert made.json["expires_at"].endswith("Z")
    house.visitor.token = made.json["token"]
    assert house.visitor.get("/me").json["email"] == "ada@example.com"


def test_a_wrong_password_is_refused_and_never_echoed(house):
    made = house.visitor.post("/tokens", {"email": "ada@example.com", "password": "hunter2-hunter2"})
    assert made.status_code == 401
    assert made.json["code"] == "wrong_password"
    assert "hunter2" not in made.text


def test_a_password_of_the_wrong_kind_is_never_echoed(house):
    made = house.visitor.post("/tokens", {"email": "ada@example.com", "password": ["hunter2"]})
    assert made.status_code == 400
    assert made.json["fields"].keys() == {"password"}
    assert "hunter2" not in made.text


def test_an_unknown_address_gets_the_same_answer_as_a_wrong_password(house):
    one = house.visitor.post("/tokens", {"email": "nobody@example.com", "password": "hunter2-hunter2"})
    other = house.visitor.post("/tokens", {"email": "ada@example.com", "password": "hunter2-hunter2"})
    assert (one.status_code, one.json) == (other.status_code, other.json)


def test_who_is_not_signed_in_is_told_so(house):
    for path in ("/me", "/bookings", "/me/ledger", "/conversations"):
        answer = house.visitor.get(path)
        assert (answer.status_code, answer.json["code"]) == (401, "sign_in_required")


def test_a_token_that_is_not_ours_is_refused_also_where_none_is_needed(house):
    house.visitor.token = "made-up"
    assert house.visitor.get("/fields").status_code == 401


def test_the_cookie_of_a_page_counts_only_from_our_own_pages(house):
    browser = house.visitor.http
    browser.set_cookie("zhixun_sign_in", house.ada.token)
    body = {"service_id": house.service_id, "start": house.free()}
    assert browser.get("/api/v1/me").status_code == 200
    assert browser.post("/api/v1/bookings", json=body, headers={"Origin": "https://evil.example"}).status_code == 403
    assert browser.post("/api/v1/bookings", json=body).status_code == 403
    assert browser.post("/api/v1/bookings", json=body, headers={"Origin": "http://localhost"}).status_code == 201


def test_answers_speak_the_language_that_was_asked_for(house):
    english = house.visitor.http.get("/api/v1/fields", headers={"Accept-Language": "en-GB"})
    chinese = house.visitor.http.get("/api/v1/fields", headers={"Accept-Language": "zh-CN,zh;q=0.9"})
    assert english.json["items"][0]["name"] == "Career"
    assert chinese.json["items"][0]["name"] == "职业"
    assert (english.headers["Content-Language"], chinese.headers["Content-Language"]) == ("en", "zh")


def test_guessing_tokens_is_slowed_down(house):
    house.app.config["RATE_LIMITS"] = True
    tries = [house.visitor.post("/tokens", {"email": "x@example.com", "password": "wrong wrong"}) for _ in range(12)]
    assert tries[-1].status_code == 429
    assert tries[-1].json["code"] in {"too_many", "too_many_tries"}


def test_me_says_who_i_am(house):
    me = house.grace.get("/me").json
    assert me["id"] == house.grace_id
    assert me["roles"] == ["client", "consultant"]
    assert me["zone"] == "Asia/Shanghai"
