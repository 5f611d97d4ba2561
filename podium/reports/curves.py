"""Curves, bins and offsets for display, worked out from rows. No metric is made here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from podium.errors import UsageError

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
MAX_POINTS = 1000


def pairs(y: ArrayLike, other: ArrayLike) -> tuple[Floats, Floats, int]:
    """Two columns as floats, without the rows where either is NaN or infinite, and their number.

    Raises:
        UsageError: the inputs are not one-dimensional or differ in length.
    """
    (a, b), dropped = complete(y, other)
    return a, b, dropped


def complete(*columns: ArrayLike) -> tuple[list[Floats], int]:
    """Columns as floats, without the rows where any is NaN or infinite, and how many those are.

    Raises:
        UsageError: the inputs are not one-dimensional or differ in length.
    """
    arrays = [np.asarray(column, dtype=np.float64) for column in columns]
    shapes = [array.shape for array in arrays]
    if len(set(shapes)) != 1 or len(shapes[0]) != 1:
        raise UsageError(
            "Columns of one length are needed, and the shapes are "
            f"{' and '.join(str(shape) for shape in shapes)}.",
            remedy="Pass one value per row in each.",
        )
    kept = np.isfinite(arrays).all(axis=0)
    return [array[kept] for array in arrays], int(kept.size - kept.sum())


def check_columns(names: int, *tables: NDArray[np.float64]) -> None:
    """Check that all tables (n, f) are of one shape, with a name for each of their columns.

    Raises:
        UsageError: they are not.
    """
    shapes = {table.shape for table in tables}
    if len(shapes) != 1 or any(table.shape[1:] != (names,) for table in tables):
        raise UsageError(
            f"{names} names were given for tables of the shapes {sorted(shapes)}.",
            remedy="Pass one value per column in each, and one name per column.",
        )


@dataclass(frozen=True)
class Curve:
    """Points of a line: `x` and `y` (m,)."""

    x: Floats
    y: Floats

    def thinned(self, limit: int = MAX_POINTS) -> Curve:
        """At most `limit` points, evenly spaced along the line, with both ends kept."""
        if self.x.size <= limit:
            return self
        steps = np.abs(np.diff(self.x)) + np.abs(np.diff(self.y))
        length = np.concatenate(([0.0], np.cumsum(steps)))
        wanted = np.linspace(0.0, length[-1], limit)
        picked = np.unique(np.minimum(np.searchsorted(length, wanted), self.x.size - 1))
        picked[0], picked[-1] = 0, self.x.size - 1
        return Curve(self.x[picked], self.y[picked])

    def area(self) -> float:
        """Area under the line by the trapezoidal rule."""
        return float(np.trapezoid(self.y, self.x))


def roc_curve(y: Floats, p: Floats) -> Curve:
    """False positive rate (x) and recall (y) at every distinct score, from (0, 0) to (1, 1).

    y (n,) 0 or 1, with both present; p (n,) finite.
    """
    hits, others = _counts_from_the_top(y, p)
    start = np.zeros(1)
    return Curve(
        np.concatenate((start, others / others[-1])), np.concatenate((start, hits / hits[-1]))
    )


def precision_recall_curve(y: Floats, p: Floats) -> Curve:
    """Recall (x) and precision (y) at every distinct score, the highest score first.

    y (n,) 0 or 1, with a 1 present; p (n,) finite. The customary point (0, 1) is not added: no
    threshold reaches it.
    """
    hits, others = _counts_from_the_top(y, p)
    return Curve(hits / hits[-1], hits / (hits + others))


def _counts_from_the_top(y: Floats, p: Floats) -> tuple[Floats, Floats]:
    """Positives and negatives at or above each distinct score, from the highest score down."""
    order = np.argsort(p)[::-1]
    ranked = p[order]
    last_of_ties = np.append(np.flatnonzero(np.diff(ranked)), ranked.size - 1)
    hits = np.cumsum(y[order] == 1)[last_of_ties].astype(np.float64)
    return hits, last_of_ties + 1.0 - hits


@dataclass(frozen=True)
class Rates:
    """What calling `p >= threshold` positive gives; NaN where there are no rows to divide by."""

    recall: float
    false_positive_rate: float
    precision: float


def rates_at(y: Floats, p: Floats, threshold: float) -> Rates:
    """Recall, false positive rate and precision of calling `p >= threshold` positive."""
    called, positive = p >= threshold, y == 1
    hits = float(np.sum(called & positive))

    def share(part: float, whole: int) -> float:
        return part / whole if whole else float("nan")

    calls, positives = int(called.sum()), int(positive.sum())
    return Rates(
        recall=share(hits, positives),
        false_positive_rate=share(calls - hits, y.size - positives),
        precision=share(hits, calls),
    )


@dataclass(frozen=True)
class Reliability:
    """Bins of a reliability curve, each (bins,): mean score, share of 1s, Wilson interval, rows."""

    predicted: Floats
    observed: Floats
    low: Floats
    high: Floats
    rows: Ints


def reliability(y: Floats, p: Floats, *, bins: int = 10) -> Reliability:
    """Mean score against the observed share in bins of equal row count.

    Equal scores share a bin, so there can be fewer bins than asked for; none for no rows.
    """
    index = quantile_bins(p, bins)
    rows = np.bincount(index)
    positives = np.bincount(index, weights=y == 1)
    low, high = wilson(positives, rows)
    return Reliability(np.bincount(index, weights=p) / rows, positives / rows, low, high, rows)


def wilson(hits: ArrayLike, rows: ArrayLike, *, z: float = 1.959964) -> tuple[Floats, Floats]:
    """Wilson's score interval of a share (1927), at 95% by default; `rows` must be above 0."""
    k, n = np.asarray(hits, dtype=np.float64), np.asarray(rows, dtype=np.float64)
    share, shrink = k / n, 1 + z**2 / n
    centre = (share + z**2 / (2 * n)) / shrink
    half = z * np.sqrt(share * (1 - share) / n + (z / (2 * n)) ** 2) / shrink
    return np.clip(centre - half, 0.0, share), np.clip(centre + half, share, 1.0)


