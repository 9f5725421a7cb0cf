"""The assistant's pages: asking, the articles, and the desk's two: knowledge and hand-overs."""

from flask import Blueprint

bp = Blueprint("assistant", "zhixun.features.assistant", template_folder="templates")

from . import asking, desk, reading  # noqa: E402, F401 - they hang their addresses on `bp`
