"""Candidate against champion over repeated splits or cross-validation: the corrected t test."""

from __future__ import annotations

import math

import numpy as np

from podium.errors import UsageError
from podium.evaluation.comparison import Comparison, conclude
from podium.evaluation.paired import Asked, Found, student, unknown
from podium.evaluation.planning import Terms
from podium.evaluation.scores import Floats

_METHOD = "corrected t of repeated splits"


def compare_repeated(
    differences: Floats,
    *,
    train_rows: int,
    test_rows: int,
    metric: str,
    higher_is_better: bool,
    margin: float = 0.0,
    alpha: float = 0.05,
) -> Comparison:
    """The verdict over J trainings of both on random splits of one table.

    differences: (J,) candidate minus champion, each measured on a split's own `test_rows` rows
    by models that were fitted on its `train_rows` rows. The splits share rows, so the plain
    variance s^2 / J is far too small; Nadeau & Bengio (2003), Machine Learning 52, take
    (1/J + test_rows / train_rows) s^2 with J - 1 degrees of freedom.

    Fewer than 2 splits, or one without a finite difference: inconclusive. The estimates of the
    models themselves are not known here (NaN), nor how more rows would shrink the error: there
    are no `rows_needed` and no `power`. Raises UsageError for rows below 1, and as `compare`.
    """
    for name, rows in (("train_rows", train_rows), ("test_rows", test_rows)):
        if rows < 1:
            raise UsageError(f"{name} is {rows}.", remedy="Give the rows of one split, at least 1.")
    terms = Terms(metric, higher_is_better, margin, alpha)
    found = _corrected(np.asarray(differences, dtype=np.float64), test_rows / train_rows, alpha)
    unknown_estimates = (math.nan, math.nan)
    return conclude(terms, found, rows=test_rows, estimates=unknown_estimates, planned=False)


def _corrected(differences: Floats, ratio: float, alpha: float) -> Found:
    splits = len(differences)
    if splits < 2:
        return unknown(_METHOD, "There are fewer than 2 splits to tell a spread from.")
    if not np.isfinite(differences).all():
        return unknown(_METHOD, "The metric is undefined or not finite on some of the splits.")
    varies = differences.min() != differences.max()
    with np.errstate(over="ignore", invalid="ignore"):
        spread = float(differences.std(ddof=1)) if varies else 0.0
        mean = float(differences.mean())
    error = math.sqrt(1 / splits + ratio) * spread
    return student(mean, error, Asked(alpha), _METHOD, splits - 1)
