"""Confidence intervals in closed form; the resampled ones are in `confusion` and `resampling`."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from podium.evaluation.delong import auc_influence, auc_variance
from podium.evaluation.scores import Floats, Scores, class_probability, positive_probability

Bounds = tuple[float, float]
UNKNOWN: Bounds = (math.nan, math.nan)


@dataclass(frozen=True)
class Interval:
    """A point estimate and the interval that holds the true value in `level` of all samples.

    `low` and `high` are NaN where the data cannot tell (no row, one class, fewer than two rows);
    they equal `estimate` where the rows show no spread. `method` names how they were found.
    """

    estimate: float
    low: float
    high: float
    level: float
    method: str


@dataclass(frozen=True)
class Request:
    """What an interval is asked for: around which estimate, at which level (0..1), which seed."""

    estimate: float
    level: float
    seed: int


def mean_bounds(values: Floats, level: float) -> Bounds:
    """mean +- t(n-1) x s / sqrt(n) for `values` (n,) of at least 0, floored at 0.

    NaN for n < 2; no width for equal values.
    """
    n = len(values)
    if n < 2:
        return UNKNOWN
    mean = float(values.mean())
    if values.min() == values.max():
        return float(values[0]), float(values[0])
    reach = float(special.stdtrit(n - 1, 0.5 + level / 2)) * float(values.std(ddof=1)) / n**0.5
    return max(mean - reach, 0.0), mean + reach


def root_mean_bounds(squares: Floats, level: float) -> Bounds:
    """The square roots of `mean_bounds` of squared errors (n,)."""
    low, high = mean_bounds(squares, level)
    return math.sqrt(low), math.sqrt(high)


def wilson_bounds(right: int, n: int, level: float) -> Bounds:
    """Wilson's (1927) score interval for `right` out of `n` rows; NaN for n = 0."""
    if n == 0:
        return UNKNOWN
    z2 = float(special.ndtri(0.5 + level / 2)) ** 2
    share = right / n
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    reach = math.sqrt(z2 * (share * (1 - share) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    return max(centre - reach, 0.0), min(centre + reach, 1.0)


def logit_bounds(share: float, variance: float, level: float) -> Bounds:
    """Normal interval of a share on the logit scale, by the delta method.

    logit(share) +- z x sqrt(variance) / (share (1 - share)). No width for a variance of 0 or a
    share of 0 or 1; NaN in gives NaN out.
    """
    if math.isnan(share) or math.isnan(variance):
        return UNKNOWN
    spread = share * (1.0 - share)
    if variance <= 0.0 or spread <= 0.0:
        return share, share
    reach = float(special.ndtri(0.5 + level / 2)) * math.sqrt(variance) / spread
    middle = float(special.logit(share))
    return float(special.expit(middle - reach)), float(special.expit(middle + reach))


def auc_bounds(scores: Scores, request: Request) -> Bounds:
    """DeLong's variance on the logit scale; NaN with fewer than 2 rows of either class."""
    auc, variance = auc_variance(scores.y, positive_probability(scores))
    return logit_bounds(auc, variance, request.level)


def auc_ovr_bounds(scores: Scores, request: Request) -> Bounds:
    """As `auc_bounds`, with each row's influence averaged over the classes that occur in y.

    NaN when a class that occurs has fewer than 2 rows, or fewer than 2 rows against it.
    """
    probability = class_probability(scores)
    present = np.unique(scores.y)
    total = np.zeros(len(scores))
    for c in present:
        total += auc_influence(scores.y == c, probability[:, c])[1]
    variance = float(np.sum((total / len(present)) ** 2))
    return logit_bounds(request.estimate, variance, request.level)


def percentile_bounds(draws: Floats, level: float) -> Bounds:
    """The middle `level` of `draws` (b,); draws in which the metric is undefined are left out."""
    known = draws[~np.isnan(draws)]
    if known.size == 0:
        return UNKNOWN
    low, high = np.quantile(known, [0.5 - level / 2, 0.5 + level / 2])
    return float(low), float(high)


def accuracy_bounds(scores: Scores, request: Request) -> Bounds:
    """Wilson's interval for the share of rows predicted right."""
    right = int(np.count_nonzero(scores.y == scores.prediction))
    return wilson_bounds(right, len(scores), request.level)
