"""What every page gets from the shell: language, theme, links that lead somewhere, errors that say something, weight."""

import gzip
import re
from datetime import timedelta
from html import unescape
from urllib.parse import urljoin, urlsplit

import pytest

from tests import make
from tests.visitor import Visitor, house, words
from zhixun.features.notifications import actions as notifications
from zhixun.kernel.errors import TooMany
from zhixun.kernel.unit_of_work import unit_of_work
from zhixun.kernel.values import new_id, utc_now
from zhixun.web import security, shell

PUBLIC = (
    "/",
    "/consultants",
    "/sign-in",
    "/sign-up",
    "/legal/privacy",
    "/legal/terms",
    "/legal/refunds",
    "/legal/ranking",
    "/components",
)
HTML_MAX, CSS_MAX, JS_MAX = 14_000, 16_000, 10_000
"""Bytes on the wire, gzip, of any public page (HTML) and of all it loads (CSS, JS)."""
OPS_HTML_MAX, OPS_CSS_MAX = 20_000, 20_000
PARTS_CSS_MAX = 6_000
"""More for the page that shows every part there is, those of the room and of the desk too."""


@pytest.fixture
def app(db_url, tmp_path, request):
    return house(db_url, tmp_path, own="own_app" in request.fixturenames)


@pytest.fixture
def own_app(app):
    """An app that nobody else looks at: the test gives it addresses of its own."""
    return app


@pytest.fixture
def everyone(app):
    """Who may come: nobody signed in, a client, a consultant and an operator."""
    with unit_of_work() as uow:
        return {
            "visitor": None,
            "client": make.client(uow),
            "consultant": make.consultant(uow).actor,
            "operator": make.operator(uow),
        }


def test_a_page_newer_than_the_built_front_end_says_so_kindly(app, monkeypatch):
    built = {name: where for name, where in shell._manifest().items() if name != "pages/passkeys.js"}
    monkeypatch.setattr(shell, "_manifest", lambda: built)
    answer = Visitor(app, english=True).get("/sign-in")
    assert answer.status_code == 503
    assert "This page is being updated. Please try again in a minute." in words(answer)


def packed(data):
    return len(gzip.compress(data, 6))


def links(page):
    return {unescape(one) for one in re.findall(r'<a [^>]*href="([^"#]+)', page)}


@pytest.mark.parametrize("path", PUBLIC)
def test_each_language_says_which_it_is_and_where_the_other_is(app, path):
    for english, lang in ((False, "zh-Hans-CN"), (True, "en")):
        page = Visitor(app, english=english).get(path).text
        assert f'<html lang="{lang}"' in page
        assert f'hreflang="zh-Hans" href="http://localhost:8000{path}"' in page
        assert f'hreflang="en" href="http://localhost:8000/en{path}"' in page
        assert f'rel="canonical" href="http://localhost:8000{"/en" if english else ""}{path}"' in page
        assert page.count("<h1") == 1
        assert '<a class="skip" href="#main">' in page
        assert '<main id="main"' in page


def test_what_search_engines_are_told_does_not_come_from_who_asks(app):
    page = app.test_client().get("/consultants?field=legal", headers={"Host": "evil.example"}).text
    assert "evil.example" not in page.split("</head>")[0]
    assert 'rel="canonical" href="http://localhost:8000/consultants"' in page


@pytest.mark.parametrize("who", ["visitor", "client", "consultant", "operator"])
def test_every_link_of_the_shell_leads_somewhere_in_both_languages(app, everyone, who):
    for english in (False, True):
        visitor = Visitor(app, everyone[who], english=english)
        pages = ["/legal/terms"] + (["/ops"] if who == "operator" else [])
        for path in pages:
            page = visitor.get(path).text
            for link in links(page):
                where = urlsplit(urljoin("http://localhost", link))
                assert where.netloc == "localhost", link
                answer = visitor._http.get(where.path + (f"?{where.query}" if where.query else ""))
                assert answer.status_code in (200, 302, 303), f"{link} on {path} for {who}: {answer.status}"
                stays = where.path.startswith("/en") == english or where.path.removeprefix("/en") == path
                assert stays or where.path.startswith("/api/"), f"{link} leaves the language"


def test_the_language_link_keeps_the_page_and_its_question(app):
    page = Visitor(app).get("/consultants?field=legal&sort=price").text
    assert 'href="/en/consultants?field=legal&amp;sort=price"' in page
    english = Visitor(app, english=True).get("/consultants?field=legal").text
    assert 'href="/consultants?field=legal"' in english


