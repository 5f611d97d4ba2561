"""The curves and bins, against scikit-learn's where it has them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn import metrics
from sklearn.calibration import calibration_curve

from podium.errors import UsageError
from podium.reports import curves

RNG_ROWS = 3000


@pytest.fixture(params=["distinct", "ties"])
def scored(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    y = (rng.random(RNG_ROWS) < 0.3).astype(float)
    p = np.clip(rng.normal(0.4 + 0.15 * y, 0.15), 0, 1)
    return y, np.round(p, 2) if request.param == "ties" else p


def test_roc_curve_is_scikit_learns(scored: tuple[np.ndarray, np.ndarray]) -> None:
    fpr, tpr, _ = metrics.roc_curve(*scored, drop_intermediate=False)
    curve = curves.roc_curve(*scored)
    np.testing.assert_allclose(curve.x, fpr)
    np.testing.assert_allclose(curve.y, tpr)
    assert curve.area() == pytest.approx(metrics.roc_auc_score(*scored))


def test_precision_recall_curve_is_scikit_learns(scored: tuple[np.ndarray, np.ndarray]) -> None:
    precision, recall, _ = metrics.precision_recall_curve(*scored)
    curve = curves.precision_recall_curve(*scored)
    np.testing.assert_allclose(curve.x, recall[:-1][::-1])
    np.testing.assert_allclose(curve.y, precision[:-1][::-1])


def test_rates_are_scikit_learns(scored: tuple[np.ndarray, np.ndarray]) -> None:
    y, p = scored
    rates = curves.rates_at(y, p, 0.5)
    assert rates.recall == pytest.approx(metrics.recall_score(y, p >= 0.5))
    assert rates.precision == pytest.approx(metrics.precision_score(y, p >= 0.5))
    assert rates.false_positive_rate == pytest.approx(np.mean(p[y == 0] >= 0.5))


def test_rates_without_rows_to_divide_by_are_nan() -> None:
    rates = curves.rates_at(np.array([0.0]), np.array([0.1]), 0.5)
    assert np.isnan(rates.recall)
    assert np.isnan(rates.precision)
    assert rates.false_positive_rate == 0


def test_reliability_is_scikit_learns(scored: tuple[np.ndarray, np.ndarray]) -> None:
    observed, predicted = calibration_curve(*scored, n_bins=10, strategy="quantile")
    bins = curves.reliability(*scored)
    np.testing.assert_allclose(bins.observed, observed)
    np.testing.assert_allclose(bins.predicted, predicted)
    assert bins.rows.sum() == RNG_ROWS


@pytest.mark.parametrize(("hits", "rows"), [(0, 5), (5, 5), (3, 40), (1, 1), (500, 2000)])
def test_wilson_is_scipys(hits: int, rows: int) -> None:
    expected = binomtest(hits, rows).proportion_ci(method="wilson")
    low, high = curves.wilson(hits, rows)
    assert float(low) == pytest.approx(expected.low, abs=1e-6)
    assert float(high) == pytest.approx(expected.high, abs=1e-6)


def test_thinning_keeps_the_ends_the_bound_and_the_shape() -> None:
    rng = np.random.default_rng(0)
    y = (rng.random(50_000) < 0.02).astype(float)
    curve = curves.roc_curve(y, rng.normal(size=50_000) + 2 * y)
    thin = curve.thinned()
    assert thin.x.size <= 1000
    assert (thin.x[0], thin.y[0], thin.x[-1], thin.y[-1]) == (0, 0, 1, 1)
    assert thin.area() == pytest.approx(curve.area(), abs=2e-3)


def test_running_quantiles_follow_the_data() -> None:
    rng = np.random.default_rng(0)
    x = rng.random(20_000)
    centres, (low, middle, high) = curves.running_quantiles(x, 10 * x, (0.1, 0.5, 0.9))
    np.testing.assert_allclose(middle, 10 * centres, atol=0.02)
    assert (low < middle).all()
    assert (middle < high).all()


def test_running_quantiles_of_nothing_and_of_a_constant() -> None:
    empty, bands = curves.running_quantiles(np.zeros(0), np.zeros(0), (0.1, 0.9))
    assert empty.size == 0
    assert bands.shape == (2, 0)
    centres, bands = curves.running_quantiles(np.ones(5), np.arange(5.0), (0.5,))
    assert centres.tolist() == [1]
    assert bands.tolist() == [[2]]


def test_ranks_share_ties_and_keep_nan() -> None:
    ranked = curves.ranks(np.array([5.0, np.nan, 1.0, 1.0, 9.0]))
    np.testing.assert_allclose(ranked, [2 / 3, np.nan, 1 / 6, 1 / 6, 1])
    assert curves.ranks(np.array([3.0, 3.0])).tolist() == [0.5, 0.5]
    assert np.isnan(curves.ranks(np.array([np.nan]))).all()


def test_swarm_stays_within_its_width_and_separates_equal_points() -> None:
    offsets = curves.swarm(np.repeat([0.0, 1.0], [50, 5]), half_width=0.4)
    assert np.abs(offsets).max() <= 0.4 + 1e-9
    assert len(set(offsets[:50])) == 50
    assert np.abs(offsets[50:]).max() < 0.1
    assert curves.swarm(np.zeros(0)).size == 0


def test_main_range_cuts_only_what_is_far_away() -> None:
    ordinary = np.linspace(0, 1, 1001)
    assert curves.main_range(ordinary) == (0, 1)
    low, high = curves.main_range(np.append(ordinary, 1e6))
    assert low == 0
    assert high < 1.01
    assert curves.main_range(np.array([4.0])) == (4, 4)


def test_sampled_rows_are_distinct_sorted_and_the_same_each_time() -> None:
    rows = curves.sample_rows(1000, 100)
    assert len(set(rows)) == 100
    assert (np.diff(rows) > 0).all()
    np.testing.assert_array_equal(rows, curves.sample_rows(1000, 100))
    assert curves.sample_rows(3, 100).tolist() == [0, 1, 2]


def test_pairs_leave_out_what_is_not_finite_and_refuse_tables() -> None:
    y, p, dropped = curves.pairs([1, 0, 1, 0], [0.5, np.nan, np.inf, 0.1])
    assert (y.tolist(), p.tolist(), dropped) == ([1, 0], [0.5, 0.1], 2)
    with pytest.raises(UsageError):
        curves.pairs(np.zeros((2, 2)), np.zeros((2, 2)))
