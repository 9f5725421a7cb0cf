"""A paper on its way out: its head, its file name, and the words it shares with the page it stands beside."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO

from flask import Response, current_app, get_template_attribute, send_file
from flask_babel import gettext
from markupsafe import Markup

from zhixun.kernel.papers import Block, Paper, Typesetter
from zhixun.kernel.services import service

from . import limits
from .formats import local
from .languages import language
from .security import current_actor

TRIES, SECONDS = 30, 60
"""So many papers one person may have set within this time."""


def paper(
    title: str, subtitle: str, *, number: str, made_at: datetime, blocks: tuple[Block, ...], small: tuple[str, ...] = ()
) -> Paper:
    """A paper of this house, in the reader's language."""
    made_on = gettext("Made on %(date)s", date=local(made_at, "date"))
    return Paper(language(), gettext("Zhixun"), title, subtitle, number, made_at, made_on, blocks, small)


def handed_out(paper: Paper, name: str) -> Response:
    """The answer with the PDF, to be kept under `name`. Call it after the transaction that read what the paper says."""
    limits.limit("paper", current_actor().user_id, tries=TRIES, seconds=SECONDS)
    data = service(Typesetter).pdf(paper)
    answer = send_file(BytesIO(data), "application/pdf", as_attachment=True, download_name=f"{name}.pdf")
    answer.headers["Cache-Control"] = "no-store"
    return answer


def as_text(said: object) -> str:
    """What a page's macro says, as a person reads it."""
    return " ".join(Markup(str(said)).striptags().split())


def in_the_words_of_pages(macro: str, value: object) -> str:
    """What a macro of components/ui.html says of a value."""
    return as_text(get_template_attribute("components/ui.html", macro)(value))


def words_of(template: str, **values: object) -> object:
    """A template of macros, with what they speak of; its macros and names are the attributes of the answer."""
    return current_app.jinja_env.get_template(template).make_module(values)
