"""Quality's addresses: the client's feedback, the experts' reading, and what the desk sees of both."""

from flask import Blueprint

bp = Blueprint("quality", "zhixun.features.quality", template_folder="templates")

from . import desk, feedback, review  # noqa: E402, F401 - the modules hang their addresses on `bp`
