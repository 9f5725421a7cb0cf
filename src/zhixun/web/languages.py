"""Chinese at /…, English at /en/…: the prefix moves into SCRIPT_NAME, so every route and url_for knows one path."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flask import current_app, has_request_context, request

from zhixun.kernel.values import LANGUAGES, Language

ENGLISH = "/en"
ENVIRON = "zhixun.language"
API_PAGE = "/api/v1/docs"
"""A page for people among the API's addresses."""


class LanguagePrefix:
    """WSGI middleware."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == ENGLISH or path.startswith(ENGLISH + "/"):
            environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + ENGLISH
            environ["PATH_INFO"] = path[len(ENGLISH) :] or "/"
            environ[ENVIRON] = "en"
        return self._app(environ, start_response)


def language() -> Language:
    """The language of this request: of the address for pages, of Accept-Language for the API."""
    if not has_request_context():
        return "zh"
    environ = request.environ  # remembered there: a page asks for each of its sentences
    spoken: Language | None = environ.get(ENVIRON)
    if spoken is None:
        spoken = environ[ENVIRON] = _asked_for()
    return spoken


def _asked_for() -> Language:
    if request.path.startswith("/api/") and request.path != API_PAGE:
        return "en" if request.accept_languages.best_match(["en", "zh"], default="en") == "en" else "zh"
    return "zh"


COOKIE = "language"
"""The language a person chose to read; it never redirects, it only decides whether the other one is suggested."""


def language_suggestion() -> bool:
    """Whether the reader seems to prefer the other language: asked on the first page of a visit only."""
    if request.method != "GET" or request.headers.get("Referer", "").startswith(request.host_url):
        return False
    chosen = request.cookies.get(COOKIE) or request.accept_languages.best_match(["zh", "en"])
    return chosen in LANGUAGES and chosen != language()


def language_urls() -> list[tuple[str, str]]:
    """This page in every language, for search engines: ("zh-Hans", "https://…"), ("en", …), ("x-default", …). By the
    house's own address: whoever asks can put any other into the Host header. Without what was asked: a filter is no page."""
    here, path = _house(), request.path
    return [("zh-Hans", here + path), ("en", here + ENGLISH + path), ("x-default", here + path)]


def canonical_url() -> str:
    """The one address of this page in the language it is read in."""
    return _house() + (ENGLISH if language() == "en" else "") + request.path


def _house() -> str:
    return str(current_app.config.get("PUBLIC_URL") or request.host_url).rstrip("/")


def house_url(path: str) -> str:
    """A whole address, for what is copied out of the page: under the name the keeper of the house gave it, whatever the
    asker wrote into the Host header; where none was given, under the one that was asked."""
    return str(current_app.config.get("KNOWN_AS") or request.host_url).rstrip("/") + path


def other_language_url() -> str:
    """The same page in the other language."""
    path = request.full_path if request.query_string else request.path
    if request.method not in {"GET", "HEAD"}:
        path = "/"
    return path if language() == "en" else ENGLISH + path
