from flask import Blueprint

bp = Blueprint("pages", __name__, template_folder="templates")


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