def quantile_bins(x: Floats, bins: int) -> Ints:
    """Index (n,) of each value's bin of about equal row count, numbered from 0 without gaps."""
    if not x.size:
        return np.zeros(0, dtype=np.intp)
    edges = np.unique(np.quantile(x, np.linspace(0, 1, bins + 1)))
    index = np.searchsorted(edges[1:-1], x)
    return np.asarray(np.unique(index, return_inverse=True)[1], dtype=np.intp)


def running_quantiles(
    x: Floats, y: Floats, shares: tuple[float, ...], *, bins: int = 20
) -> tuple[Floats, Floats]:
    """Median `x` (bins,) and the quantiles `shares` of `y` (shares, bins), in bins of `x`."""
    index = quantile_bins(x, bins)
    order = np.argsort(index, kind="stable")
    cuts = np.flatnonzero(np.diff(index[order])) + 1
    groups = np.split(order, cuts) if x.size else []
    centres = np.array([np.median(x[g]) for g in groups])
    bands = np.array([np.quantile(y[g], shares) for g in groups]).reshape(-1, len(shares))
    return centres, bands.T


def main_range(x: Floats) -> tuple[float, float]:
    """Lowest and highest value to show: all of them, unless a few lie far from the others.

    Far is farther from the 0.5% or the 99.5% quantile than these two are apart. When they are
    equal, nothing is far. `x` (n,) must not be empty.
    """
    low, high = (float(q) for q in np.quantile(x, (0.005, 0.995)))
    width = high - low
    if not width > 0:
        return float(x.min()), float(x.max())
    return float(x[x >= low - width].min()), float(x[x <= high + width].max())


def ranks(x: Floats) -> Floats:
    """Rank (n,) of each value among the finite ones, scaled to 0..1; ties share, NaN stays NaN.

    A constant column ranks 0.5.
    """
    result = np.full(x.size, np.nan)
    finite = np.isfinite(x)
    values, index, counts = np.unique(x[finite], return_inverse=True, return_counts=True)
    if values.size == 1:
        result[finite] = 0.5
    elif values.size:
        middle = np.cumsum(counts) - (counts + 1) / 2
        result[finite] = (middle / max(counts.sum() - 1, 1))[index]
    return result


def swarm(x: Floats, *, half_width: float = 0.4, bins: int = 90) -> Floats:
    """Offsets (n,) within ±half_width that spread points at equal `x` as wide as they are many."""
    if not x.size:
        return np.zeros(0)
    edges = np.linspace(x.min(), x.max(), bins + 1)
    index = np.searchsorted(edges[1:-1], x)
    counts = np.bincount(index, minlength=bins)
    order = np.argsort(index, kind="stable")
    place = np.empty(x.size, dtype=np.intp)
    place[order] = np.arange(x.size) - (np.cumsum(counts) - counts)[index[order]]
    side = np.where(place % 2, 1, -1) * ((place + 1) // 2)
    return np.asarray(side * 2 * half_width / max(int(counts.max()), 12), dtype=np.float64)


def sample_rows(rows: int, limit: int) -> Ints:
    """Indices of at most `limit` rows, the same ones in every run, in ascending order."""
    if rows <= limit:
        return np.arange(rows, dtype=np.intp)
    return np.sort(np.random.default_rng(0).choice(rows, limit, replace=False)).astype(np.intp)
