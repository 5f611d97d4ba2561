from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats
from statsmodels.stats.contingency_tables import mcnemar

from podium.evaluation import Pair, Scores, compare, get_metric
from podium.evaluation.mcnemar import mcnemar_p, tango_bounds

COUNTS = st.integers(0, 60)


def _pair(both: int, gained: int, lost: int, neither: int) -> Pair:
    """A pair with so many rows right in both models, in one of them, and in none."""
    y = np.ones(both + gained + lost + neither, dtype=int)
    ours = np.repeat([1, 1, 0, 0], [both, gained, lost, neither])
    theirs = np.repeat([1, 0, 1, 0], [both, gained, lost, neither])
    return Pair(Scores(y, ours), Scores(y, theirs))


@given(COUNTS, COUNTS)
def test_p_is_that_of_statsmodels_and_of_the_binomial_test(gained: int, lost: int) -> None:
    p = mcnemar_p(gained, lost)
    assert p == pytest.approx(mcnemar([[9, gained], [lost, 4]], exact=True).pvalue)
    if gained + lost:
        assert p == pytest.approx(stats.binomtest(gained, gained + lost).pvalue)


def test_p_of_a_million_disagreements_is_still_exact() -> None:
    expected = stats.binomtest(500_900, 1_000_000).pvalue
    assert mcnemar_p(500_900, 499_100) == pytest.approx(expected, rel=1e-6)


def test_the_interval_is_that_published_for_airway_hyper_responsiveness() -> None:
    # Bentur et al. (2009), 1 and 7 discordant of 21, as analysed by Fagerland, Lydersen & Laake.
    low, high = tango_bounds(1, 7, 21, alpha=0.025)
    assert (round(low, 3), round(high, 3)) == (-0.517, -0.026)


def test_interval_and_p_are_those_published_for_complications_before_and_after() -> None:
    # Cavo et al. (2012), table (59, 6; 16, 80), as in the tests of R's `contingencytables`.
    low, high = tango_bounds(6, 16, 161, alpha=0.025)
    assert (round(low, 4), round(high, 4)) == (-0.1240, -0.0054)
    assert round(mcnemar_p(6, 16), 6) == 0.052479


def test_without_disagreement_the_interval_is_z2_over_n_plus_z2() -> None:
    z2 = stats.norm.ppf(0.95) ** 2
    low, high = tango_bounds(0, 0, 50, alpha=0.05)
    assert (low, high) == pytest.approx((-z2 / (50 + z2), z2 / (50 + z2)))


def _score_by_search(gained: int, lost: int, n: int, d: float) -> float:
    """The score statistic with the restricted likelihood maximised by search, not by formula."""

    def unlikely(share_lost: float) -> float:
        share_gained = share_lost + d
        same = 1.0 - share_gained - share_lost
        terms = ((gained, share_gained), (lost, share_lost), (n - gained - lost, same))
        return -sum(k * math.log(max(p, 1e-300)) for k, p in terms if k)

    bounds = (max(0.0, -d), (1.0 - d) / 2)
    q = optimize.minimize_scalar(unlikely, bounds=bounds, options={"xatol": 1e-12}).x
    return float((gained - lost - n * d) / math.sqrt(n * (2 * q + d - d * d)))


@pytest.mark.parametrize("counts", [(12, 5, 60), (3, 14, 40), (1, 1, 20), (40, 20, 160)])
def test_the_ends_are_where_the_score_test_just_rejects(counts: tuple[int, int, int]) -> None:
    gained, lost, n = counts
    low, high = tango_bounds(gained, lost, n, alpha=0.05)
    z = stats.norm.ppf(0.95)
    assert _score_by_search(gained, lost, n, low) == pytest.approx(z, abs=1e-4)
    assert _score_by_search(gained, lost, n, high) == pytest.approx(-z, abs=1e-4)


@given(COUNTS, COUNTS, COUNTS, st.floats(0.0001, 0.4))
def test_the_interval_holds_the_difference_mirrors_and_stays_within_1(
    gained: int, lost: int, same: int, alpha: float
) -> None:
    n = gained + lost + same + 1
    low, high = tango_bounds(gained, lost, n, alpha)
    assert -1.0 <= low <= (gained - lost) / n <= high <= 1.0
    assert tango_bounds(lost, gained, n, alpha) == pytest.approx((-high, -low), abs=1e-9)


def test_accuracy_is_compared_by_both() -> None:
    found = compare(get_metric("binary", "accuracy"), _pair(70, 15, 5, 10), alpha=0.05)
    assert found.difference == pytest.approx(0.1)
    assert found.p == pytest.approx(stats.binomtest(5, 20).pvalue)
    assert (found.low, found.high) == tango_bounds(15, 5, 100, 0.05)
    assert (found.method, found.verdict) == ("exact McNemar", "better")


def test_models_that_agree_on_few_rows_may_still_differ_and_on_many_not_by_much() -> None:
    few, many = _pair(20, 0, 0, 5), _pair(2000, 0, 0, 500)
    metric = get_metric("binary", "accuracy")
    # The same mistakes with other probabilities: not the same model.
    for both, verdict in ((few, "inconclusive"), (many, "not_worse")):
        ours, theirs = (
            Scores(s.y, s.prediction, np.where(s.prediction == 1, p, 0.1))
            for s, p in ((both.candidate, 0.8), (both.champion, 0.7))
        )
        found = compare(metric, Pair(ours, theirs), margin=0.01)
        assert (found.difference, found.p, found.verdict) == (0.0, 1.0, verdict)
    assert compare(metric, few).verdict == "not_worse"
