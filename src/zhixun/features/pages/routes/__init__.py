"""The pages' addresses, by who walks through them: those who look for a consultant, people's own, the house's."""

from flask import Blueprint

bp = Blueprint("pages", "zhixun.features.pages", template_folder="templates")

from . import data, door, finding, house, links, people, proof, safety, statements  # noqa: E402, F401 - the modules hang their addresses on `bp`
