"""Point estimates: Scores in, one number out; NaN where undefined, no warning.

Means over rows are taken here, the AUC is by `delong`, and what counts mistakes by `confusion`:
a comparison on many slices asks for them hundreds of times, and scikit-learn's checks take longer
than the sums. Tests hold them to its values.
Every function here is given at least one row; `metrics.py` answers NaN for none.
"""

from __future__ import annotations

import math

import numpy as np
from sklearn import metrics as sk

from podium.evaluation import confusion, losses
from podium.evaluation.delong import structural_components
from podium.evaluation.scores import (
    Array,
    Costs,
    Floats,
    Scores,
    class_probability,
    positive_probability,
)


def roc_auc(scores: Scores) -> float:
    """Area under the ROC curve, 0..1; NaN with one class only."""
    if _classes(scores) < 2:
        return math.nan
    return _auc(scores.y == 1, positive_probability(scores))


def average_precision(scores: Scores) -> float:
    """Sum over thresholds of (recall step) x precision, 0..1; NaN with one class only."""
    if _classes(scores) < 2:
        return math.nan
    return float(sk.average_precision_score(scores.y, positive_probability(scores)))


def log_loss_binary(scores: Scores) -> float:
    """Mean of -ln P(true class), in nats; probabilities are kept 2e-16 away from 0 and 1."""
    return float(losses.log_loss_binary(scores).mean())


def brier(scores: Scores) -> float:
    """Mean of (P(positive) - y) squared, 0..1."""
    return float(losses.brier(scores).mean())


def accuracy(scores: Scores) -> float:
    """Share of rows predicted right."""
    return float(np.mean(scores.y == scores.prediction))


def balanced_accuracy(scores: Scores) -> float:
    """Mean recall over the classes that occur in y; NaN with one class only."""
    return _of_counts(confusion.balanced_accuracy, scores)


def f1(scores: Scores) -> float:
    """2 tp / (2 tp + fp + fn); NaN when no row is positive and none predicted so."""
    return _of_counts(confusion.f1, scores)


def precision(scores: Scores) -> float:
    """tp / (tp + fp); NaN when no row is predicted positive."""
    return _of_counts(confusion.precision, scores)


def recall(scores: Scores) -> float:
    """tp / (tp + fn); NaN when no row is positive."""
    return _of_counts(confusion.recall, scores)


def mcc(scores: Scores) -> float:
    """Matthews' correlation, -1..1; NaN with one class in y, 0 when one class is predicted."""
    return _of_counts(confusion.mcc, scores)


def cost(costs: Costs, scores: Scores) -> float:
    """Mean cost per row: (fp x costs.fp + fn x costs.fn) / n, in the unit of `costs`."""
    fp = int(np.count_nonzero((scores.y == 0) & (scores.prediction == 1)))
    fn = int(np.count_nonzero((scores.y == 1) & (scores.prediction == 0)))
    return (fp * costs.fp + fn * costs.fn) / len(scores)


def log_loss_multiclass(scores: Scores) -> float:
    """Mean of -ln P(true class), in nats; classes that do not occur in y do no harm."""
    return float(losses.log_loss_multiclass(scores).mean())


def f1_macro(scores: Scores) -> float:
    """Mean F1 over the classes that occur in y or are predicted."""
    return _of_counts(confusion.f1_macro, scores)


def f1_weighted(scores: Scores) -> float:
    """Mean F1 over classes, weighted by how often each occurs in y."""
    return _of_counts(confusion.f1_weighted, scores)


def roc_auc_ovr(scores: Scores) -> float:
    """Mean one-vs-rest AUC over the classes that occur in y; NaN with one class only."""
    present = np.unique(scores.y)
    if len(present) < 2:
        return math.nan
    probability = class_probability(scores)
    each = [_auc(scores.y == c, probability[:, c]) for c in present]
    return float(np.mean(each))


def mae(scores: Scores) -> float:
    """Mean absolute error, in the target's unit."""
    return float(losses.absolute_error(scores).mean())


def rmse(scores: Scores) -> float:
    """Root of the mean squared error, in the target's unit."""
    return math.sqrt(losses.squared_error(scores).mean())


def mape(scores: Scores) -> float:
    """Mean of |error| / |y|, as a share (0.1 is 10 %); NaN when any y is 0."""
    if (scores.y == 0).any():
        return math.nan
    return float(losses.relative_error(scores).mean())


def pinball(quantile: float, scores: Scores) -> float:
    """Mean pinball loss of a quantile in 0..1, in the target's unit; at 0.5 half of the MAE."""
    return float(losses.pinball(quantile, scores).mean())


def r2(scores: Scores) -> float:
    """1 - squared error / variance, at most 1; NaN for a constant y and for fewer than 2 rows."""
    if _classes(scores) < 2:
        return math.nan
    return float(sk.r2_score(scores.y, scores.prediction))


def _of_counts(of_matrices: confusion.OfMatrices, scores: Scores) -> float:
    binary = of_matrices in confusion.BINARY
    counts = confusion.confusion_counts(scores.y, scores.prediction, binary=binary)
    return float(of_matrices(counts[np.newaxis])[0])


def _auc(is_positive: Array, score: Floats) -> float:
    return float(structural_components(is_positive, score)[0].mean())


def _classes(scores: Scores) -> int:
    """1 where y is constant, otherwise 2: enough to know, and O(n)."""
    return 1 if (scores.y == scores.y[0]).all() else 2
