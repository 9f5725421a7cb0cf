"""The plans' addresses: a client's own plans, and a consultant's editor of prices and packages."""

from flask import Blueprint

bp = Blueprint("plans", "zhixun.features.plans", template_folder="templates")

from . import mine, pro  # noqa: E402, F401 - the modules hang their addresses on `bp`
