from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from scipy import stats

from podium.errors import UsageError
from podium.evaluation import (
    METRICS,
    Metric,
    Scores,
    Task,
    confidence_interval,
    get_metric,
    measure,
    measure_with_intervals,
    metric_names,
)
from podium.evaluation.intervals import logit_bounds, mean_bounds, wilson_bounds
from tests.evaluation.samples import binary_of_fixed_share, sample

ALL = [(task, name) for task, metrics in METRICS.items() for name in metrics]
TASKS: list[Task] = ["binary", "multiclass", "regression"]


@cache
def _true_values(task: Task) -> dict[str, float]:
    return measure(task, sample(task, 400_000, seed=10**6), metric_names(task))


SETS = {"binary": 400, "multiclass": 400, "regression": 1000}


@cache
def _sets(task: Task) -> list[Scores]:
    return [sample(task, 400, seed=seed) for seed in range(SETS[task])]


def _share_held(truth: float, metric: Metric, sets: list[Scores]) -> float:
    intervals = [confidence_interval(metric, scores, seed=1) for scores in sets]
    return float(np.mean([i.low <= truth <= i.high for i in intervals]))


@pytest.mark.parametrize(("task", "name"), [a for a in ALL if a[1] != "average_precision"])
def test_a_95_percent_interval_holds_the_true_value_in_about_95_percent_of_sets(
    task: Task, name: str
) -> None:
    truth, metric = _true_values(task)[name], get_metric(task, name)
    assert 0.92 <= _share_held(truth, metric, _sets(task)) <= 0.975


def test_the_interval_of_average_precision_does_so_among_sets_of_one_share_of_positives() -> None:
    # Stratified by class: it says nothing of how the share of positives itself may vary.
    metric = get_metric("binary", "average_precision")
    truth = metric.compute(binary_of_fixed_share(400_000, seed=10**6))
    sets = [binary_of_fixed_share(400, seed) for seed in range(400)]
    assert 0.92 <= _share_held(truth, metric, sets) <= 0.975


@pytest.mark.parametrize(("task", "name"), ALL)
def test_an_interval_holds_its_estimate_which_is_the_metric_and_narrows_with_the_level(
    task: Task, name: str
) -> None:
    scores, metric = sample(task, 500, seed=3), get_metric(task, name)
    wide = confidence_interval(metric, scores, level=0.99)
    narrow = confidence_interval(metric, scores, level=0.8)
    assert wide.low < narrow.low < narrow.estimate < narrow.high < wide.high
    assert wide.estimate == narrow.estimate == metric.compute(scores)
    assert (wide.level, narrow.level) == (0.99, 0.8)
    assert wide.method


@pytest.mark.parametrize(("task", "name"), ALL)
def test_the_same_seed_gives_the_same_interval(task: Task, name: str) -> None:
    scores, metric = sample(task, 300, seed=4), get_metric(task, name)
    first, again = (confidence_interval(metric, scores, seed=7) for _ in range(2))
    assert first == again


def _degenerate() -> dict[str, tuple[Task, Scores]]:
    half, zeros, ones = np.full(5, 0.5), np.zeros(5, dtype=int), np.ones(5, dtype=int)
    third = np.full((5, 3), 1 / 3)
    target, first = np.arange(5.0), np.eye(5, dtype=int)[0]
    return {
        "binary, no rows": ("binary", Scores(zeros[:0], zeros[:0], half[:0])),
        "binary, one row": ("binary", Scores(ones[:1], ones[:1], half[:1])),
        "binary, all negative": ("binary", Scores(zeros, zeros, half)),
        "binary, all negative, called positive": ("binary", Scores(zeros, ones, half)),
        "binary, all positive": ("binary", Scores(ones, ones, half)),
        "binary, one positive": ("binary", Scores(first, zeros, half)),
        "binary, perfect": ("binary", Scores(*[np.array([0, 0, 1, 1])] * 3)),
        "multiclass, no rows": ("multiclass", Scores(zeros[:0], zeros[:0], third[:0])),
        "multiclass, one row": ("multiclass", Scores(zeros[:1], ones[:1], third[:1])),
        "multiclass, one class": ("multiclass", Scores(ones, ones, third)),
        "multiclass, a class only predicted": ("multiclass", Scores(first, ones + 1, third)),
        "multiclass, probabilities of zero": ("multiclass", Scores(zeros, zeros, third * 0)),
        "regression, no rows": ("regression", Scores(target[:0], target[:0])),
        "regression, one row": ("regression", Scores(target[:1], target[:1])),
        "regression, constant": ("regression", Scores(target * 0 + 0.1, target)),
        "regression, perfect": ("regression", Scores(target, target)),
        "regression, two rows": ("regression", Scores(target[:2], target[1:3])),
        "regression, beyond squares": ("regression", Scores(target * 1e200, -target * 1e200)),
    }  # fmt: skip


