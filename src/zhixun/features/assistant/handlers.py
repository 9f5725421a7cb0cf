"""The index follows the facts. Each reads the truth anew, so twice, late or out of order comes to the same."""

from __future__ import annotations

from zhixun.events.assistant import ArticleChanged
from zhixun.kernel.services import service
from zhixun.kernel.tables import Session

from . import queries
from .ports import PassageIndex


def index_changed(event: ArticleChanged) -> None:
    bring_up_to_date()


def bring_up_to_date() -> None:
    """Put and remove until the index says what the database says; there are so few passages that all are compared."""
    index = service(PassageIndex)
    with Session() as db:
        truth = {passage.id: passage for passage in queries.passages_of(db)}
    stored = index.digests()
    index.put([passage for passage in truth.values() if stored.get(passage.id) != passage.digest])
    index.remove([one for one in stored if one not in truth])
