"""Every refusal as an answer: JSON with a code for programs, a page with a sentence and a way on for people."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, g, jsonify, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException

from zhixun.kernel.errors import N_, DomainError, SignInRequired, TooMany
from zhixun.kernel.values import VISITOR

from . import ways

log = logging.getLogger(__name__)

HTTP_SENTENCES = {
    400: ("bad_request", N_("We could not read that request.")),
    403: ("forbidden", N_("You may not do that.")),
    404: ("not_found", N_("We could not find that.")),
    405: ("method_not_allowed", N_("This address does not do that.")),
    410: ("gone", N_("This page has been taken down.")),
    413: ("too_large", N_("That is more than we can take at once.")),
    415: ("unsupported_media_type", N_("Please send JSON.")),
    429: ("too_many", N_("Too many tries. Please wait a little and try again.")),
}
BROKEN = N_("Something broke on our side. Nothing you entered was charged or half done.")


UNAVAILABLE = N_("Our database does not answer right now. Please try again in a moment; nothing is done twice.")
RETRY_SECONDS = 2


def install(app: Flask) -> None:
    app.register_error_handler(DomainError, refused)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(OperationalError, _unavailable)
    app.register_error_handler(PoolTimeoutError, _unavailable)
    app.register_error_handler(Exception, _broken)


def sentence_of(error: DomainError) -> str:
    text = str(gettext(error.message))
    return text % error.values if error.values else text


def field_sentences(error: DomainError) -> dict[str, str]:
    return {name: gettext(sentence) for name, sentence in error.fields.items()}


def _unavailable(error: Exception) -> Response:
    """The database is away, restarting, or too busy: not a mistake in the request, and worth another try."""
    log.error("the database failed request %s: %s", g.get("request_id"), error)
    g.broken = True
    g.setdefault("actor", VISITOR)
    response = _answer(503, "unavailable", gettext(UNAVAILABLE), {}, {})
    response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def is_api() -> bool:
    return request.path.startswith("/api/")


def by_script() -> bool:
    """Whether a page's own script asks, and not a browser that goes somewhere."""
    return request.accept_mimetypes.best == "application/json"


def refused(error: DomainError) -> Response:
    if not is_api() and isinstance(error, SignInRequired):
        back = request.full_path.rstrip("?") if request.method == "GET" else request.headers.get("Referer", "")
        return make_response(redirect(url_for("pages.sign_in", next=_own_path(back)), 303))
    response = _answer(error.status, error.code, sentence_of(error), field_sentences(error), error.extra)
    if isinstance(error, TooMany) and "retry_after_seconds" in error.extra:
        response.headers["Retry-After"] = str(error.extra["retry_after_seconds"])
    return response


def _own_path(address: str) -> str | None:
    if address.startswith(request.host_url):
        address = "/" + address.removeprefix(request.host_url)
    elif address.startswith("/"):
        return request.script_root + address
    return address if address.startswith("/") else None


def _stale_form(error: CSRFError) -> Response:
    sentence = gettext("This form was open for too long. Please go back, reload and send it again.")
    return _answer(400, "stale_form", sentence, {}, {})


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    if status in {301, 302, 303, 307, 308}:
        return make_response(error.get_response())
    if status == 405 and not is_api() and not by_script() and (page := ways.page_of_form()):
        return make_response(redirect(page, 303))
    code, sentence = HTTP_SENTENCES.get(status, ("http_error", N_("That did not work.")))
    response = _answer(status, code, gettext(sentence), {}, {})
    for name, value in error.get_headers():
        if name == "Allow":
            response.headers[name] = value
    return response


def _broken(error: Exception) -> Response:
    g.broken = True
    g.setdefault("actor", VISITOR)  # the page must not ask a database that may be what broke
    reference = g.get("request_id") or secrets.token_hex(6)
    log.exception("request %s broke: %s %s", reference, request.method, _place())
    return _answer(500, "broken", gettext(BROKEN), {}, {"reference": reference})


def _place() -> str:
    """The path as a log may have it: whoever reads logs need not get in by the links that people were mailed."""
    token = (request.view_args or {}).get("token")
    return request.path.replace(token, "(token)") if token else request.path


def _answer(status: int, code: str, sentence: str, fields: Mapping[str, str], extra: Mapping[str, Any]) -> Response:
    if is_api() or by_script():
        said: dict[str, Any] = {"code": code, "message": sentence, **extra}
        if fields:
            said["fields"] = dict(fields)
        response = make_response(jsonify(said), status)
    else:
        page = render_template("base/error.html", status=status, sentence=sentence, fields=fields, extra=extra)
        response = make_response(page, status)
    response.headers["Cache-Control"] = "no-store"
    return response
