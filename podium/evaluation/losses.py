"""The loss of each row, (n,), of those metrics that are a mean over rows."""

from __future__ import annotations

import numpy as np

from podium.evaluation.scores import (
    Costs,
    Floats,
    Scores,
    class_probability,
    positive_probability,
)

_EPSILON = float(np.finfo(np.float64).eps)  # as scikit-learn's log_loss


def log_loss_binary(scores: Scores) -> Floats:
    """-ln P(true class) in nats, at most 36."""
    positive = positive_probability(scores)
    return _surprise(np.where(scores.y == 1, positive, 1.0 - positive))


def log_loss_multiclass(scores: Scores) -> Floats:
    """-ln P(true class) in nats, at most 36."""
    return _surprise(class_probability(scores)[np.arange(len(scores)), scores.y])


def brier(scores: Scores) -> Floats:
    """(P(positive) - y) squared, 0..1."""
    return (positive_probability(scores) - scores.y) ** 2


def cost(costs: Costs, scores: Scores) -> Floats:
    """costs.fp for a false positive, costs.fn for a false negative, 0 for a right prediction."""
    false_positive = (scores.y == 0) & (scores.prediction == 1)
    false_negative = (scores.y == 1) & (scores.prediction == 0)
    return np.asarray(false_positive * costs.fp + false_negative * costs.fn, dtype=np.float64)


def absolute_error(scores: Scores) -> Floats:
    """|y - prediction|, in the target's unit."""
    return np.abs(_error(scores))


def squared_error(scores: Scores) -> Floats:
    """(y - prediction) squared, in the target's unit squared."""
    return _error(scores) ** 2


def relative_error(scores: Scores) -> Floats:
    """|y - prediction| / |y|, as a share; only for y without zeros."""
    return np.abs(_error(scores) / scores.y)


def pinball(quantile: float, scores: Scores) -> Floats:
    """quantile x error where the prediction is too low, (1 - quantile) x where it is too high.

    In the target's unit; the constant that has the least of it is that quantile of y.
    """
    error = _error(scores)
    return np.maximum(quantile * error, (quantile - 1.0) * error)


def _error(scores: Scores) -> Floats:
    return scores.y.astype(np.float64) - scores.prediction.astype(np.float64)


def _surprise(probability: Floats) -> Floats:
    return -np.log(np.clip(probability, _EPSILON, 1.0 - _EPSILON))
