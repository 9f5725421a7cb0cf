"""The plans' addresses: a client's own plans, a consultant's editor of prices and packages, and the house's."""

from flask import Blueprint

bp = Blueprint("plans", "zhixun.features.plans", template_folder="templates")

from . import desk, mine, pro  # noqa: E402, F401 - the modules hang their addresses on `bp`
