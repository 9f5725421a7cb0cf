"""The description, for programs and for people."""

from __future__ import annotations

from flask import Response, jsonify, render_template

from . import openapi
from .endpoint import bp


@bp.get("/openapi.json")
def openapi_json() -> Response:
    response = jsonify(openapi.description())
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


@bp.get("/docs")
def docs() -> str:
    return render_template("api/docs.html")
