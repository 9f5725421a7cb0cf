"""Handing in credentials and their scans, checking them, and the way to become a consultant."""

from flask import Blueprint

bp = Blueprint("credentials", "zhixun.features.credentials", template_folder="templates")

from . import claims, scans  # noqa: E402, F401 - the modules hang their addresses on `bp`