@pytest.mark.parametrize("case", list(_degenerate()))
def test_degenerate_rows_give_bounds_that_are_nan_or_hold_the_estimate(case: str) -> None:
    task, scores = _degenerate()[case]
    for interval in measure_with_intervals(task, scores, metric_names(task)).values():
        assert math.isnan(interval.low) == math.isnan(interval.high)
        if not math.isnan(interval.low):
            assert interval.low <= interval.estimate <= interval.high


def test_no_rows_give_nan_throughout() -> None:
    empty = Scores(np.empty(0, dtype=int), np.empty(0, dtype=int), np.empty(0))
    for interval in measure_with_intervals("binary", empty, metric_names("binary")).values():
        assert math.isnan(interval.estimate)
        assert math.isnan(interval.low)


def test_a_perfect_ranking_has_an_interval_without_width() -> None:
    y = np.array([0, 0, 0, 1, 1])
    interval = confidence_interval(get_metric("binary", "roc_auc"), Scores(y, y, y * 0.5))
    assert (interval.estimate, interval.low, interval.high) == (1.0, 1.0, 1.0)


def test_ovr_of_two_classes_is_delong_of_one() -> None:
    two = sample("binary", 300, seed=5)
    assert two.probability is not None
    both = Scores(two.y, two.prediction, np.stack([1 - two.probability, two.probability], axis=1))
    one = confidence_interval(get_metric("binary", "roc_auc"), two)
    ovr = confidence_interval(get_metric("multiclass", "roc_auc_ovr"), both)
    assert (ovr.low, ovr.high) == pytest.approx((one.low, one.high), abs=1e-12)


def test_ovr_is_unsure_when_a_class_has_a_single_row() -> None:
    scores = sample("multiclass", 60, seed=6)
    rows = np.concatenate([np.flatnonzero(scores.y < 2), np.flatnonzero(scores.y == 2)[:1]])
    interval = confidence_interval(get_metric("multiclass", "roc_auc_ovr"), scores.take(rows))
    assert not math.isnan(interval.estimate)
    assert math.isnan(interval.low)


def test_the_interval_of_a_mean_is_that_of_student() -> None:
    values = np.random.default_rng(0).exponential(size=30) + 1
    expected = stats.t.interval(0.9, 29, loc=values.mean(), scale=stats.sem(values))
    assert mean_bounds(values, 0.9) == pytest.approx(expected)


def test_the_interval_of_a_share_is_that_of_wilson() -> None:
    expected = stats.binomtest(17, 40).proportion_ci(0.95, method="wilson")
    assert wilson_bounds(17, 40, 0.95) == pytest.approx((expected.low, expected.high))
    assert wilson_bounds(0, 40, 0.95)[0] == 0.0
    assert all(math.isnan(bound) for bound in wilson_bounds(0, 0, 0.95))


def test_a_share_near_one_keeps_its_interval_below_one() -> None:
    low, high = logit_bounds(0.999, 0.01, 0.95)
    assert 0.0 < low < 0.999 < high <= 1.0


@pytest.mark.parametrize("level", [0.0, 1.0, -1.0, 95.0, math.nan])
def test_a_level_outside_0_to_1_is_refused(level: float) -> None:
    with pytest.raises(UsageError, match="level"):
        confidence_interval(
            get_metric("regression", "mae"), sample("regression", 9, seed=0), level=level
        )


def test_r2_and_average_precision_in_many_chunks_are_still_one_interval() -> None:
    chunked: list[tuple[Task, str]] = [("binary", "average_precision"), ("regression", "r2")]
    for task, name in chunked:
        interval = confidence_interval(get_metric(task, name), sample(task, 20_000, seed=8))
        assert 0 < interval.high - interval.low < 0.05