def ask(app, path="/legal/terms", cookie="", **headers):
    visitor = app.test_client()
    if cookie:
        visitor.set_cookie(*cookie.split("=", 1))
    return visitor.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_a_first_visit_is_offered_the_other_language_and_never_sent_there(app):
    answer = ask(app, Accept_Language="en-GB,en;q=0.9")
    assert answer.status_code == 200
    assert "This page is also available in English." in answer.text
    assert "本页也有中文版" in ask(app, "/en/legal/terms", Accept_Language="zh-CN").text
    assert "data-suggestion" not in ask(app, Accept_Language="zh-CN").text
    assert "data-suggestion" not in ask(app).text


def test_who_has_chosen_a_language_or_walks_on_is_not_asked_again(app):
    assert "data-suggestion" not in ask(app, Accept_Language="en", cookie="language=zh").text
    assert "data-suggestion" in ask(app, Accept_Language="zh", cookie="language=en").text
    assert "data-suggestion" not in ask(app, Accept_Language="en", Referer="http://localhost/").text
    assert "data-suggestion" not in ask(app, cookie="language=klingon").text


@pytest.mark.parametrize(
    ("cookie", "shown"), [("theme=dark", 'data-theme="dark"'), ("theme=light", 'data-theme="light"')]
)
def test_the_chosen_theme_comes_with_the_page(app, cookie, shown):
    assert shown in ask(app, cookie=cookie).text.split("<head>")[0]


def test_a_theme_there_is_not_is_none(app):
    page = ask(app, cookie='theme="><script>').text
    assert "data-theme=" not in page.split("<head>")[0]
    assert "><script>" not in page.replace('<script type="module"', "")


def test_no_page_has_a_script_or_a_handler_of_its_own(app, everyone):
    for who in everyone.values():
        for path in (*PUBLIC, "/me", "/notices", "/pro", "/ops"):
            page = Visitor(app, who).get(path).text
            assert not re.findall(r"<script(?![^>]* src=)", page), path
            assert not re.findall(r"\son[a-z]+=", page), path
            assert "<style" not in page, path


def test_unread_notices_are_counted_in_the_bar(app, everyone):
    ada = everyone["client"]
    with unit_of_work() as uow:
        for _ in range(2):
            notifications.tell(
                uow, notice_id=new_id(), user_id=ada.user_id, kind="booking_confirmed", subject_id=new_id(),
                values={"title": {"zh": "一小时", "en": "One hour"}, "other": "Grace"},
            )  # fmt: skip
    visitor = Visitor(app, ada, english=True)
    page = visitor.get("/legal/terms")
    assert "My account, Ada, 2 new notices" in page.text
    assert "Your session “One hour” with Grace is confirmed." in words(visitor.get("/notices"))
    assert visitor.post("/notices").status_code == 303
    assert "new notices" not in visitor.get("/legal/terms").text


def test_a_notice_of_a_kind_we_do_not_know_is_still_shown(app, everyone):
    ada = everyone["client"]
    with unit_of_work() as uow:
        notifications.tell(uow, notice_id=new_id(), user_id=ada.user_id, kind="later", subject_id=new_id(), values={})
    assert Visitor(app, ada).get("/notices").status_code == 200


def test_notices_go_on_over_pages_and_show_nobody_elses(app, everyone):
    ada, now = everyone["client"], utc_now()
    for number in range(25):
        with unit_of_work(now=now - timedelta(minutes=number)) as uow:
            notifications.tell(
                uow, notice_id=new_id(), user_id=ada.user_id, kind="feedback_given", subject_id=new_id(),
                values={"title": {}, "other": f"No. {number}!"},
            )  # fmt: skip
    visitor = Visitor(app, ada)
    first = visitor.get("/notices").text
    older = re.search(r"/notices\?before=([^\"]+)", first)[1]
    assert ("No. 0!" in first, "No. 24!" in first) == (True, False)
    assert "No. 24!" in visitor.get(f"/notices?before={older}").text
    assert "No. 0!" not in Visitor(app, everyone["consultant"]).get("/notices").text
    assert visitor.get("/notices?before=nonsense").status_code == 400


@pytest.mark.parametrize("english", [False, True])
def test_what_is_not_there_is_said_kindly(app, english):
    answer = Visitor(app, english=english).get("/nowhere/at/all")
    assert answer.status_code == 404
    assert ("We could not find that." if english else "我们没有找到它。") in words(answer)
    assert 'content="noindex"' in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("status", "said"), [(403, "你没有权限"), (410, "已经下线"), (413, "一次放不下"), (429, "稍等再试")]
)
def test_each_refusal_of_http_has_its_sentence(own_app, status, said):
    from flask import abort

    own_app.add_url_rule("/refuse", "refuse", lambda: abort(status))
    answer = Visitor(own_app).get("/refuse")
    assert answer.status_code == status
    assert said in words(answer)


