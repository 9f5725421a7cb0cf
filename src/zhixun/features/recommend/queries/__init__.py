"""Door 1 of recommend: who fits a question, who fits a person, and what was learnt of what people chose."""

from .learnt import NO_MODEL, LiveModel, Verdict, live_model, models, verdict
from .matching import CANDIDATES, Match, Suggestion, match
from .personal import explained, personal, ranked_for, stored_for

__all__ = [
    "CANDIDATES", "NO_MODEL", "LiveModel", "Match", "Suggestion", "Verdict", "explained", "live_model", "match", "models",
    "personal", "ranked_for", "stored_for", "verdict",
]  # fmt: skip
