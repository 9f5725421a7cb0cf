"""Everything a page gets before a feature says a word: settings, helpers for templates, headers, errors."""

from __future__ import annotations

import json
import logging
import mimetypes
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
from flask import Flask, Response, abort, current_app, g, has_request_context, request, send_from_directory, session
from flask_babel import Babel, get_translations
from markupsafe import Markup
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session as SqlSession

from zhixun.kernel.errors import N_, DomainError
from zhixun.kernel.feature import MenuEntry
from zhixun.kernel.values import Actor

from . import errors, formats, languages, packing, portraits, security
from .icons import icon

log = logging.getLogger(__name__)

ROOT = Path(__file__).parent
DIST = ROOT / "static" / "dist"
BODY_BYTES_MAX = 1_000_000
COLLECTS = "collects"
STATEMENTS_BEFORE_ASKING = 9
FIELD_CLASSES = {"education": "edu", "health": "health", "legal": "legal", "career": "career"}

POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'"
)


class FrontEndBehind(DomainError):
    code, status, message = "front_end_behind", 503, N_("This page is being updated. Please try again in a minute.")


def install(app: Flask, *, secure: bool, rate_limits: bool, demo: bool) -> None:
    app.config.update(
        MAX_CONTENT_LENGTH=BODY_BYTES_MAX,
        MAX_FORM_MEMORY_SIZE=BODY_BYTES_MAX,
        SECURE=secure,
        RATE_LIMITS=rate_limits,
        DEMO=demo,
        SESSION_COOKIE_NAME="zhixun_session",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_SSL_STRICT=False,
        BABEL_DEFAULT_LOCALE="zh",
        BABEL_TRANSLATION_DIRECTORIES=str(ROOT / "translations"),
        TEMPLATES_AUTO_RELOAD=False,
        JSON_SORT_KEYS=False,
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # of the default provider
    Babel(app, locale_selector=languages.language)
    security.csrf.init_app(app)
    errors.install(app)
    _template_helpers(app)
    app.before_request(_begin)
    app.before_request(security.guard_writes)
    app.after_request(packing.pack)
    app.after_request(_headers)
    app.add_url_rule("/static/dist/<path:name>", "static_dist", _static)
    app.wsgi_app = languages.LanguagePrefix(app.wsgi_app)  # type: ignore[method-assign]  # as Flask's own pages say


def asset(name: str) -> str:
    """The address of a built file, its fingerprint in the name: "app.css" → "/static/dist/app-1f2e3d4c.css". Raises
    FrontEndBehind where what was built is older than the page that asks."""
    built = _manifest().get(name)
    if built is None:
        log.error("%s is not among what was built. Run: python -m zhixun.web.build", name)
        raise FrontEndBehind
    return f"/static/dist/{built}"


_manifests: dict[float, dict[str, str]] = {}


def _manifest() -> dict[str, str]:
    path = DIST / "manifest.json"
    if not path.exists():
        raise RuntimeError("The front end is not built. Run: python -m zhixun.web.build")
    changed = path.stat().st_mtime
    if changed not in _manifests:
        _manifests.clear()
        _manifests[changed] = json.loads(path.read_text())
    return _manifests[changed]


def _template_helpers(app: Flask) -> None:
    env = app.jinja_env
    env.undefined = jinja2.StrictUndefined
    env.trim_blocks = env.lstrip_blocks = True
    env.install_gettext_callables(  # type: ignore[attr-defined]  # added by the i18n extension
        lambda sentence: _catalogue().ugettext(sentence),
        lambda one, many, count: _catalogue().ungettext(one, many, count),
        newstyle=True,
    )
    env.globals.update(
        _=_sentence, asset=asset, say=formats.say, money=formats.money, local=formats.local, span=formats.span, when=formats.when, named_day=formats.named_day, theirs=formats.theirs,
        near_day=formats.near_day, near_day_within=formats.near_day_within,
        zone_label=formats.zone_label, zone_options=formats.zone_options, machine_time=formats.machine_time,
        icon=lambda name, size=20, extra="": Markup(icon(name, size, extra)),
        field_class=lambda field_id: FIELD_CLASSES.get(field_id, "edu"),
        language=languages.language, other_language_url=languages.other_language_url,
        language_urls=languages.language_urls, canonical_url=languages.canonical_url, language_suggestion=languages.language_suggestion,
        unread_notices=_unread_notices, collects=_collects, menu=_menu_of, panels=panels_of, row_panels=_row_panels_of, may=lambda right: _holds_right(security.current_actor(), right),
        current_actor=security.current_actor, theme=_theme, is_demo=lambda: bool(app.config["DEMO"]),
        page_class="", portrait_source=portraits.source,
    )  # fmt: skip


@jinja2.pass_eval_context
def _sentence(templating: jinja2.nodes.EvalContext, sentence: str, **values: object) -> str:
    """`_()` in templates: the sentence in the reader's language, with its %(name)s places filled.

    The i18n extension's own does the same through two calls of the context each time; a page has 400 sentences.
    """
    said = _translated(languages.language(), sentence)
    if not values:
        return said % {} if "%" in said else said
    return said % values if templating.autoescape else str(said) % values


@lru_cache(maxsize=8_192)
def _translated(language: str, sentence: str) -> Markup:
    return Markup(_catalogue().ugettext(sentence))


def _catalogue() -> Any:
    """The translations of this request. Looking for them anew for each of 400 sentences took a third of a page's time."""
    if "catalogue" not in g:
        g.catalogue = get_translations()
    return g.catalogue


def _theme() -> str:
    chosen = request.cookies.get("theme", "")
    return chosen if chosen in {"dark", "light"} else ""


_menu: tuple[MenuEntry, ...] = ()


def offer_menu(entries: Iterable[MenuEntry]) -> None:
    """Say which lines the menus have; the features bring them, app.py hands them over."""
    global _menu
    _menu = tuple(sorted(entries, key=lambda entry: (entry.place, entry.order, entry.endpoint)))


_panels: dict[str, list[Callable[[Any], str]]] = {}


def offer_panels(given: Iterable[Mapping[str, Callable[[Any], str]]]) -> None:
    """Say what features add to pages of features below them; app.py hands it over, `panels(place, view)` shows it,
    with the view that the page itself shows: nothing is read twice."""
    _panels.clear()
    for panels in given:
        for place, panel in panels.items():
            _panels.setdefault(place, []).append(panel)


def panels_of(place: str, view: Any) -> Markup:
    """What the features add at a place, for the view shown there."""
    return Markup("").join(Markup(panel(view)) for panel in _panels.get(place, ()))


_row_panels: dict[str, list[Callable[[Any], Mapping[str, str]]]] = {}


def offer_row_panels(given: Iterable[Mapping[str, Callable[[Any], Mapping[str, str]]]]) -> None:
    """Say what features add to the rows of lists of features below them; `row_panels(place, views)` has it by id."""
    _row_panels.clear()
    for panels in given:
        for place, panel in panels.items():
            _row_panels.setdefault(place, []).append(panel)


def _row_panels_of(place: str, views: Any) -> dict[str, Markup]:
    found: dict[str, Markup] = {}
    for panel in _row_panels.get(place, ()):
        for view_id, html in panel(views).items():
            found[view_id] = found.get(view_id, Markup("")) + Markup(html)
    return found


_holds_right: Callable[[Actor, str], bool] = lambda actor, right: False  # noqa: E731 - replaced by app.py


def ask_rights_with(function: Callable[[Actor, str], bool]) -> None:
    """Say who can tell whether an operator holds a right."""
    global _holds_right
    _holds_right = function


def _menu_of(place: str) -> list[MenuEntry]:
    """The lines of one menu that whoever is signed in may follow."""
    actor = security.current_actor()
    needed = {"me": "", "pro": "consultant", "ops": "operator"}[place]
    if not actor.user_id or (needed and not actor.is_a(needed)):
        return []
    return [
        entry
        for entry in _menu
        if entry.place == place
        and (not entry.role or actor.is_a(entry.role))
        and (not entry.right or _holds_right(actor, entry.right))
    ]


_count_notices: Callable[[str], int] = lambda user_id: 0  # noqa: E731 - replaced by app.py


def count_notices_with(function: Callable[[str], int]) -> None:
    """Say who knows how many notices a person has not read; it may cost one statement."""
    global _count_notices
    _count_notices = function


def _unread_notices() -> int:
    """How many notices the reader has not read. None are counted on the page that says something broke."""
    return 0 if g.get("broken") else _count_notices(security.current_actor().user_id)


_call_people: Callable[[SqlSession, Mapping[str, Any]], Mapping[str, Any]] = lambda db, people: people  # noqa: E731 - replaced by app.py


def call_people_with(function: Callable[[SqlSession, Mapping[str, Any]], Mapping[str, Any]]) -> None:
    """Say who knows under which name people (by id) are shown in the language of the page; it may cost one statement."""
    global _call_people
    _call_people = function


def called(db: SqlSession, people: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same people by id, each under the name that pages in this language call them by."""
    return _call_people(db, people)


_ask_consent: Callable[[str], bool] = lambda user_id: False  # noqa: E731 - replaced by app.py


def ask_consent_with(function: Callable[[str], bool]) -> None:
    """Say who knows whether a person agreed that their browser tells what they look at; it may cost one statement."""
    global _ask_consent
    _ask_consent = function


def _collects() -> bool:
    """Whether this page brings the beacon along. Asked once per sign-in and browser, then kept in the session; the
    server asks again for every batch, so a consent taken back elsewhere holds at once. A page that has read much already
    leaves the asking to the next."""
    user_id = security.current_actor().user_id
    if not user_id or g.get("broken"):
        return False
    known = session.get(COLLECTS)
    if not known or known[0] != user_id:
        if g.get("sql_count", 0) > STATEMENTS_BEFORE_ASKING:
            return False
        known = session[COLLECTS] = [user_id, _ask_consent(user_id)]
    return bool(known[1])


def ask_consent_anew(user_id: str) -> None:
    """Someone has just signed in, or changed their mind."""
    session[COLLECTS] = [user_id, _ask_consent(user_id)]


def _begin() -> None:
    g.began, g.sql_count, g.request_id = time.perf_counter(), 0, secrets.token_hex(6)
    view = current_app.view_functions.get(request.endpoint or "")
    request.max_content_length = getattr(view, "body_bytes_max", BODY_BYTES_MAX)


def _headers(response: Response) -> Response:
    took = (time.perf_counter() - g.get("began", time.perf_counter())) * 1000
    response.headers["Server-Timing"] = f'app;dur={took:.1f}, db;desc="{g.get("sql_count", 0)} statements"'
    response.headers["X-Request-Id"] = g.get("request_id", "")
    for name, value in _SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    if security.COOKIE in request.cookies or "Authorization" in request.headers:
        response.headers.setdefault("Cache-Control", "no-store")
    if response.mimetype == "text/html":
        response.headers.setdefault("Cache-Control", "private, no-cache")
        response.vary.update(("Accept-Language", "Cookie"))
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    return response


_SECURITY_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def _static(name: str) -> Response:
    if name not in _manifest().values():
        abort(404)
    packed = packing.wanted()
    kind = mimetypes.guess_type(name)[0]
    response = send_from_directory(DIST, name + packing.SUFFIX if packed else name, mimetype=kind)
    response.vary.add("Accept-Encoding")
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


@event.listens_for(Engine, "after_cursor_execute")
def _count_statement(*_: Any) -> None:
    if has_request_context():
        g.sql_count = g.get("sql_count", 0) + 1
