from flask import Blueprint

bp = Blueprint("booking", __name__, template_folder="templates")


@bp.get("/sessions")
def sessions() -> str:
    return ""
