"""What an expert would say of a session, judged from everything else that is known of it.

A linear regression with a ridge penalty (Hoerl & Kennard, 1970; the penalty chosen by leave-one-out) on the client's
stars and words, the consultant's conduct and the outcome. Its error is that of five-fold cross-validation, shown beside
the error of always saying the mean; a model that is not better than the mean is not used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan, sqrt
from typing import Any

FEATURES = (
    "accuracy", "clarity", "actionable", "boundaries", "punctual", "nps", "solved", "words_length", "late_minutes",
    "answer_hours", "summary_on_time", "rebooked", "refunded",
)  # fmt: skip
FOLDS = 5
TRAIN_MIN = 30
"""Fewer read sessions than this teach nothing."""
PENALTIES = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
TEXT_FEATURES_MAX = 3_000
WEIGHTS_SHOWN = 8
SCORE_MIN, SCORE_MAX = 1.0, 5.0
SEED = 7


@dataclass(frozen=True)
class Example:
    """A session: what is known of it (a feature that is not known is missing), the client's words, and the experts' mean
    score where they read it."""

    id: str
    known: dict[str, float]
    words: str = ""
    score: float | None = None


@dataclass(frozen=True)
class Errors:
    """Mean absolute error in points of the scale, root mean square error, and R² (share of the variance explained)."""

    mae: float
    rmse: float
    r2: float


@dataclass(frozen=True)
class Fitted:
    """What was learned: the errors on sessions not learned from, those of the mean, and the strongest weights (change of
    the score for one standard deviation of a feature)."""

    count: int
    errors: Errors
    baseline: Errors
    weights: dict[str, float]
    predictions: dict[str, float]

    @property
    def is_better(self) -> bool:
        return self.errors.mae < self.baseline.mae and self.errors.r2 > 0


def learn(examples: Sequence[Example]) -> Fitted | None:
    """Fit on the sessions with a score and predict the others; None where there are too few. Takes seconds, needs no
    database; scikit-learn is loaded here and not before."""
    taught = [one for one in examples if one.score is not None]
    if len(taught) < TRAIN_MIN:
        return None
    from sklearn.model_selection import KFold, cross_val_predict

    scores = [one.score or 0.0 for one in taught]
    folds = KFold(FOLDS, shuffle=True, random_state=SEED)
    guessed = [_within(float(one)) for one in cross_val_predict(_pipeline(), _rows(taught), scores, cv=folds)]
    model = _pipeline().fit(_rows(taught), scores)
    unread = [one for one in examples if one.score is None]
    said = model.predict(_rows(unread)) if unread else []
    return Fitted(
        len(taught), errors_of(scores, guessed), errors_of(scores, _means(scores, folds)), _weights(model),
        {one.id: _within(float(score)) for one, score in zip(unread, said, strict=True)},
    )  # fmt: skip


def errors_of(truth: Sequence[float], guessed: Sequence[float]) -> Errors:
    """The errors of guesses against the truth; R² is 0 where the truth never changes."""
    mean = sum(truth) / len(truth)
    squares = sum((one - other) ** 2 for one, other in zip(truth, guessed, strict=True))
    spread = sum((one - mean) ** 2 for one in truth)
    return Errors(
        sum(abs(one - other) for one, other in zip(truth, guessed, strict=True)) / len(truth),
        sqrt(squares / len(truth)),
        1 - squares / spread if spread else 0.0,
    )


def learn_from_words(texts: Sequence[str], scores: Sequence[float]) -> list[float]:
    """Cross-validated guesses of a score from words alone: the part of the model that reads."""
    from sklearn.model_selection import KFold, cross_val_predict
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(_reader(), _ridge())
    folds = KFold(FOLDS, shuffle=True, random_state=SEED)
    return [float(one) for one in cross_val_predict(model, list(texts), list(scores), cv=folds)]


def mean_of_others(scores: Sequence[float]) -> list[float]:
    """What always saying the mean guesses, fold by fold, so that both are measured alike."""
    from sklearn.model_selection import KFold

    return _means(scores, KFold(FOLDS, shuffle=True, random_state=SEED))


def _means(scores: Sequence[float], folds: Any) -> list[float]:
    guessed = [0.0] * len(scores)
    for learned, left_out in folds.split(scores):
        mean = sum(scores[at] for at in learned) / len(learned)
        for at in left_out:
            guessed[at] = mean
    return guessed


def _pipeline() -> Any:
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    numbers = make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler())
    columns = ColumnTransformer(
        [("numbers", numbers, list(range(len(FEATURES)))), ("words", _reader(), len(FEATURES))],
        transformer_weights={"words": 0.5},
    )
    return make_pipeline(columns, _ridge())


def _reader() -> Any:
    """Pairs and triples of characters: they read Chinese and English alike, and need no dictionary."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(
        analyzer="char_wb", ngram_range=(1, 3), min_df=2, max_features=TEXT_FEATURES_MAX, sublinear_tf=True,
        preprocessor=_some_words,
    )  # fmt: skip


def _ridge() -> Any:
    from sklearn.linear_model import RidgeCV

    return RidgeCV(alphas=PENALTIES)


def _some_words(text: str) -> str:
    """No words at all are a sign as well."""
    return text.lower() or "∅∅"


def _rows(examples: Sequence[Example]) -> Any:
    import numpy

    rows = numpy.empty((len(examples), len(FEATURES) + 1), dtype=object)
    for at, one in enumerate(examples):
        rows[at, :-1] = [one.known.get(name, nan) for name in FEATURES]
        rows[at, -1] = one.words
    return rows


def _weights(model: Any) -> dict[str, float]:
    """The strongest of the numbers' weights; those of single letters would tell nobody anything."""
    found = dict(zip(FEATURES, map(float, model[-1].coef_[: len(FEATURES)]), strict=True))
    strongest = sorted(found, key=lambda name: -abs(found[name]))[:WEIGHTS_SHOWN]
    return {name: round(found[name], 4) for name in strongest}


def _within(score: float) -> float:
    return min(max(score, SCORE_MIN), SCORE_MAX)
