"""A booking's addresses, in the order a client meets them: booking a time, paying for it, the session and its end."""

from flask import Blueprint

bp = Blueprint("booking", "zhixun.features.booking", template_folder="templates")

from . import (  # noqa: E402, F401 - the modules hang their addresses on `bp`  # noqa: E402, F401 - the modules hang their addresses on `bp`
    absence,
    answering,
    booking,
    checkout,
    day_off,
    deeds,
    feeds,
    groups,
    intake,
    moving,
    receipt,
    refunding,
    series,
    sessions,
    why,
)
