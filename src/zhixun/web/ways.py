"""Addresses that only take a form, typed or asked for again after an error: on to the page where the form stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from flask import current_app, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter

P = ParamSpec("P")
R = TypeVar("R")


def leads_to(endpoint: str, anchor: str | None = None) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Where the page of a form is not the nearest page above the form's address: say which it is."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        view.leads_to = endpoint, anchor  # type: ignore[attr-defined]  # read by page_of_form
        return view

    return decorate


def page_of_form() -> str | None:
    """Where whoever asks for a form's address by GET finds the form; None where nobody can."""
    addresses = current_app.create_url_adapter(request)
    if request.method not in {"GET", "HEAD"} or addresses is None:
        return None
    try:
        endpoint, ids = addresses.match(method="POST")
    except HTTPException:
        return None
    page, anchor = getattr(current_app.view_functions[endpoint], "leads_to", ("", None))
    if page:
        rule = next(current_app.url_map.iter_rules(page))
        return url_for(page, _anchor=anchor, **{name: ids[name] for name in rule.arguments})
    return request.script_root + _nearest_page(addresses, request.path)


def _nearest_page(addresses: MapAdapter, path: str) -> str:
    while path := path.rpartition("/")[0]:
        if addresses.test(path, method="GET"):
            return path
    return "/"
