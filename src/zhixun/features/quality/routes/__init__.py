"""Quality's addresses: the client's feedback, the experts' reading, the summary, the report, and the desk's view."""

from flask import Blueprint

bp = Blueprint("quality", "zhixun.features.quality", template_folder="templates")

from . import desk, feedback, report, review, summary  # noqa: E402, F401 - the modules hang their addresses on `bp`
