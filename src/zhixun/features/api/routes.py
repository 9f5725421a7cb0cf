from flask import Blueprint

bp = Blueprint("api", __name__, template_folder="templates")


@bp.get("/api/v1/docs")
def docs() -> str:
    return ""
