"""What programs are answered about a consultant's sessions."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from zhixun.kernel.errors import N_

from .answers import SatisfactionShown, Solved
from .kinds import Answer, At


class ReviewShown(Answer):
    score: float
    words: str
    solved: Solved
    service: str
    at: At


class EstimateShown(Answer):
    """A mean, and what it says about the consultant: drawn towards the house where there are few numbers."""

    mean: Annotated[float, Field(description=N_("The published formula: the mean of the scores, 1 to 5."))]
    count: int
    value: Annotated[float, Field(description=N_("The estimate, drawn towards the house’s mean where there are few."))]
    low: Annotated[float, Field(description=N_("Lower end of its interval, which holds in 95 of 100 cases."))]
    high: float


class ExpertScore(Answer):
    predicted: Annotated[
        bool, Field(description=N_("No expert has read a session: the regression’s word, no judgement."))
    ]
    mean: float
    count: Annotated[int, Field(description=N_("Expert reviews, or predicted sessions."))]
    value: float | None
    low: float | None
    high: float | None


class QualityShown(Answer):
    consultant_id: str
    satisfaction: SatisfactionShown
    satisfaction_estimate: Annotated[
        EstimateShown | None, Field(description=N_("Null below five answers, as the mean is."))
    ]
    expert: Annotated[ExpertScore | None, Field(description=N_("Null where nothing is known."))]
    dimensions: dict[str, float]
    distribution: dict[str, int]
    reviews: list[ReviewShown]