def test_who_must_wait_is_told_how_long(own_app):
    def busy():
        raise TooMany(extra={"retry_after_seconds": 42})

    own_app.add_url_rule("/busy", "busy", busy)
    answer = Visitor(own_app).get("/busy")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "42")
    assert 'data-count="42"' in answer.text


@pytest.mark.parametrize("english", [False, True])
def test_what_breaks_is_said_without_asking_what_may_be_broken(own_app, everyone, english, monkeypatch):
    def broken():
        raise RuntimeError("no database today")

    visitor = Visitor(own_app, everyone["client"], english=english)
    own_app.add_url_rule("/broken", "broken", broken)
    monkeypatch.setattr(security, "_identify", lambda token: broken())
    answer = visitor.get("/broken")
    assert answer.status_code == 500
    assert ("Something broke on our side." if english else "我们这边出了问题。") in words(answer)
    assert answer.headers["X-Request-Id"] in answer.text
    assert "no database" not in answer.text


def test_a_form_too_large_is_refused_before_it_is_read(app):
    answer = Visitor(app).post("/sign-in", email="x" * 1_100_000, password="x")
    assert answer.status_code == 413
    assert "一次放不下" in words(answer)


def test_pages_stay_light_on_the_wire(app, everyone):
    for english in (False, True):
        for path in PUBLIC:
            visitor = Visitor(app, english=english)
            page = visitor.get(path)
            assert packed(page.data) <= HTML_MAX, f"{path}: {packed(page.data)}"
            assert weight(app, page.text, "css") <= CSS_MAX + (PARTS_CSS_MAX if path == "/components" else 0), path
            assert weight(app, page.text, "js") <= JS_MAX, path
    desk = Visitor(app, everyone["operator"]).get("/ops")
    assert packed(desk.data) <= OPS_HTML_MAX
    assert weight(app, desk.text, "css") <= OPS_CSS_MAX


def test_built_files_are_kept_for_ever_and_others_do_not_exist(app):
    page = Visitor(app).get("/legal/terms").text
    for where in loaded(page, "css") | loaded(page, "js"):
        answer = app.test_client().get(where)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
        assert "Set-Cookie" not in answer.headers
    for strange in ("app.css", "manifest.json", "../tokens.css", "%2e%2e/shell.py"):
        assert app.test_client().get(f"/static/dist/{strange}").status_code == 404


def test_nobody_keeps_a_page_for_another_person(app, everyone):
    seen = Visitor(app).get("/legal/terms").headers
    assert seen["Cache-Control"] == "private, no-cache"
    assert {"Accept-Encoding", "Accept-Language", "Cookie"} == set(seen["Vary"].split(", "))
    assert Visitor(app, everyone["client"]).get("/legal/terms").headers["Cache-Control"] == "no-store"


def loaded(page, kind):
    return set(re.findall(rf'(?:href|src)="(/static/dist/[^"]+\.{kind})"', page))


def weight(app, page, kind):
    """As they are sent: built files are packed once, when they are built."""
    asks = {"Accept-Encoding": "gzip"}
    return sum(len(app.test_client().get(where, headers=asks).data) for where in loaded(page, kind))


def test_answers_are_packed_for_who_can_unpack_them(app):
    def fetch(path, accepts):
        return app.test_client().get(path, headers={"Accept-Encoding": accepts})

    plain, small = fetch("/legal/terms", "br;q=1, gzip;q=0"), fetch("/legal/terms", "gzip, br")
    assert gzip.decompress(small.data).decode().split("<main")[1] == plain.text.split("<main")[1]
    assert "Content-Encoding" not in plain.headers
    assert int(small.headers["Content-Length"]) == len(small.data) < len(plain.data) / 2
    sheet = next(iter(loaded(plain.text, "css")))
    assert gzip.decompress(fetch(sheet, "gzip").data) == fetch(sheet, "").data
    assert fetch(sheet, "gzip").mimetype == fetch(sheet, "").mimetype == "text/css"
    for answer in (plain, small, fetch(sheet, "gzip"), fetch(sheet, "")):
        assert "Accept-Encoding" in answer.headers["Vary"]
    assert "Content-Encoding" not in fetch("/healthz", "gzip").headers, "too small to be worth it"


def test_the_log_of_what_breaks_has_no_link_that_opens_an_account(own_app, caplog):
    def broken(token):
        raise RuntimeError("no")

    own_app.view_functions["pages.new_password"] = broken
    assert own_app.test_client().get("/sign-in/new-password/let-me-in").status_code == 500
    assert "/sign-in/new-password/(token)" in caplog.text
    assert "let-me-in" not in caplog.text
