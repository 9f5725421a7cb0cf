from . import bp


@bp.get("/")
def home() -> str:
    return ""


@bp.get("/match")
def match() -> str:
    return ""


@bp.get("/consultants")
def consultants() -> str:
    return ""


@bp.get("/c/<slug>")
def consultant(slug: str) -> str:
    return ""
