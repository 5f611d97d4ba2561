"""Metrics of many confusion matrices at once, and their bootstrap from multinomial counts.

Resampling rows only changes the k x k counts, and those are multinomial: the draws cost the same
for a thousand rows and for a million.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from podium.evaluation.intervals import UNKNOWN, Bounds, Request, percentile_bounds
from podium.evaluation.scores import Array, Floats, Ints, Scores

DRAWS = 2000
_CELLS_AT_ONCE = 1_000_000  # 8 MB of counts

# (b, k, k) counts [draw, true class, predicted class] -> (b,) values, NaN where undefined.
OfMatrices = Callable[[Ints], Floats]


def confusion_bounds(of_matrices: OfMatrices, scores: Scores, request: Request) -> Bounds:
    """Percentiles of `of_matrices` over 2,000 seeded draws of the confusion matrix.

    NaN for fewer than 2 rows; no width when all rows fall into one cell.
    """
    if len(scores) < 2:
        return UNKNOWN
    counts = confusion_counts(scores.y, scores.prediction, binary=of_matrices in BINARY)
    rng = np.random.default_rng(request.seed)
    per_chunk = max(1, _CELLS_AT_ONCE // counts.size)
    values = [
        of_matrices(_draw(rng, counts, min(per_chunk, DRAWS - done)))
        for done in range(0, DRAWS, per_chunk)
    ]
    return percentile_bounds(np.concatenate(values), request.level)


def confusion_counts(y: Array, prediction: Array, *, binary: bool) -> Ints:
    """(k, k) counts [true, predicted] over the classes that occur; binary: always (2, 2)."""
    classes = np.array([0, 1]) if binary else np.union1d(y, prediction)
    k = len(classes)
    cell = np.searchsorted(classes, y) * k + np.searchsorted(classes, prediction)
    return np.bincount(cell, minlength=k * k).reshape(k, k).astype(np.int64)


def _draw(rng: np.random.Generator, counts: Ints, draws: int) -> Ints:
    """(draws, k, k) multinomial counts; cells that are empty stay so."""
    flat = counts.ravel()
    used = np.flatnonzero(flat)
    drawn = np.zeros((draws, flat.size), dtype=np.int64)
    drawn[:, used] = rng.multinomial(flat.sum(), flat[used] / flat.sum(), size=draws)
    return drawn.reshape(draws, *counts.shape)


def precision(matrices: Ints) -> Floats:
    """tp / (tp + fp) of (b, 2, 2)."""
    return _ratio(matrices[:, 1, 1], matrices[:, :, 1].sum(axis=1))


def recall(matrices: Ints) -> Floats:
    """tp / (tp + fn) of (b, 2, 2)."""
    return _ratio(matrices[:, 1, 1], matrices[:, 1, :].sum(axis=1))


def f1(matrices: Ints) -> Floats:
    """2 tp / (2 tp + fp + fn) of (b, 2, 2)."""
    return _f1_by_class(matrices)[:, 1]


def mcc(matrices: Ints) -> Floats:
    """Matthews' correlation of (b, 2, 2); 0 when one class is predicted, NaN with one in y."""
    m = matrices.astype(np.float64)
    true, predicted = m.sum(axis=2), m.sum(axis=1)
    covariance = m[:, 1, 1] * m[:, 0, 0] - m[:, 0, 1] * m[:, 1, 0]
    scale = np.sqrt(predicted.prod(axis=1)) * np.sqrt(true.prod(axis=1))
    value = np.where(scale > 0, _ratio(covariance, scale), 0.0)
    return np.where(true.prod(axis=1) > 0, value, math.nan)


def balanced_accuracy(matrices: Ints) -> Floats:
    """Mean recall of (b, k, k) over the classes that occur; NaN with one class only."""
    hits, true = np.diagonal(matrices, axis1=1, axis2=2), matrices.sum(axis=2)
    present = (true > 0).sum(axis=1)
    mean = _mean_known(_ratio(hits, true))
    return np.where(present >= 2, mean, math.nan)


def f1_macro(matrices: Ints) -> Floats:
    """Mean F1 of (b, k, k) over the classes that occur or are predicted."""
    return _mean_known(_f1_by_class(matrices))


def f1_weighted(matrices: Ints) -> Floats:
    """F1 of (b, k, k) weighted by how often each class occurs."""
    true = matrices.sum(axis=2)
    weighted = np.nansum(_f1_by_class(matrices) * true, axis=1)
    return _ratio(weighted, true.sum(axis=1))


BINARY: frozenset[OfMatrices] = frozenset({precision, recall, f1, mcc})


def _f1_by_class(matrices: Ints) -> Floats:
    hits = np.diagonal(matrices, axis1=1, axis2=2)
    return _ratio(2 * hits, matrices.sum(axis=1) + matrices.sum(axis=2))


def _ratio(above: Array, below: Array) -> Floats:
    """above / below, NaN where below is 0."""
    ratio = np.full(np.shape(above), math.nan)
    np.divide(above, below, out=ratio, where=below > 0)
    return ratio


def _mean_known(values: Floats) -> Floats:
    """Mean over the last axis without NaN; NaN where nothing is known."""
    known = ~np.isnan(values)
    return _ratio(np.where(known, values, 0.0).sum(axis=1), known.sum(axis=1))
