"""The area under the ROC curve with its variance, and the paired test of two of them.

DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44; midranks in O(n log n) as in
Sun & Xu (2014), IEEE Signal Processing Letters 21.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from podium.evaluation.scores import Array, Floats

_ZERO = 1e-12  # a variance below this share of its terms is what rounding leaves of 0


@dataclass(frozen=True)
class AucTest:
    """Two AUCs on the same rows: `difference` is a - b, with z, two-sided p and interval."""

    difference: float
    z: float
    p: float
    low: float
    high: float


def auc_variance(y: Array, score: Array) -> tuple[float, float]:
    """AUC of one score and the variance of that AUC.

    y: (n,) 1 or True is positive. score: (n,), larger is more positive; ties count one half.
    var = var(V10) / positives + var(V01) / negatives. Without a positive or a negative row, or
    with a NaN in `score`, both are NaN; with only one of either, the variance is NaN.
    """
    aucs, covariance = auc_covariance(y, np.asarray(score)[np.newaxis, :])
    return float(aucs[0]), float(covariance[0, 0])


def auc_covariance(y: Array, scores: Array) -> tuple[Floats, Floats]:
    """AUCs (m,) of m scores on the same rows and their covariance (m, m).

    y: (n,). scores: (m, n). NaN as in `auc_variance`.
    """
    parts = [structural_components(y, score) for score in np.asarray(scores)]
    v10, v01 = np.stack([p[0] for p in parts]), np.stack([p[1] for p in parts])
    if v10.shape[1] == 0 or v01.shape[1] == 0:
        m = len(parts)
        return np.full(m, math.nan), np.full((m, m), math.nan)
    return v10.mean(axis=1), _covariance_of_mean(v10) + _covariance_of_mean(v01)


def structural_components(y: Array, score: Array) -> tuple[Floats, Floats]:
    """Each row's part in the AUC: (positives,) and (negatives,), both of mean AUC.

    For a positive row the share of negatives below it, for a negative row the share of positives
    above it, ties one half. NaN throughout when one class is missing or `score` holds NaN.
    """
    is_positive = np.asarray(y) == 1
    m = int(np.count_nonzero(is_positive))
    n = len(is_positive) - m
    if m == 0 or n == 0 or np.isnan(score).any():
        return np.full(m, math.nan), np.full(n, math.nan)
    order = np.argsort(score)
    ordered, positive = score[order], is_positive[order]
    rises = ordered[1:] != ordered[:-1]
    start = np.flatnonzero(np.concatenate([[True], rises]))  # of each run of tied scores
    level = np.cumsum(np.concatenate([[0], rises]))
    positives = np.add.reduceat(positive.astype(np.float64), start)
    negatives = np.diff(start, append=m + n) - positives
    below, above = np.cumsum(negatives) - negatives / 2, m - np.cumsum(positives) + positives / 2
    part = np.empty(m + n)
    part[order] = np.where(positive, below[level] / n, above[level] / m)
    return part[is_positive], part[~is_positive]


def auc_influence(y: Array, score: Array) -> tuple[float, Floats]:
    """The AUC and each row's influence (n,) on it; their sum of squares is DeLong's variance.

    NaN as in `auc_variance`: without a variance, the influence of the class's rows is NaN.
    """
    is_positive = np.asarray(y) == 1
    influence = np.full(len(score), math.nan)
    components = structural_components(is_positive, score)
    for rows, parts in zip((is_positive, ~is_positive), components, strict=True):
        m = len(parts)
        if m >= 2:
            influence[rows] = (parts - parts.mean()) / math.sqrt(m * (m - 1))
    return float(components[0].mean()) if len(components[0]) else math.nan, influence


def paired_auc_test(
    auc_a: float, auc_b: float, var_a: float, var_b: float, cov: float, level: float = 0.95
) -> AucTest:
    """Whether two AUCs on the same rows differ: z = (a - b) / sqrt(var_a + var_b - 2 cov).

    p is two-sided normal; the interval of the difference has `level` (0..1). A model against
    itself gives z = 0 and p = 1. Where the variance is 0 and the difference is not, z is
    infinite and p is 0. NaN in gives NaN out.
    """
    difference = auc_a - auc_b
    variance = var_a + var_b - 2.0 * cov
    if math.isnan(difference + variance):
        return AucTest(difference, math.nan, math.nan, math.nan, math.nan)
    if variance <= _ZERO * (var_a + var_b):
        return _without_variance(difference)
    error = math.sqrt(variance)
    z = difference / error
    reach = float(stats.norm.ppf(0.5 + level / 2)) * error
    p = float(2.0 * stats.norm.sf(abs(z)))
    return AucTest(difference, z, p, difference - reach, difference + reach)


def _without_variance(difference: float) -> AucTest:
    if abs(difference) <= _ZERO:
        return AucTest(difference, 0.0, 1.0, difference, difference)
    return AucTest(difference, math.copysign(math.inf, difference), 0.0, difference, difference)


def _covariance_of_mean(values: Floats) -> Floats:
    """Covariance (m, m) of the row means of (m, n); NaN for n < 2."""
    m, n = values.shape
    if n < 2:
        return np.full((m, m), math.nan)
    centred = values - values.mean(axis=1, keepdims=True)
    return np.asarray(centred @ centred.T / (n * (n - 1)))
