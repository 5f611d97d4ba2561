"""What one model surely reaches by itself: an interval of which each end errs with `alpha`.

For a minimum such as "recall at least 0.9", where the intervals of a training report will not
do: those say nothing about mistakes that a few faultless rows just did not show.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from podium.evaluation import losses
from podium.evaluation.intervals import UNKNOWN, Bounds
from podium.evaluation.metrics import Metric, pinball_quantile
from podium.evaluation.paired import Asked, ByRow, Found
from podium.evaluation.pairs import Pair
from podium.evaluation.scores import Array, Costs, Floats, Ints, Scores

FEWEST = 5  # rows of a class, or rows: fewer never tell how sure a metric is
_ENOUGH_ALIKE = 100  # rows with one and the same loss that may stand for all others
_SHARES = ("accuracy", "recall", "precision")
_RANKINGS = ("roc_auc", "roc_auc_ovr")
_MEANS_OVER_CLASSES = ("balanced_accuracy", "roc_auc_ovr", "f1_macro")
_LOSSES: dict[str, ByRow] = {
    "log_loss": losses.log_loss_binary,
    "brier": losses.brier,
    "mae": losses.absolute_error,
    "mape": losses.relative_error,
    "rmse": losses.squared_error,
}


@dataclass(frozen=True)
class Alone:
    """A model's metric, surely at least `low` and surely at most `high`.

    Each of the two is wrong with a chance of at most about `alpha`. Where the rows cannot tell,
    both are NaN and `why_not` says why.
    """

    estimate: float
    low: float
    high: float
    why_not: str = ""


def alone(
    metric: Metric, scores: Scores, group: Ints | None, *, alpha: float, seed: int = 0
) -> Alone:
    """How surely `scores` reach their value of `metric`; rows of a `group` (n,) count together.

    Accuracy, recall and precision are shares of rows, with exact binomial (Clopper-Pearson)
    bounds. All others are held against a model without any mistake by the metric's own paired
    test, whose difference is what this one lacks; the AUC on the logit scale. No lower bound is
    above what the rows that carry it could show were they all right: k of those prove no more
    than alpha^(1/k), the rule of three. Losses are moved up for a long tail (see `_with_tail`).

    At alpha = 5 % a model exactly at the limit passes in 0 to 5 % of cases by roc_auc .8 to .97
    with 5 to 200 positive rows, and in 3 to 5 % by a Brier score, log loss or cost with 5 %
    positives and 300 or 1,000 rows. Tails can be too long for any such rule: an rmse of lognormal
    errors passes in 20 % of cases with 50 rows and in 8 % with 1,000.

    Unknown where the metric is; with fewer than 5 positive or 5 negative rows, or 5 rows; and
    where fewer than 100 rows all have the same loss, which shows no spread.
    """
    estimate = metric.compute(scores)
    why = "the metric is undefined on these rows" if math.isnan(estimate) else ""
    why = why or _too_few(metric, scores)
    if why:
        return Alone(estimate, *UNKNOWN, why)
    if metric.name in _SHARES and group is None:
        return Alone(estimate, *_of_share(_right(metric, scores), alpha))
    found = _against_perfect(metric, Pair(scores, _perfect(scores), group), Asked(alpha, seed))
    why = found.why_not or _no_spread(metric, found, len(scores))
    if why:
        return Alone(estimate, *UNKNOWN, why)
    low, high = _bounds(metric, estimate, found, alpha)
    if not metric.higher_is_better and group is None:
        high = _with_tail(metric, scores, high, alpha)
    low = min(low, _most_shown(metric, scores, group, alpha), estimate)
    return Alone(estimate, low, max(high, estimate))


def _too_few(metric: Metric, scores: Scores) -> str:
    if metric.name in _SHARES:
        return ""
    if metric.task == "binary" and metric.higher_is_better:
        positives = int(np.count_nonzero(scores.y == 1))
        rarest = min(positives, len(scores) - positives)
        what = f"only {rarest} of its rows are {'positive' if rarest == positives else 'negative'}"
    else:
        rarest = len(scores)
        what = f"there {'is' if rarest == 1 else 'are'} only {rarest}"
    return f"{what}, and at least {FEWEST} are needed" if rarest < FEWEST else ""


def _no_spread(metric: Metric, found: Found, rows: int) -> str:
    if metric.higher_is_better or found.error > 0.0 or rows >= _ENOUGH_ALIKE:
        return ""
    return (
        f"all {rows} rows have the same loss, and fewer than {_ENOUGH_ALIKE} such rows do not "
        "show how much it varies"
    )


def _right(metric: Metric, scores: Scores) -> Array:
    """(k,) whether each row that the share is of is predicted right."""
    right = np.asarray(scores.y == scores.prediction)
    return right[_carrying(metric, scores)]


def _carrying(metric: Metric, scores: Scores) -> Array:
    """(n,) whether a row counts for the share."""
    if metric.name == "recall":
        return np.asarray(scores.y == 1)
    if metric.name == "precision":
        return np.asarray(scores.prediction == 1)
    return np.ones(len(scores), dtype=bool)


def _of_share(right: Array, alpha: float) -> Bounds:
    """Clopper & Pearson (1934): the shares that `right` (k,) does not rule out."""
    n, hits = len(right), int(np.count_nonzero(right))
    low = float(special.betaincinv(hits, n - hits + 1, alpha)) if hits else 0.0
    high = float(special.betaincinv(hits + 1, n - hits, 1.0 - alpha)) if hits < n else 1.0
    return low, high


def _perfect(scores: Scores) -> Scores:
    """A model that gives the truth, and is sure of it."""
    if scores.probability is None:
        return Scores(scores.y, scores.y)
    if scores.probability.ndim == 1:
        return Scores(scores.y, scores.y, scores.y.astype(np.float64))
    return Scores(scores.y, scores.y, np.eye(scores.probability.shape[1])[scores.y])


def _against_perfect(metric: Metric, pair: Pair, asked: Asked) -> Found:
    with np.errstate(over="ignore", invalid="ignore"):
        return metric.paired.run(pair, asked)


def _bounds(metric: Metric, estimate: float, found: Found, alpha: float) -> Bounds:
    """estimate -+ t(freedom) x error, within what the metric can be."""
    quantile = float(special.stdtrit(found.freedom, 1.0 - alpha))
    if estimate == 0.0:
        # An error of sqrt(2) rows is all there is: the rule of three asks for -ln(alpha) of them.
        quantile = max(quantile, -math.log(alpha) / math.sqrt(2.0))
    reach = quantile * found.error
    if metric.name in _RANKINGS and 0.0 < estimate < 1.0:
        middle, reach = float(special.logit(estimate)), reach / (estimate * (1.0 - estimate))
        return float(special.expit(middle - reach)), float(special.expit(middle + reach))
    if metric.higher_is_better:
        return estimate - reach, min(estimate + reach, 1.0)
    if metric.name == "rmse":
        # Symmetric for the squares, of which reach is the delta method's share.
        square, spread = estimate**2, 2.0 * estimate * reach
        return math.sqrt(max(square - spread, 0.0)), math.sqrt(square + spread)
    return max(estimate - reach, 0.0), estimate + reach


def _with_tail(metric: Metric, scores: Scores, high: float, alpha: float) -> float:
    """`high` for a loss of a long tail, of which the mean of a few rows tells too little.

    Moved up by z^2 / 2 rows of the largest loss, as Wilson's interval moves the centre of a
    share; for rmse in squares.
    """
    each = _losses(metric, scores)
    beyond = float(each.max() - each.mean())
    shift = float(special.ndtri(1.0 - alpha)) ** 2 / 2.0 * beyond / len(each)
    return math.sqrt(high**2 + shift) if metric.name == "rmse" else high + shift


def _losses(metric: Metric, scores: Scores) -> Floats:
    """(n,) the loss of each row whose mean the metric is; for rmse the squares."""
    quantile = pinball_quantile(metric.name)
    if quantile is not None:
        return losses.pinball(quantile, scores)
    if metric.name == "log_loss" and metric.task == "multiclass":
        return losses.log_loss_multiclass(scores)
    if metric.name == "cost":
        one, zero = np.ones(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
        costs = Costs(fp=metric.compute(Scores(zero, one)), fn=metric.compute(Scores(one, zero)))
        return losses.cost(costs, scores)
    return _LOSSES[metric.name](scores)


def _most_shown(metric: Metric, scores: Scores, group: Ints | None, alpha: float) -> float:
    """The highest lower bound that faultless answers to these rows would prove."""
    if not metric.higher_is_better or metric.name == "r2":
        return math.inf
    if metric.name in _SHARES:
        return _proved_by(_units(_carrying(metric, scores), group), alpha)
    each = [scores.y == c for c in np.unique(scores.y)]
    proved = np.array([_proved_by(_units(rows, group), alpha) for rows in each])
    if metric.name in _MEANS_OVER_CLASSES:
        return float(proved.mean())
    if metric.name == "f1_weighted":
        return float(np.average(proved, weights=[np.count_nonzero(rows) for rows in each]))
    return float(proved.min())


def _proved_by(units: int, alpha: float) -> float:
    return math.exp(math.log(alpha) / units)


def _units(rows: Array, group: Ints | None) -> int:
    """How many of the rows, or of the groups that they are in, are independent of each other."""
    return int(np.count_nonzero(rows)) if group is None else len(np.unique(group[rows]))
