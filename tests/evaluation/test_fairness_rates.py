from __future__ import annotations

import math

import numpy as np
import pytest

from podium.evaluation import Pair, Scores
from podium.evaluation.disparity import GroupedRates, compared
from podium.evaluation.rate_draws import deviations, rates_of

MEASURES = (
    "demographic_parity_difference",
    "demographic_parity_ratio",
    "equalized_odds_difference",
    "equalized_odds_ratio",
)


def _grouped(pair: Pair, code: np.ndarray, k: int, seed: int) -> list[GroupedRates]:
    """As `grouped_rates`, without fairlearn's second a call: for simulations."""
    cell = ((code * 2 + pair.y) * 2 + pair.candidate.prediction) * 2 + pair.champion.prediction
    rates = rates_of(np.bincount(cell, minlength=8 * k).reshape(k, 2, 2, 2))
    drawn = deviations(pair, code, k, seed)
    found = []
    for side in (0, 1):
        spread = np.nanmax(rates[side], axis=1) - np.nanmin(rates[side], axis=1)
        values = (spread[0], math.nan, max(spread[1:]), math.nan)
        measures = dict(zip(MEASURES, map(float, values), strict=True))
        found.append(GroupedRates(rates[side], drawn[:, side], np.full((3, k), 1e-3), measures))
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ([0.3] * 4, [0.3] * 4),  # nobody differs; four groups compete for the extremes
        ([0.3] * 4, [0.001] * 4),  # nor here, but only the candidate's rates are noisy
        ([0.3, 0.36], [0.3, 0.34]),  # grew by exactly the margin
        ([0.3, 0.5], [0.3, 0.3]),  # grew from nothing, so the champion's is overestimated
    ],
)
def test_intervals_cover_and_harm_is_seen_no_more_often_than_alpha(
    ours: list[float], theirs: list[float]
) -> None:
    """200 runs each, seeds 0..199, alpha 5 %; bound 5 % + 4.6 % (3 standard errors)."""
    runs, rows, k = 200, 600, len(ours)
    code = np.repeat(np.arange(k), rows)
    spread_ours, spread_theirs = max(ours) - min(ours), max(theirs) - min(theirs)
    grew = spread_ours - spread_theirs
    blamed, missed = 0, np.zeros(4)
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        u = rng.random(len(code))
        v = np.where(rng.random(len(code)) < 0.7, u, rng.random(len(code)))
        said = [(u < np.array(ours)[code]).astype(int), (v < np.array(theirs)[code]).astype(int)]
        y = (rng.random(len(code)) < 0.4).astype(int)
        pair = Pair(Scores(y, said[0]), Scores(y, said[1]))
        mine, other = _grouped(pair, code, k, seed)
        parity = compared(mine, other, margin=max(grew, 0.02), alpha=0.05)[0]
        assert parity.p_harm is not None
        blamed += parity.p_harm <= 0.05
        missed += [
            parity.low > grew,
            parity.high < grew,
            parity.candidate.low > spread_ours,
            parity.candidate.high < spread_ours,
        ]
    assert blamed / runs <= 0.05 + 0.046
    assert (missed / runs <= 0.05 + 0.046).all(), missed / runs
