"""A person's own profile: what it says, where each line comes from, and how to correct it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from zhixun.features.behaviour import queries as behaviour
from zhixun.features.catalog import queries as catalog
from zhixun.features.catalog.queries import ConsultantName
from zhixun.features.search import queries as search
from zhixun.kernel.values import Words, utc_now
from zhixun.web.security import current_actor, read, require, safe_next, work

from . import actions, queries, rules
from .queries import ProfileView

bp = Blueprint("profiles", __name__, template_folder="templates")

LABELS_SHOWN = 10
NOTED_READ, NOTED_SHOWN = 200, 20
SAVED_SHOWN = 60


@dataclass(frozen=True)
class LabelShown:
    """`share`: of the strongest, 0 to 100."""

    label: str
    name: Words
    share: int
    sources: tuple[tuple[str, int], ...]
    said: bool
    """The person said so themselves."""


@bp.get("/me/profile")
@require()
def mine() -> str:
    actor = current_actor()
    with read() as db:
        agreed = behaviour.may_collect(db, actor.user_id)
        profile = queries.profile_of(db, actor.user_id)
        fields = catalog.fields(db)
        noted = rules.told_once(behaviour.interactions_of(db, actor.user_id, limit=NOTED_READ) if agreed else ())
        noted = noted[:NOTED_SHOWN]
        cards = _named(db, profile, [one.latest.consultant_id for one in noted])
    names = queries.names_of_labels(fields)
    labels = _labels(profile, names)
    said = {label for label, verdict in profile.corrections.items() if verdict == "wanted"}
    return render_template(
        "profiles/mine.html", agreed=agreed, profile=profile, labels=labels, noted=noted, cards=cards, names=names,
        fields=fields, chosen={label.partition("=")[0]: label.partition("=")[2] for label in said},
        wrong=[label for label, verdict in profile.corrections.items() if verdict == "wrong" and label in names],
        choices=actions.CHOICES, page_name=rules.page_name,
    )  # fmt: skip


@bp.post("/me/profile/corrections")
@require()
def correct() -> Response:
    """One line is wrong, or so (`verdict`); an empty verdict takes back what was said of it."""
    label, verdict = request.form.get("label", ""), request.form.get("verdict", "")
    with work() as uow:
        if verdict:
            actions.correct(uow, label=label, verdict=verdict)
        else:
            actions.take_back_correction(uow, label=label)
    flash(gettext("Noted. It counts from now on.") if verdict else gettext("Taken back."))
    return redirect(safe_next(request.form.get("next"), url_for("profiles.mine")), 303)


@bp.post("/me/profile/habits")
@require()
def choose_habits() -> Response:
    with work() as uow:
        for name in actions.CHOICES:
            actions.choose_habit(uow, name=name, value=request.form.get(name, ""))
    flash(gettext("Saved."))
    return redirect(url_for("profiles.mine", _anchor="habits"), 303)


@bp.get("/me/saved")
@require()
def saved() -> str:
    actor, now = current_actor(), utc_now()
    with read() as db:
        ids = queries.saved_by(db, actor.user_id)[:SAVED_SHOWN]
        found = search.consultants_of(db, ids, now=now)
        fields = catalog.bare_fields(db)
    shown = [found[one] for one in ids if one in found]
    return render_template("profiles/saved.html", shown=shown, fields={one.id: one for one in fields})


@bp.post("/me/saved")
@require()
def save() -> Response:
    """Saves (`saved=1`) or takes off (`saved=0`) one consultant."""
    wanted, consultant_id = request.form.get("saved") == "1", request.form.get("consultant_id", "")
    with work() as uow:
        if wanted:
            actions.save_consultant(uow, consultant_id=consultant_id)
        else:
            actions.unsave_consultant(uow, consultant_id=consultant_id)
    flash(gettext("Saved for later.") if wanted else gettext("Taken off your list."))
    return redirect(safe_next(request.form.get("next"), url_for("profiles.saved")), 303)


def _named(db: Session, profile: ProfileView, seen: list[str]) -> dict[str, ConsultantName]:
    wanted = {*profile.not_interested, *(one for one in seen if one)}
    return catalog.names_of(db, wanted) if wanted else {}


def _labels(profile: ProfileView, names: dict[str, Words]) -> list[LabelShown]:
    shown = [(label, weight) for label, weight in rules.labels_in(profile.vector).items() if label in names]
    top = max((weight for _, weight in shown), default=1.0)
    return [
        LabelShown(
            label, names[label], round(100 * weight / top),
            tuple(sorted(profile.sources.get(label, {}).items(), key=lambda item: -item[1])),
            profile.corrections.get(label) == "wanted",
        )
        for label, weight in shown[:LABELS_SHOWN]
    ]  # fmt: skip
