"""How unlike groups fare under two models, with intervals and a test of whether it grew."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from podium.evaluation.extremes import Candidates, high_of_largest, low_of_largest, p_of_largest
from podium.evaluation.group_rates import disparities, group_frame
from podium.evaluation.intervals import UNKNOWN, Interval
from podium.evaluation.pairs import Pair
from podium.evaluation.rate_draws import DRAWS, RATES, deviations
from podium.evaluation.scores import Floats, Ints

METHOD = f"bootstrap of counts, {DRAWS:,} draws, largest of all pairs of groups"
# Which rates each measure compares; fairlearn's names.
_RATES_OF = {
    "demographic_parity_difference": (0,),
    "demographic_parity_ratio": (0,),
    "equalized_odds_difference": (1, 2),
    "equalized_odds_ratio": (1, 2),
}


@dataclass(frozen=True)
class Disparity:
    """One measure of how unlike the groups of a column fare.

    A difference is the largest rate of a group less the smallest, a ratio the smallest over the
    largest; equalized odds take the worse of true and false positive rate, and are NaN where
    neither is told for two groups. `change` is the candidate's less the champion's, between `low`
    and `high` at level 1 - 2 alpha (for a ratio: as if the champion's were known exactly).
    `p_harm` (differences only) is one-sided, of "grew by no more than the margin"; `p_adjusted`
    is Holm's, and `harmed` says that it is at most alpha. Without a champion there is no change:
    NaN and None.
    """

    measure: str
    candidate: Interval
    champion: Interval | None
    change: float
    low: float
    high: float
    p_harm: float | None = None
    p_adjusted: float | None = None
    harmed: bool = False


@dataclass(frozen=True, eq=False)
class GroupedRates:
    """One model's rates (3, k) of k groups, the deviations of their draws (b, 3, k), and what
    fairlearn makes of them."""

    rates: Floats
    deviations: Floats
    half_a_row: Floats  # (3, k) as a rate: the least that a logarithm is taken of
    measures: dict[str, float]


@dataclass(frozen=True, eq=False)
class _Side:
    """One measure of one model: its estimate, and all pairs of groups of which it is the worst."""

    estimate: float
    pairs: Candidates | None
    is_ratio: bool


def grouped_rates(pair: Pair, code: Ints, k: int, seed: int) -> tuple[GroupedRates, GroupedRates]:
    """The candidate's and the champion's; code: (n,) the group of each row, 0..k-1."""
    drawn = deviations(pair, code, k, seed)
    told_by = (np.ones(len(pair), dtype=bool), pair.y == 1, pair.y == 0)
    rows = np.stack([np.bincount(code[told], minlength=k) for told in told_by])
    half_a_row = 0.5 / np.maximum(rows, 1)
    sides = []
    for number, scores in enumerate((pair.candidate, pair.champion)):
        frame = group_frame(scores, code)
        rates = frame.by_group[list(RATES)].to_numpy(dtype=np.float64).T
        sides.append(GroupedRates(rates, drawn[:, number], half_a_row, disparities(frame)))
    return sides[0], sides[1]


def compared(
    ours: GroupedRates, theirs: GroupedRates | None, *, margin: float, alpha: float
) -> tuple[Disparity, ...]:
    """The four measures, with their change where there is a champion."""
    found = []
    for measure in _RATES_OF:
        mine = _side(measure, ours)
        if theirs is None:
            interval = _interval(mine, alpha)
            found.append(Disparity(measure, interval, None, math.nan, *UNKNOWN))
        else:
            found.append(_changed(measure, mine, _side(measure, theirs), margin, alpha))
    return tuple(found)


def _side(measure: str, of: GroupedRates) -> _Side:
    is_ratio = measure.endswith("_ratio")
    wanted = list(_RATES_OF[measure])
    rates, drawn = of.rates[wanted], of.deviations[:, wanted]
    if is_ratio:
        least = of.half_a_row[wanted]
        middle = np.log(np.maximum(rates, least))
        drawn = np.log(np.clip(rates + drawn, least, 1.0)) - middle
        rates = middle
    estimates = _pairs(rates[np.newaxis])[0]
    known = ~np.isnan(estimates)
    pairs = Candidates(estimates[known], _pairs(drawn)[:, known]) if known.any() else None
    estimate = of.measures[measure] if known.any() else math.nan
    return _Side(estimate, pairs, is_ratio)


def _pairs(values: Floats) -> Floats:
    """(b, r, k) -> (b, r k (k - 1)): each group less each other, within each of r rates."""
    b, _, k = values.shape
    apart = values[:, :, :, np.newaxis] - values[:, :, np.newaxis, :]
    return np.asarray(apart[:, :, ~np.eye(k, dtype=bool)].reshape(b, -1))


def _interval(side: _Side, alpha: float) -> Interval:
    """Bounds are kept within 0..1 and hold the estimate."""
    estimate, level = side.estimate, 1.0 - 2.0 * alpha
    if side.pairs is None or math.isnan(estimate):
        return Interval(estimate, *UNKNOWN, level, METHOD)
    low = max(low_of_largest(side.pairs, alpha), 0.0)
    high = high_of_largest(side.pairs, alpha)
    if side.is_ratio:
        low, high = math.exp(-high), math.exp(-low)
    return Interval(estimate, min(low, estimate), max(min(high, 1.0), estimate), level, METHOD)


def _changed(measure: str, ours: _Side, theirs: _Side, margin: float, alpha: float) -> Disparity:
    intervals = _interval(ours, alpha), _interval(theirs, alpha)
    change = ours.estimate - theirs.estimate
    if ours.pairs is None or theirs.pairs is None:
        return Disparity(measure, *intervals, math.nan, *UNKNOWN)
    low = low_of_largest(ours.pairs.minus(theirs.pairs), alpha)
    high = 0.0 - low_of_largest(theirs.pairs.minus(ours.pairs), alpha)  # never -0.0
    if ours.is_ratio:
        return Disparity(
            measure, *intervals, change, *_of_ratio(theirs.estimate, change, low, high)
        )
    p = p_of_largest(ours.pairs.minus(theirs.pairs), margin)
    return Disparity(measure, *intervals, change, low, high, p_harm=p)


def _of_ratio(before: float, change: float, low: float, high: float) -> tuple[float, float]:
    """The change of a ratio that was `before`, from that of its logarithm; both ratios are in 0..1.

    Of one that was 0 no change can be told in such terms.
    """
    if before <= 0.0:
        return UNKNOWN
    least, most = (before * math.expm1(-grew) + 0.0 for grew in (high, low))
    return min(max(least, -before), change), max(min(most, 1.0 - before), change)
