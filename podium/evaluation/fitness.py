"""What a model's scores can be asked at all."""

from __future__ import annotations

from podium.errors import UsageError
from podium.evaluation.metrics import Metric
from podium.evaluation.scores import Scores


def why_unfit(metric: Metric, scores: Scores) -> str:
    """Why `metric` cannot be told of these scores, in words; "" where it can."""
    if metric.needs == "probability" and scores.probability is None:
        return f"it gives no probabilities, which {metric.name} needs"
    try:
        metric.compute(scores)
    except UsageError as error:
        return error.what
    return ""


def is_constant(scores: Scores, metric: Metric | None = None) -> bool:
    """Whether every row gets one and the same answer; of no rows, yes.

    metric: then only the answers that it looks at, the predictions or the probabilities.
    """
    wanted = scores.probability
    if metric is not None and metric.needs == "prediction":
        wanted = None
    answer = scores.prediction if wanted is None else wanted
    return bool((answer == answer[:1]).all())


def classes_of(scores: Scores) -> int | None:
    """How many classes a multiclass model knows, where its probabilities say so."""
    probability = scores.probability
    return probability.shape[1] if probability is not None and probability.ndim == 2 else None
