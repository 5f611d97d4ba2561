"""Whether some columns add up exactly to another."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

_SAMPLED_ROWS = 2_000
MOST_COLUMNS = 300
CONSTANT = ""  # in place of a column's name
_TOLERANCE = 1e-9  # of the target's spread; whole numbers below 2^53 add up without an error
_LEAST_WEIGHT = 1e-6
_FEWEST_ROWS = 20


def exact_sum(columns: Mapping[str, np.ndarray], y: np.ndarray) -> dict[str, float]:
    """Weights of the fewest columns (found by leaving out one after the other) that give `y`.

    columns: (n,) float64 each, NaN where missing; of more than 300, the first 300. y: (n,). Only
    rows in which none is missing count. The weight of `CONSTANT` is what is added in every row. A
    single column is none. Empty where nothing adds up, or where the rows are too few to say so.
    Weights that are nearly whole are given as whole.
    """
    names = list(columns)[:MOST_COLUMNS]
    if not names:
        return {}
    X = np.stack([*(columns[name] for name in names), np.ones(len(y))], axis=1)
    whole = ~np.isnan(X).any(axis=1)
    X, y = X[whole], y[whole]
    rows = np.linspace(0, len(y) - 1, min(_SAMPLED_ROWS, len(y))).astype(np.int64)
    if len(rows) < 2 * len(names) + 20:
        return {}
    kept = _fewest(X[rows], y[rows])
    if len([place for place in kept if place < len(names)]) < 2:
        return {}
    weights = _whole(_fit(X[rows][:, kept], y[rows]))
    if not _exact(X[:, kept] @ weights, y):
        return {}
    named = [*names, CONSTANT]
    return {named[place]: float(w) for place, w in zip(kept, weights, strict=True)}


def grows_with(values: np.ndarray, other: np.ndarray) -> bool:
    """Whether a weight and a constant make `other` of `values`, both (n,), wherever both are known.

    They have to be known in at least 20 rows, and in half of all, and to differ there.
    """
    both = ~np.isnan(values) & ~np.isnan(other)
    x, y = values[both], other[both]
    if both.sum() < max(_FEWEST_ROWS, len(both) / 2) or np.ptp(x) == 0 or np.ptp(y) == 0:
        return False
    X = np.stack([x, np.ones(len(x))], axis=1)
    return _exact(X @ _fit(X, y), y)


def _fewest(X: np.ndarray, y: np.ndarray) -> list[int]:
    """Places of columns of which none can be left out; none where all of them do not add up."""
    kept = list(range(X.shape[1]))
    weights = _fit(X, y)
    if not _exact(X @ weights, y):
        return []
    size = np.abs(weights) * X.std(axis=0)  # the constant has none, and is left out first
    for place in np.argsort(size, kind="stable"):
        fewer = [each for each in kept if each != place]
        if fewer and _exact(X[:, fewer] @ _fit(X[:, fewer], y), y):
            kept = fewer
    return kept


def _fit(X: np.ndarray, y: np.ndarray) -> np.ndarray:
    scale = np.abs(X).max(axis=0)
    scale[scale == 0] = 1.0
    solution = np.linalg.lstsq(X / scale, y, rcond=None)[0]
    return np.asarray(solution / scale)


def _whole(weights: np.ndarray) -> np.ndarray:
    near = np.round(weights)
    return np.where(np.abs(weights - near) < _LEAST_WEIGHT, near, weights)


def _exact(fitted: np.ndarray, y: np.ndarray) -> bool:
    spread = float(np.ptp(y)) or 1.0
    return bool(np.abs(fitted - y).max() <= _TOLERANCE * max(spread, float(np.abs(y).max())))
