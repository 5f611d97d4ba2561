from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from podium.evaluation import auc_covariance, auc_variance, paired_auc_test

# aSAH, as pROC 1.19.0.1 gives it.
AUC = {"wfns": 0.82367886, "s100b": 0.73136856, "ndka": 0.61195799}
VARIANCE = {"wfns": 0.00146991470882363, "s100b": 0.00266868245717244, "ndka": 0.0031908105493913}
PAIRS = [
    ("wfns", "s100b", 0.00119615567, 2.20898359144091, 0.0271757822291882, 0.0104062, 0.1742144),
    ("wfns", "ndka", -0.00053296786, 2.79777591868904, 0.00514557970691098, 0.0634012, 0.3600406),
    ("ndka", "s100b", -0.00075616494, -1.39077002573558, 0.164295175223054, -0.2876917, 0.0488706),
]


@pytest.mark.parametrize(("a", "b", "cov", "z", "p", "low", "high"), PAIRS)
def test_the_paired_test_gives_what_proc_gives(
    a: str, b: str, cov: float, z: float, p: float, low: float, high: float
) -> None:
    test = paired_auc_test(AUC[a], AUC[b], VARIANCE[a], VARIANCE[b], cov)
    assert test.z == pytest.approx(z, abs=1e-6)
    assert test.p == pytest.approx(p, abs=1e-6)
    assert (test.low, test.high) == pytest.approx((low, high), abs=1e-6)
    assert test.difference == pytest.approx(AUC[a] - AUC[b])


def _brute_force(y: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The U-statistic pair by pair, and the covariance of its components by numpy."""
    v10, v01 = [], []
    for score in scores:
        gap = score[y == 1][:, np.newaxis] - score[y == 0][np.newaxis, :]
        wins = (gap > 0) + 0.5 * (gap == 0)
        v10.append(wins.mean(axis=1))
        v01.append(wins.mean(axis=0))
    m, n = (y == 1).sum(), (y == 0).sum()
    return np.mean(v10, axis=1), np.atleast_2d(np.cov(v10)) / m + np.atleast_2d(np.cov(v01)) / n


@settings(deadline=None)
@given(st.integers(0, 10**6), st.integers(5, 80), st.integers(1, 4), st.integers(1, 12))
def test_aucs_and_covariance_are_the_u_statistics_with_ties(
    seed: int, n: int, m: int, distinct: int
) -> None:
    rng = np.random.default_rng(seed)
    y = (rng.permutation(n) < rng.integers(2, n - 1)).astype(int)
    scores = rng.integers(0, distinct, size=(m, n)) + 0.5 * y * rng.integers(0, 2, size=n)
    aucs, covariance = auc_covariance(y, scores)
    expected_aucs, expected_covariance = _brute_force(y, scores)
    np.testing.assert_allclose(aucs, expected_aucs, atol=1e-12)
    np.testing.assert_allclose(covariance, expected_covariance, atol=1e-12)
    assert auc_variance(y, scores[0]) == pytest.approx((aucs[0], covariance[0, 0]))
    assert aucs[0] == pytest.approx(roc_auc_score(y, scores[0]))


def test_a_model_against_itself_does_not_differ() -> None:
    rng = np.random.default_rng(0)
    y, score = rng.integers(0, 2, 100), rng.normal(size=100)
    aucs, cov = auc_covariance(y, np.stack([score, np.exp(score)]))
    test = paired_auc_test(aucs[0], aucs[1], cov[0, 0], cov[1, 1], cov[0, 1])
    assert (test.difference, test.z, test.p, test.low, test.high) == (0.0, 0.0, 1.0, 0.0, 0.0)


def test_a_difference_without_any_variance_is_certain() -> None:
    test = paired_auc_test(0.0, 1.0, 0.0, 0.0, 0.0)
    assert (test.difference, test.z, test.p) == (-1.0, -math.inf, 0.0)


def test_the_paired_test_errs_in_about_five_percent_of_equal_models() -> None:
    rng = np.random.default_rng(1)
    wrong = 0
    for _ in range(3000):
        y = (rng.permutation(200) < 60).astype(int)
        shared = rng.normal(size=200) + y
        aucs, cov = auc_covariance(y, shared + 0.7 * rng.normal(size=(2, 200)))
        wrong += paired_auc_test(aucs[0], aucs[1], cov[0, 0], cov[1, 1], cov[0, 1]).p < 0.05
    assert 0.04 <= wrong / 3000 <= 0.06


@pytest.mark.parametrize("y", [[], [1, 1, 1], [0, 0, 0]])
def test_one_class_has_no_auc(y: list[int]) -> None:
    auc, variance = auc_variance(np.array(y), np.arange(float(len(y))))
    assert math.isnan(auc)
    assert math.isnan(variance)


def test_a_single_positive_row_has_an_auc_without_a_variance() -> None:
    auc, variance = auc_variance(np.array([0, 1, 0, 0]), np.array([1.0, 2.0, 3.0, 0.0]))
    assert auc == pytest.approx(2 / 3)
    assert math.isnan(variance)


def test_nan_scores_give_nan_and_not_a_verdict() -> None:
    auc, variance = auc_variance(np.array([0, 1, 0, 1]), np.array([1.0, math.nan, 3.0, 0.0]))
    assert math.isnan(auc)
    assert math.isnan(paired_auc_test(auc, 0.5, variance, 0.1, 0.0).p)
