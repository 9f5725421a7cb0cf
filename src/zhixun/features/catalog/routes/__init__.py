"""The catalogue's addresses: the desk's editor of fields, and a consultant's own page and services."""

from flask import Blueprint

bp = Blueprint("catalog", "zhixun.features.catalog", template_folder="templates")

from . import fields, own_page, photo, services  # noqa: E402, F401 - the modules hang their addresses on `bp`
