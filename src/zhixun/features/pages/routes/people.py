from . import bp


@bp.get("/legal/<page>")
def legal(page: str) -> str:
    return ""


@bp.get("/sign-in")
def sign_in() -> str:
    return ""


@bp.get("/sign-up")
def sign_up() -> str:
    return ""


@bp.get("/sign-out")
def sign_out() -> str:
    return ""


@bp.get("/me")
def me() -> str:
    return ""


@bp.get("/pro")
def pro_day() -> str:
    return ""


@bp.get("/pro/earnings")
def pro_earnings() -> str:
    return ""


@bp.get("/components")
def components() -> str:
    return ""
