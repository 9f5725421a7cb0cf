"""The feedback form: everything that is wrong with it at once, and what was typed kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from zhixun.features.quality import rules
from zhixun.features.quality.queries import FeedbackView
from zhixun.kernel.errors import Invalid
from zhixun.kernel.values import is_id, new_id

NUMBER_LENGTH_MAX = 2
MISSING = -1


@dataclass(frozen=True)
class Answers:
    """What was chosen and typed; a number that is missing or none is `MISSING`."""

    feedback_id: str = field(default_factory=new_id)
    nps: int = MISSING
    solved: str = ""
    scores: Mapping[str, int] = field(default_factory=dict)
    words: str = ""
    public: bool = False
    experts: bool = False
    """Whether experts may read the client's sessions without names; ticked here, it is a consent."""


def read_answers(form: Mapping[str, str]) -> Answers:
    given = form.get("feedback_id", "")
    return Answers(
        feedback_id=given if is_id(given) else new_id(),
        nps=_number(form.get("nps", "")),
        solved=form.get("solved", ""),
        scores={name: _number(form.get(name, "")) for name in rules.DIMENSIONS},
        words=form.get("words", "").replace("\r\n", "\n"),
        public=form.get("public") == "yes",
        experts=form.get("experts") == "yes",
    )


def answers_of(given: FeedbackView) -> Answers:
    """What was sent before, to be changed."""
    return Answers(given.id, given.nps, given.solved, given.scores, given.words, given.public)


def check(answers: Answers) -> None:
    """Raises Invalid naming everything that is wrong, in the order of the form."""
    wrong: dict[str, str] = {}
    for look in (
        lambda: rules.check_answers(nps=answers.nps, solved=rules.SOLVED[0], words=""),
        lambda: rules.check_answers(nps=rules.NPS_MIN, solved=answers.solved, words=""),
        lambda: rules.check_scores(answers.scores),
        lambda: rules.check_answers(nps=rules.NPS_MIN, solved=rules.SOLVED[0], words=answers.words),
    ):
        try:
            look()
        except Invalid as error:
            wrong |= error.fields
    if wrong:
        raise Invalid(fields=wrong)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= NUMBER_LENGTH_MAX else MISSING
