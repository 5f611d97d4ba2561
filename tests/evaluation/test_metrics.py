from __future__ import annotations

import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from podium.errors import UsageError
from podium.evaluation import (
    DEFAULT_METRIC,
    METRICS,
    Costs,
    Scores,
    Task,
    confidence_interval,
    cost_metric,
    get_metric,
    is_metric,
    measure,
    metric_names,
)
from tests.evaluation.samples import sample

ALL = [(task, name) for task, metrics in METRICS.items() for name in metrics]


def test_each_task_has_the_metrics_that_others_count_on() -> None:
    assert metric_names("binary") == (
        "roc_auc", "average_precision", "log_loss", "brier", "accuracy", "balanced_accuracy",
        "f1", "precision", "recall", "mcc", "cost",
    )  # fmt: skip
    assert set(metric_names("multiclass")) == {
        "log_loss", "accuracy", "balanced_accuracy", "f1_macro", "f1_weighted", "roc_auc_ovr",
    }  # fmt: skip
    assert metric_names("regression") == ("mae", "rmse", "mape", "pinball", "r2")
    assert all(name in METRICS[task] for task, name in DEFAULT_METRIC.items())


def test_an_unknown_metric_or_task_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UsageError, match="Did you mean 'roc_auc'"):
        get_metric("binary", "roc_acu")
    with pytest.raises(UsageError, match="Did you mean 'binary'"):
        metric_names("binry")  # type: ignore[arg-type]


@pytest.mark.parametrize(("task", "name"), ALL)
def test_metrics_survive_pickling_so_that_they_can_go_to_another_process(
    task: Task, name: str
) -> None:
    scores, metric = sample(task, 50, seed=1), get_metric(task, name)
    assert pickle.loads(pickle.dumps(metric)).compute(scores) == metric.compute(scores)


@pytest.mark.parametrize(("task", "name"), ALL)
def test_a_worse_model_measures_worse_in_the_stated_direction(task: Task, name: str) -> None:
    good = sample(task, 600, seed=2)
    worse = Scores(np.roll(good.y, 1), good.prediction, good.probability)
    metric = get_metric(task, name)
    assert (metric.compute(good) > metric.compute(worse)) == metric.higher_is_better


def test_binary_estimates_are_those_of_scikit_learn() -> None:
    s = sample("binary", 200, seed=3)
    assert s.probability is not None
    expected = {
        "roc_auc": sk.roc_auc_score(s.y, s.probability),
        "average_precision": sk.average_precision_score(s.y, s.probability),
        "log_loss": sk.log_loss(s.y, s.probability),
        "brier": sk.brier_score_loss(s.y, s.probability),
        "balanced_accuracy": sk.balanced_accuracy_score(s.y, s.prediction),
        "f1": sk.f1_score(s.y, s.prediction),
        "mcc": sk.matthews_corrcoef(s.y, s.prediction),
    }
    assert measure("binary", s, expected) == pytest.approx(expected)


def test_multiclass_estimates_are_those_of_scikit_learn() -> None:
    s = sample("multiclass", 200, seed=3)
    expected = {
        "log_loss": sk.log_loss(s.y, s.probability),
        "roc_auc_ovr": sk.roc_auc_score(s.y, s.probability, multi_class="ovr"),
        "f1_macro": sk.f1_score(s.y, s.prediction, average="macro"),
        "f1_weighted": sk.f1_score(s.y, s.prediction, average="weighted"),
    }
    assert measure("multiclass", s, expected) == pytest.approx(expected)


def test_regression_estimates_are_those_of_scikit_learn() -> None:
    s = sample("regression", 200, seed=3)
    expected = {
        "mae": sk.mean_absolute_error(s.y, s.prediction),
        "rmse": sk.root_mean_squared_error(s.y, s.prediction),
        "mape": sk.mean_absolute_percentage_error(s.y, s.prediction),
        "pinball": sk.mean_pinball_loss(s.y, s.prediction),
        "pinball_0.9": sk.mean_pinball_loss(s.y, s.prediction, alpha=0.9),
        "r2": sk.r2_score(s.y, s.prediction),
    }
    assert measure("regression", s, expected) == pytest.approx(expected)


