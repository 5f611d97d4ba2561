"""Accuracy of two models on the same rows: exact McNemar test and Tango's score interval."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Literal

import numpy as np
from scipy import optimize, special

from podium.evaluation.paired import FEW_ROWS, Asked, Found, mean_test, unknown
from podium.evaluation.pairs import Pair
from podium.evaluation.scores import Floats, Scores

_METHOD = "exact McNemar"


def accuracy_test(pair: Pair, asked: Asked) -> Found:
    """p by exact McNemar, the interval of the difference by Tango (1998); by cluster: a t test.

    Only rows that one model gets right and the other wrong count for p. Without any such row
    p is 1, and the interval still has a width: more rows might hold some.
    """
    if pair.group is not None:
        return mean_test(_right, 0.0, pair, asked)
    n = len(pair)
    if n == 0:
        return unknown(_METHOD, FEW_ROWS)
    ours, theirs = _right(pair.candidate) == 1.0, _right(pair.champion) == 1.0
    gained, lost = int(np.count_nonzero(ours & ~theirs)), int(np.count_nonzero(theirs & ~ours))
    low, high = tango_bounds(gained, lost, n, asked.alpha)
    error = _error(gained, lost, n)
    p = mcnemar_p(gained, lost)
    unseen: Literal["", "score"] = "" if gained + lost else "score"
    return Found((gained - lost) / n, error, low, high, p, math.inf, _METHOD, unseen=unseen)


def mcnemar_p(gained: int, lost: int) -> float:
    """Two-sided exact p that rows are gained as often as lost: twice the smaller tail of
    Binomial(gained + lost, 1/2), at most 1.
    """
    return min(1.0, 2.0 * float(special.bdtr(min(gained, lost), gained + lost, 0.5)))


def tango_bounds(gained: int, lost: int, n: int, alpha: float) -> tuple[float, float]:
    """The differences of two paired shares, (gained - lost) / n, that a score test keeps.

    Tango (1998), Statistics in Medicine 17: those d with |T(d)| <= z(1 - alpha), where T is the
    distance to d over its standard error under d, with the nuisance share at its restricted
    maximum likelihood. Each end errs with at most about `alpha`. n >= 1; the ends are in -1..1.
    """
    z, difference = float(special.ndtri(1.0 - alpha)), (gained - lost) / n
    beyond = partial(_score, gained, lost, n)
    low = _root(lambda d: beyond(d) - z, -1.0, difference)
    high = _root(lambda d: beyond(d) + z, difference, 1.0)
    return low, high


def accuracy_p_of_harm(pair: Pair, margin: float) -> float:
    """One-sided p of "accuracy is worse by no more than `margin`", by Tango's score test.

    At most alpha exactly when `tango_bounds` of that alpha end below -margin. pair: n >= 1 rows
    without groups.
    """
    ours, theirs = _right(pair.candidate) == 1.0, _right(pair.champion) == 1.0
    gained, lost = int(np.count_nonzero(ours & ~theirs)), int(np.count_nonzero(theirs & ~ours))
    return float(special.ndtr(_score(gained, lost, len(pair), -margin)))


def _score(gained: int, lost: int, n: int, d: float) -> float:
    """T(d), falling in d; 0 at the difference seen."""
    b = (2 * n - gained + lost) * d - gained - lost
    share_lost = (math.sqrt(max(b * b + 8 * n * lost * d * (1 - d), 0.0)) - b) / (4 * n)
    variance = n * (2 * share_lost + d * (1 - d))
    distance = gained - lost - n * d
    if distance == 0.0 or variance <= 0.0:
        return math.copysign(math.inf, distance) if distance else 0.0
    return distance / math.sqrt(variance)


def _root(f: Callable[[float], float], low: float, high: float) -> float:
    """Where `f`, falling, crosses 0; infinite values are fine, as only signs count."""
    return low if low == high else float(optimize.bisect(f, low, high, xtol=1e-13, rtol=1e-13))


def _error(gained: int, lost: int, n: int) -> float:
    """sqrt(p10 + p01 - d^2) / sqrt(n), with one added to either count where both are 0."""
    if gained + lost == 0:
        return math.sqrt(2.0) / (n + 2)
    return math.sqrt(max(gained + lost - (gained - lost) ** 2 / n, 0.0)) / n


def _right(scores: Scores) -> Floats:
    return np.asarray(scores.y == scores.prediction, dtype=np.float64)
