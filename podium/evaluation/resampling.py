"""Bootstrap intervals of average precision and R2: seeded, in chunks of bounded memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from podium.evaluation.intervals import UNKNOWN, Bounds, Request, percentile_bounds
from podium.evaluation.scores import Floats, Ints, Scores, positive_probability

DRAWS = 200
_ROWS_AT_ONCE = 500_000  # some 10 MB of drawn rows and their counts


def average_precision_bounds(scores: Scores, request: Request) -> Bounds:
    """Percentiles over 200 resamples of the rows, the share of positives resampled with them.

    The rows are sorted once: only scores at which a positive row sits are thresholds that count,
    so each resample is two counts by level and a cumulative sum. NaN with fewer than 2 rows of
    either class; a resample without a positive row is left out.
    """
    probability = positive_probability(scores)
    positive, negative = probability[scores.y == 1], probability[scores.y == 0]
    if min(len(positive), len(negative)) < 2:
        return UNKNOWN
    distinct, of_positive = np.unique(positive, return_inverse=True)
    levels = len(distinct)
    # Level `levels` is below every positive row, so never above a threshold that counts.
    of_negative = levels + np.searchsorted(distinct, negative, side="right")
    level = np.concatenate([of_positive, of_negative])
    rng = np.random.default_rng(request.seed)
    draws = []
    for chunk in _chunks(DRAWS, len(scores)):
        counts = _resampled(rng, level, 2 * levels + 1, chunk)
        draws.append(_average_precision(counts[:, :levels], counts[:, levels + 1 :]))
    values = np.concatenate(draws)
    return percentile_bounds(values[np.isfinite(values)], request.level)


def r2_bounds(scores: Scores, request: Request) -> Bounds:
    """Percentiles of R2 = 1 - sum(e^2) / (sum(y^2) - sum(y)^2 / n) over 200 resamples.

    Each resample is a weight per row, and three weighted sums. NaN for fewer than 2 rows.
    """
    n = len(scores)
    if n < 2:
        return UNKNOWN
    y = scores.y.astype(np.float64)
    centred, error = y - y.mean(), y - scores.prediction
    sums = np.stack([error**2, centred, centred**2], axis=1)
    rows = np.arange(n)
    rng = np.random.default_rng(request.seed)
    draws = [_r2(_resampled(rng, rows, n, c) @ sums, n) for c in _chunks(DRAWS, n)]
    return percentile_bounds(np.concatenate(draws), request.level)


def _chunks(draws: int, rows: int) -> Iterator[int]:
    """How many draws to make at a time so that at most `_ROWS_AT_ONCE` rows are drawn."""
    at_once = max(1, _ROWS_AT_ONCE // max(rows, 1))
    for done in range(0, draws, at_once):
        yield min(at_once, draws - done)


def _resampled(rng: np.random.Generator, level: Ints, levels: int, draws: int) -> Floats:
    """(draws, levels): how often rows of each level come up in a resample of the rows.

    level: (n,) the level of each row, in 0..levels-1.
    """
    n = len(level)
    drawn = level[rng.integers(0, n, size=(draws, n), dtype=np.int32)]
    drawn += np.arange(draws)[:, np.newaxis] * levels
    counts = np.bincount(drawn.ravel(), minlength=draws * levels)
    return counts.reshape(draws, levels).astype(np.float64)


def _average_precision(positive: Floats, negative: Floats) -> Floats:
    """(b,) average precision from (b, levels) counts of each class, levels ascending."""
    hits = np.cumsum(positive[:, ::-1], axis=1)
    alarms = np.cumsum(negative[:, ::-1], axis=1)
    alarms += hits
    np.maximum(alarms, 1.0, out=alarms)  # nothing drawn so far: hits is 0 as well
    steps = positive[:, ::-1]
    total = np.where(hits[:, -1] == 0, np.nan, hits[:, -1])
    return np.asarray((steps * hits / alarms).sum(axis=1) / total)


def _r2(sums: Floats, n: int) -> Floats:
    """(b,) from (b, 3) sums of e^2, y and y^2 (y centred); NaN where all drawn y are equal."""
    spread = sums[:, 2] - sums[:, 1] ** 2 / n
    share = np.full(len(sums), np.nan)
    varies = spread > 1e-12 * sums[:, 2]
    np.divide(sums[:, 0], spread, out=share, where=varies)
    return 1.0 - share