def test_the_pinball_loss_of_a_quantile_is_least_at_that_quantile() -> None:
    y = np.random.default_rng(0).exponential(size=1001)
    metric = get_metric("regression", "pinball_0.9")
    tried = np.quantile(y, [0.85, 0.9, 0.95])
    low, best, high = (metric.compute(Scores(y, np.full(1001, value))) for value in tried)
    assert best < min(low, high)


@pytest.mark.parametrize(
    "name", ["pinball_", "pinball_1", "pinball_0.0", "pinball_1.5", "pinball_a", "pinball_-0.5"]
)
def test_a_quantile_outside_0_to_1_is_no_metric(name: str) -> None:
    assert not is_metric("regression", name)
    with pytest.raises(UsageError, match="Did you mean 'pinball'"):
        get_metric("regression", name)


def test_pinball_is_for_regression_only() -> None:
    assert is_metric("regression", "pinball_0.25")
    assert not is_metric("binary", "pinball_0.25")
    with pytest.raises(UsageError, match="no metric 'pinball_0\\.25' for a binary task"):
        get_metric("binary", "pinball_0.25")


@pytest.mark.parametrize(("task", "name"), ALL)
def test_each_metric_names_its_paired_test(task: Task, name: str) -> None:
    expected = {
        "roc_auc": "paired DeLong",
        "roc_auc_ovr": "paired DeLong",
        "accuracy": "exact McNemar",
        "rmse": "paired t, delta method",
        "r2": "paired bootstrap",
    }
    means = {"log_loss", "brier", "cost", "mae", "mape", "pinball"}
    default = "paired t" if name in means else "stratified bootstrap"
    assert get_metric(task, name).paired.name == expected.get(name, default)


LABELS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=30)


@settings(deadline=None)
@given(LABELS)
def test_what_counts_mistakes_is_what_scikit_learn_gives(pairs: list[tuple[int, int]]) -> None:
    y, prediction = np.array(pairs).T
    undefined = math.nan
    expected = {
        "f1_macro": sk.f1_score(y, prediction, average="macro", zero_division=0.0),
        "f1_weighted": sk.f1_score(y, prediction, average="weighted", zero_division=0.0),
        "balanced_accuracy": _balanced(y, prediction),
        "accuracy": sk.accuracy_score(y, prediction),
    }
    found = measure("multiclass", Scores(y, prediction), expected)
    assert found == pytest.approx(expected, nan_ok=True)
    y, prediction = y % 2, prediction % 2
    expected = {
        "f1": sk.f1_score(y, prediction, zero_division=undefined),
        "precision": sk.precision_score(y, prediction, zero_division=undefined),
        "recall": sk.recall_score(y, prediction, zero_division=undefined),
        "mcc": sk.matthews_corrcoef(y, prediction) if len(set(y)) > 1 else undefined,
        "balanced_accuracy": _balanced(y, prediction),
        "accuracy": sk.accuracy_score(y, prediction),
    }
    found = measure("binary", Scores(y, prediction), expected)
    assert found == pytest.approx(expected, nan_ok=True)


def _balanced(y: np.ndarray, prediction: np.ndarray) -> float:
    present = np.unique(y)
    if len(present) < 2:
        return math.nan
    return float(sk.recall_score(y, prediction, labels=present, average="macro", zero_division=0))


