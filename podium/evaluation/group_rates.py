"""How groups fare under one model in a binary task: rates and disparities by fairlearn."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from podium.evaluation.rate_draws import RATES
from podium.evaluation.scores import Array, Floats, Ints, Scores, positive_probability

if TYPE_CHECKING:
    from fairlearn.metrics import MetricFrame

Slices = Sequence[tuple[str, Ints]]


@dataclass(frozen=True)
class GroupRates:
    """How the `rows` rows of a group fare: shares 0..1, NaN where no row tells.

    calibration: mean probability less the observed share of positives; above 0 the model
    expects more positives than there are. NaN for a model without probabilities.
    """

    value: str
    rows: int
    selection_rate: float
    true_positive_rate: float
    false_positive_rate: float
    calibration: float


def of_groups(scores: Scores, groups: Slices) -> tuple[GroupRates, ...]:
    """The rates of each group; together the groups hold every row once."""
    code = np.empty(len(scores), dtype=np.int64)
    for number, (_, rows) in enumerate(groups):
        code[rows] = number
    rates = group_frame(scores, code).by_group[list(RATES)].to_numpy(dtype=np.float64)
    return tuple(
        GroupRates(value, len(rows), selected, true, false, _calibration(scores, rows))
        for (value, rows), (selected, true, false) in zip(groups, rates.tolist(), strict=True)
    )


def disparities(frame: MetricFrame) -> dict[str, float]:
    """fairlearn's four measures over the groups of `frame`; a rate that is NaN takes no part."""
    difference, ratio = frame.difference(), frame.ratio()
    return {
        "demographic_parity_difference": float(difference[RATES[0]]),
        "demographic_parity_ratio": float(ratio[RATES[0]]),
        "equalized_odds_difference": _worse(max, difference[list(RATES[1:])]),
        "equalized_odds_ratio": _worse(min, ratio[list(RATES[1:])]),
    }


def group_frame(scores: Scores, code: Ints) -> MetricFrame:
    """fairlearn's rates of each group; code: (n,) the group of each row, at least 0.

    It is given one weighted row for all rows of the same group, truth and prediction: for a
    million rows it takes minutes, for their counts no time.
    """
    from fairlearn import metrics as fair  # takes a second to import; few need it

    rates: dict[str, Callable[..., float]] = {
        RATES[0]: partial(fair.selection_rate, pos_label=1),
        RATES[1]: partial(_among, 1, fair.true_positive_rate),
        RATES[2]: partial(_among, 0, fair.false_positive_rate),
    }
    cell = (code * 2 + scores.y.astype(np.int64)) * 2 + scores.prediction.astype(np.int64)
    counts = np.bincount(cell)
    used = np.flatnonzero(counts)
    weight = {"sample_weight": counts[used].astype(np.float64)}
    groups = used // 4
    return fair.MetricFrame(
        metrics=rates,
        y_true=used // 2 % 2,
        y_pred=used % 2,
        # It squeezes an array of one to none.
        sensitive_features=groups if len(groups) > 1 else groups.tolist(),
        sample_params=dict.fromkeys(rates, weight),
    )


def _among(
    wanted: int, rate: Callable[..., float], y: Array, prediction: Array, sample_weight: Floats
) -> float:
    """`rate`, but NaN where no row has the `wanted` y; fairlearn's would be 0."""
    if not (y == wanted).any():
        return math.nan
    return float(rate(y, prediction, sample_weight=sample_weight, pos_label=1))


def _worse(choose: Callable[[Floats], float], values: Array) -> float:
    known = np.asarray(values, dtype=np.float64)
    known = known[~np.isnan(known)]
    return float(choose(known)) if known.size else math.nan


def _calibration(scores: Scores, rows: Ints) -> float:
    if scores.probability is None:
        return math.nan
    part = scores.take(rows)
    return float(positive_probability(part).mean() - part.y.mean())
