"""What a candidate has to beat where there is no champion: the best constant answer."""

from __future__ import annotations

import math

import numpy as np

from podium.evaluation.metrics import Metric, get_metric, pinball_quantile
from podium.evaluation.scores import Array, Floats, Ints, Scores, Task


def baseline_scores(
    task: Task, y: Array, metric: Metric | str, classes: int | None = None
) -> Scores:
    """The scores of the best constant answer, chosen in hindsight on these very rows.

    y: (n,) as in `Scores`. metric: what "best" means, or its name. classes: how many there are,
    for a multiclass task; by default as many as y tells of.

    Classifiers: the probabilities are the shares of the classes in y on every row. The
    prediction is the class for which `metric` is best among constants, the commoner class among
    equals; for metrics of probabilities, and for recall (which calling everything positive
    would make perfect), it is the majority class.
    Regression: the constant with the least loss: the median for mae, the median weighted by
    1 / |y| for mape, for pinball the least value with at least that share of rows at or below it,
    else the mean. No rows give empty scores.

    Hindsight favours the constant a little, never the candidate. A constant is a low bar for
    recall, f1_macro and f1_weighted: guessing at random beats it; so decide by another metric.
    """
    chosen = get_metric(task, metric) if isinstance(metric, str) else metric
    if task == "regression":
        constant = _best_number(y.astype(np.float64), chosen.name)
        return Scores(y, np.full(len(y), constant))
    labels = y.astype(np.int64)
    k = 2 if task == "binary" else max(classes or 2, int(labels.max(initial=1)) + 1)
    probability = _shares(labels, k, task)
    prediction = _best_class(labels, probability, chosen, k)
    return Scores(labels, np.full(len(y), prediction), probability)


def _shares(labels: Ints, k: int, task: Task) -> Floats:
    """The share of the positive class (n,), or of every class (n, k), on each row."""
    share = np.bincount(labels, minlength=k) / max(len(labels), 1)
    if task == "binary":
        return np.full(len(labels), share[1])
    return np.tile(share, (len(labels), 1))


def _best_class(labels: Ints, probability: Floats, metric: Metric, k: int) -> int:
    counts = np.bincount(labels, minlength=k)
    commonest_first = [int(c) for c in np.argsort(-counts, kind="stable")]
    if metric.needs == "probability" or metric.name == "recall":
        return commonest_first[0]

    def worth(c: int) -> float:
        value = metric.compute(Scores(labels, np.full(len(labels), c), probability))
        if math.isnan(value):
            return -math.inf
        return value if metric.higher_is_better else -value

    return max((c for c in commonest_first if counts[c]), key=worth, default=commonest_first[0])


def _best_number(y: Floats, metric: str) -> float:
    if len(y) == 0:
        return 0.0
    quantile = pinball_quantile(metric)
    if quantile is not None:
        return float(np.quantile(y, quantile, method="inverted_cdf"))
    if metric == "mape" and (y != 0).all():
        return _weighted_median(y, 1.0 / np.abs(y))
    return float(np.median(y)) if metric in ("mae", "mape") else float(np.mean(y))


def _weighted_median(y: Floats, weight: Floats) -> float:
    """The least value with at least half of the weight at or below it."""
    order = np.argsort(y)
    reached = np.cumsum(weight[order])
    return float(y[order[int(np.searchsorted(reached, reached[-1] / 2))]])
