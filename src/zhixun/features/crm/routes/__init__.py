"""Keeping people: what everyone may say, what the desk sees, and a consultant's own clients."""

from flask import Blueprint

bp = Blueprint("crm", "zhixun.features.crm", template_folder="templates")

from . import campaigns, clients, desk, saying  # noqa: E402, F401 - the modules hang their addresses on `bp`
