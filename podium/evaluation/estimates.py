"""Point estimates by scikit-learn: Scores in, one number out; NaN where undefined, no warning.

Every function here is given at least one row; `metrics.py` answers NaN for none.
"""

from __future__ import annotations

import math

import numpy as np
from sklearn import metrics as sk

from podium.evaluation.scores import Costs, Scores, class_probability, positive_probability


def roc_auc(scores: Scores) -> float:
    """Area under the ROC curve, 0..1; NaN with one class only."""
    if _classes(scores) < 2:
        return math.nan
    return float(sk.roc_auc_score(scores.y, positive_probability(scores)))


def average_precision(scores: Scores) -> float:
    """Sum over thresholds of (recall step) x precision, 0..1; NaN with one class only."""
    if _classes(scores) < 2:
        return math.nan
    return float(sk.average_precision_score(scores.y, positive_probability(scores)))


def log_loss_binary(scores: Scores) -> float:
    """Mean of -ln P(true class), in nats; probabilities are kept 2e-16 away from 0 and 1."""
    return float(sk.log_loss(scores.y, positive_probability(scores), labels=[0, 1]))


def brier(scores: Scores) -> float:
    """Mean of (P(positive) - y) squared, 0..1."""
    return float(sk.mean_squared_error(scores.y, positive_probability(scores)))


def accuracy(scores: Scores) -> float:
    """Share of rows predicted right."""
    return float(sk.accuracy_score(scores.y, scores.prediction))


def balanced_accuracy(scores: Scores) -> float:
    """Mean recall over the classes that occur in y; NaN with one class only."""
    present = np.unique(scores.y)
    if len(present) < 2:
        return math.nan
    # balanced_accuracy_score is this, with a warning for a class that is only ever predicted.
    return float(
        sk.recall_score(
            scores.y, scores.prediction, labels=present, average="macro", zero_division=0.0
        )
    )


def f1(scores: Scores) -> float:
    """2 tp / (2 tp + fp + fn); NaN when no row is positive and none predicted so."""
    return float(sk.f1_score(scores.y, scores.prediction, zero_division=math.nan))


def precision(scores: Scores) -> float:
    """tp / (tp + fp); NaN when no row is predicted positive."""
    return float(sk.precision_score(scores.y, scores.prediction, zero_division=math.nan))


def recall(scores: Scores) -> float:
    """tp / (tp + fn); NaN when no row is positive."""
    return float(sk.recall_score(scores.y, scores.prediction, zero_division=math.nan))


def mcc(scores: Scores) -> float:
    """Matthews' correlation, -1..1; NaN with one class in y, 0 when one class is predicted."""
    if _classes(scores) < 2:
        return math.nan
    return float(sk.matthews_corrcoef(scores.y, scores.prediction))


def cost(costs: Costs, scores: Scores) -> float:
    """Mean cost per row: (fp x costs.fp + fn x costs.fn) / n, in the unit of `costs`."""
    fp = int(np.count_nonzero((scores.y == 0) & (scores.prediction == 1)))
    fn = int(np.count_nonzero((scores.y == 1) & (scores.prediction == 0)))
    return (fp * costs.fp + fn * costs.fn) / len(scores)


def log_loss_multiclass(scores: Scores) -> float:
    """Mean of -ln P(true class), in nats; classes that do not occur in y do no harm."""
    probability = class_probability(scores)
    return float(sk.log_loss(scores.y, probability, labels=np.arange(probability.shape[1])))


def f1_macro(scores: Scores) -> float:
    """Mean F1 over the classes that occur in y or are predicted."""
    return float(sk.f1_score(scores.y, scores.prediction, average="macro", zero_division=0.0))


def f1_weighted(scores: Scores) -> float:
    """Mean F1 over classes, weighted by how often each occurs in y."""
    return float(sk.f1_score(scores.y, scores.prediction, average="weighted", zero_division=0.0))


def roc_auc_ovr(scores: Scores) -> float:
    """Mean one-vs-rest AUC over the classes that occur in y; NaN with one class only."""
    present = np.unique(scores.y)
    if len(present) < 2:
        return math.nan
    probability = class_probability(scores)
    each = [sk.roc_auc_score(scores.y == c, probability[:, c]) for c in present]
    return float(np.mean(each))


def mae(scores: Scores) -> float:
    """Mean absolute error, in the target's unit."""
    return float(sk.mean_absolute_error(scores.y, scores.prediction))


def rmse(scores: Scores) -> float:
    """Root of the mean squared error, in the target's unit."""
    return float(sk.root_mean_squared_error(scores.y, scores.prediction))


def mape(scores: Scores) -> float:
    """Mean of |error| / |y|, as a share (0.1 is 10 %); NaN when any y is 0."""
    if (scores.y == 0).any():
        return math.nan
    return float(sk.mean_absolute_percentage_error(scores.y, scores.prediction))


def r2(scores: Scores) -> float:
    """1 - squared error / variance, at most 1; NaN for a constant y and for fewer than 2 rows."""
    if _classes(scores) < 2:
        return math.nan
    return float(sk.r2_score(scores.y, scores.prediction))


def _classes(scores: Scores) -> int:
    """1 where y is constant, otherwise 2: enough to know, and O(n)."""
    return 1 if (scores.y == scores.y[0]).all() else 2