def test_cost_is_the_mean_over_rows_of_what_the_mistakes_cost() -> None:
    scores = Scores(np.array([0, 0, 1, 1, 1]), np.array([0, 1, 0, 0, 1]))
    costs = Costs(fp=2.0, fn=10.0)
    assert measure("binary", scores, ["cost"], costs=costs)["cost"] == pytest.approx(22 / 5)
    assert measure("binary", scores, ["cost"])["cost"] == pytest.approx(3 / 5)
    interval = confidence_interval(get_metric("binary", "cost"), scores, costs=costs)
    assert interval == confidence_interval(cost_metric(costs), scores)
    assert interval.estimate == pytest.approx(22 / 5)


@pytest.mark.parametrize("value", [-1.0, math.nan, math.inf])
def test_a_cost_below_0_or_not_finite_is_refused(value: float) -> None:
    with pytest.raises(UsageError, match="fn="):
        Costs(fn=value)


def test_metrics_that_one_class_leaves_undefined_are_nan() -> None:
    ones = np.ones(4, dtype=int)
    measured = measure("binary", Scores(ones, ones, ones * 0.7), metric_names("binary"))
    undefined = {name for name, value in measured.items() if math.isnan(value)}
    assert undefined == {"roc_auc", "average_precision", "balanced_accuracy", "mcc"}


def test_a_constant_target_has_no_r2_and_a_zero_no_mape() -> None:
    assert math.isnan(get_metric("regression", "r2").compute(Scores(np.ones(3), np.arange(3.0))))
    assert math.isnan(get_metric("regression", "mape").compute(Scores(np.arange(3.0), np.ones(3))))


def test_a_class_that_does_not_occur_breaks_neither_log_loss_nor_ovr() -> None:
    scores = sample("multiclass", 100, seed=5)
    measured = measure("multiclass", scores.take(scores.y != 1), ["log_loss", "roc_auc_ovr"])
    assert all(math.isfinite(value) for value in measured.values())


def test_float32_probabilities_are_measured_without_a_warning() -> None:
    scores = sample("multiclass", 1000, seed=6)
    assert scores.probability is not None
    rounded = Scores(scores.y, scores.prediction, scores.probability.astype(np.float32))
    name = "log_loss"
    expected = measure("multiclass", scores, [name])
    assert measure("multiclass", rounded, [name]) == pytest.approx(expected, rel=1e-5)


def test_a_metric_of_probabilities_is_refused_without_them() -> None:
    scores = Scores(np.array([0, 1]), np.array([0, 1]))
    for task in ("binary", "multiclass"):
        with pytest.raises(UsageError, match="needs probabilities"):
            get_metric(task, "log_loss").compute(scores)
    assert get_metric("binary", "accuracy").compute(scores) == 1.0


@pytest.mark.parametrize(
    ("y", "prediction", "probability", "said"),
    [
        ([0, 1], [0], None, "prediction has shape"),
        ([0, 1], [0, 1], [0.5], "probability has shape"),
        ([0.0, math.nan], [0.0, 1.0], None, "not finite"),
        (["a"], ["a"], None, "not finite numbers"),
        ([0, 1], [0, 1], [0.5, 1.5], "not within 0..1"),
        ([0, 2], [0, 1], [0.5, 0.5], "not class indices"),
        ([0, 1], [0, 0.5], [0.5, 0.5], "not class indices"),
        ([0, 1], [0, 1], [[1.0], [1.0]], "one class only"),
    ],
)
def test_scores_that_make_no_sense_are_refused(y, prediction, probability, said) -> None:  # type: ignore[no-untyped-def]
    given_probability = None if probability is None else np.array(probability)
    with pytest.raises(UsageError, match=said):
        Scores(np.array(y), np.array(prediction), given_probability)


def test_scores_take_rows_by_index_and_by_mask() -> None:
    scores = sample("multiclass", 10, seed=7)
    mask = scores.y == scores.y[0]
    by_mask, by_index = scores.take(mask), scores.take(np.flatnonzero(mask))
    assert by_mask.probability is not None
    np.testing.assert_array_equal(by_mask.probability, by_index.probability)
    assert len(by_mask) == mask.sum()
