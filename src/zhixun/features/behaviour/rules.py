"""What an interaction is, what is cleaned out of a batch of them, and how long they are kept."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

PURPOSE = "behaviour"
"""The consent without which nothing is collected (see privacy.rules)."""
SEEN_KINDS = ("view", "click", "search", "question", "save", "dismiss")
"""What a browser may say of itself."""
DONE_KINDS = ("booking", "payment", "session", "cancellation", "feedback")
"""What only the house may say, from its own facts: said by a browser it is left out."""
KINDS = (*SEEN_KINDS, *DONE_KINDS)
SOURCES = ("browser", "server")

BATCH_MAX = 50
BATCHES_PER_MINUTE = 60
ID_LENGTH_MAX, SUBJECT_LENGTH_MAX, TEXT_LENGTH_MAX = 64, 200, 500
"""Characters. A longer text is cut, not refused: it is a trace, not a document."""
AGE_MAX = timedelta(days=30)
"""A browser that was offline may report so late."""
KEPT = timedelta(days=400)
PACE_MAX, PACE_SECONDS = 40, 10
"""More than so many interactions in so many seconds is a program, not a person: the whole batch is left out."""
ROBOTS = re.compile(r"bot\b|bot/|crawl|spider|slurp|preview|facebookexternalhit|monitor|lighthouse", re.IGNORECASE)

_HIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060\ufeff]")
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_LONG_NUMBER = re.compile(r"\d(?:[ -]?\d){5,}[xX]?")
_SUBJECT = re.compile(r"(consultant|service|booking|field|topic|page|article|house):[^\s]{1,180}|house")
_BARE_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Interaction:
    """One thing a person did. `subject`: "consultant:018f…", "field:legal", "page:/consultants" or "house"."""

    id: str
    """Chosen by whoever saw it: told twice is kept once per person."""
    kind: str
    subject: str
    at: datetime
    source: str = "browser"
    text: str = ""
    labels: tuple[str, ...] = ()
    """What the text is about: "field=legal", "topic=divorce-custody"."""
    value_minor: int = 0
    channel: str = ""
    starts_at: datetime | None = None
    """When the session that was booked begins."""

    @property
    def consultant_id(self) -> str:
        """Whom it is about; "" where it is nobody."""
        return self.subject.removeprefix("consultant:") if self.subject.startswith("consultant:") else ""


def moment_of(event_id: str) -> datetime:
    """When a fact was stated: its id begins with the milliseconds."""
    return datetime.fromtimestamp(int(event_id[:12], 16) / 1_000, UTC)


def is_robot(user_agent: str) -> bool:
    return ROBOTS.search(user_agent) is not None


def clean(interactions: Iterable[Interaction], *, now: datetime) -> list[Interaction]:
    """What is left of a batch when doubles, nonsense, foreign claims and what is too old are out, the earliest first."""
    kept: dict[str, Interaction] = {}
    for one in interactions:
        subject = clean_subject(one.subject)
        claimed = one.source == "browser" and one.kind not in SEEN_KINDS
        late = one.source == "browser" and one.at < now - AGE_MAX
        if not subject or claimed or late or one.id in kept:
            continue
        kept[one.id] = replace(one, subject=subject, text=clean_text(one.text), at=min(one.at, now))
    found = _without_repeats(sorted(kept.values(), key=lambda one: (one.at, one.id)))
    return [] if _too_fast(found) else found


def clean_subject(subject: str) -> str:
    """The subject in its one form; "" for what names nothing. A bare id is a consultant's."""
    text = _HIDDEN.sub("", unicodedata.normalize("NFKC", subject)).strip()
    if _BARE_ID.fullmatch(text):
        return f"consultant:{text}"
    return text if _SUBJECT.fullmatch(text) else ""


def clean_text(text: str) -> str:
    """One form for the same words: half width, lower case, single blanks; addresses and long numbers taken out."""
    plain = _HIDDEN.sub(" ", unicodedata.normalize("NFKC", text).lower())
    plain = _LONG_NUMBER.sub(" ", _ADDRESS.sub(" ", plain))
    return " ".join(plain.split())[:TEXT_LENGTH_MAX]


def packed(interactions: Sequence[Interaction]) -> str:
    """As one text, so that a fact can carry them."""
    return json.dumps([asdict(one) for one in interactions], default=datetime.isoformat, ensure_ascii=False)


def unpacked(text: str) -> list[Interaction]:
    return [read(one) for one in json.loads(text)]


def read(stored: dict[str, Any]) -> Interaction:
    """From what a fact or a log has kept."""
    given = dict(stored)
    given["labels"] = tuple(given.get("labels") or ())
    for name in ("at", "starts_at"):
        if isinstance(moment := given.get(name), str):
            given[name] = datetime.fromisoformat(moment).astimezone(UTC)
    return Interaction(**given)


def _without_repeats(ordered: Sequence[Interaction]) -> list[Interaction]:
    """The same kind on the same subject with the same text within a second is one press counted twice."""
    kept: list[Interaction] = []
    for one in ordered:
        same = [
            before
            for before in kept[-5:]
            if (before.kind, before.subject, before.text) == (one.kind, one.subject, one.text)
            and one.at - before.at < timedelta(seconds=1)
        ]
        if not same or one.source == "server":
            kept.append(one)
    return kept


def _too_fast(ordered: Sequence[Interaction]) -> bool:
    seen = [one.at for one in ordered if one.source == "browser"]
    window = timedelta(seconds=PACE_SECONDS)
    return any(seen[n + PACE_MAX] - seen[n] < window for n in range(len(seen) - PACE_MAX))
