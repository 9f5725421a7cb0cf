"""What the form about notices may say."""

from __future__ import annotations

from werkzeug.datastructures import MultiDict

from . import rules
from .rules import Preferences

WAYS = ("in_app", "mail")


def read_preferences(form: MultiDict[str, str]) -> Preferences:
    """A box that is not ticked is not sent, so what is missing is off."""
    told = set(form.getlist("told"))
    boxes = {f"{name}:{way}" for name, group in rules.GROUPS.items() if not group.needed for way in WAYS}
    return Preferences(
        off=frozenset(boxes - told), quiet_from=form.get("quiet_from", "")[:5], quiet_until=form.get("quiet_until", "")[:5],
        digest=form.get("digest") == "1",
    )  # fmt: skip
