from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from podium.errors import UsageError
from podium.evaluation import Comparison, compare_repeated


def _compare(differences: list[float] | np.ndarray, **options: float) -> Comparison:
    return compare_repeated(
        np.asarray(differences),
        train_rows=100,
        test_rows=50,
        metric="accuracy",
        higher_is_better=True,
        **options,
    )


def test_the_variance_is_corrected_for_the_rows_that_splits_share() -> None:
    d = np.array([0.02, 0.01, 0.03, -0.01, 0.02])
    found = _compare(d, alpha=0.025)
    error = math.sqrt((1 / 5 + 50 / 100) * d.var(ddof=1))
    assert found.error == pytest.approx(error)
    assert found.p == pytest.approx(2 * stats.t.sf(d.mean() / error, 4))
    assert found.low == pytest.approx(d.mean() - stats.t.ppf(0.975, 4) * error)
    assert math.isnan(found.candidate)


# Two samples of the same law, each predicted by its own mean: neither is easier. 1,500 tables.
SPLITS, TRAIN, TEST, RUNS = 15, 50, 10, 1500


def _differences(rng: np.random.Generator) -> np.ndarray:
    """Test error of the mean of either of two samples, over random splits of the same rows."""
    rows = rng.normal(size=(2, TRAIN + TEST))
    differences = []
    for _ in range(SPLITS):
        order = rng.permutation(TRAIN + TEST)
        train, test = rows[:, order[:TRAIN]], rows[:, order[TRAIN:]]
        loss = ((test - train.mean(axis=1, keepdims=True)) ** 2).mean(axis=1)
        differences.append(loss[0] - loss[1])
    return np.array(differences)


def test_fifteen_splits_err_at_about_alpha_where_the_plain_t_errs_in_a_third_of_cases() -> None:
    rng, corrected, naive = np.random.default_rng(20), 0, 0
    for _ in range(RUNS):
        differences = _differences(rng)
        found = compare_repeated(
            differences, train_rows=TRAIN, test_rows=TEST, metric="mse", higher_is_better=False
        )
        corrected += found.p < 0.05
        naive += stats.ttest_1samp(differences, 0.0).pvalue < 0.05
    assert 0.03 <= corrected / RUNS <= 0.065
    assert 0.25 <= naive / RUNS <= 0.40


def test_a_candidate_that_wins_every_split_alike_is_better_and_none_that_ties() -> None:
    assert _compare([0.01] * 5).verdict == "better"
    assert (_compare([0.0] * 5).verdict, _compare([0.0] * 5).p) == ("not_worse", 1.0)


def test_how_many_rows_would_decide_is_not_told_as_splits_share_theirs() -> None:
    found = _compare([0.02, -0.03, 0.01, -0.01], margin=0.001)
    assert found.verdict == "inconclusive"
    assert (found.rows_needed, found.rows_needed_if, found.power) == (None, "", None)
    assert "rows would decide" not in found.reason
    assert found.freedom == 3


@pytest.mark.parametrize(
    ("differences", "said"),
    [
        ([], "splits"),
        ([0.1], "splits"),
        ([0.1, math.nan], "undefined"),
        ([0.1, math.inf], "not finite"),
        ([1e308, -1e308, 1e308], "too large"),
    ],
)
def test_too_few_splits_and_undefined_ones_are_inconclusive(
    differences: list[float], said: str
) -> None:
    found = _compare(differences)
    assert found.verdict == "inconclusive"
    assert said in found.reason


def test_a_split_without_rows_is_refused() -> None:
    with pytest.raises(UsageError, match="train_rows is 0"):
        compare_repeated(
            np.zeros(3), train_rows=0, test_rows=1, metric="mae", higher_is_better=False
        )
