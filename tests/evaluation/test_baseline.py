from __future__ import annotations

import math

import numpy as np
import pytest

from podium.evaluation import (
    METRICS,
    Costs,
    Pair,
    Scores,
    Task,
    baseline_scores,
    compare,
    cost_metric,
    get_metric,
)
from tests.evaluation.samples import sample

ALL = [(task, name) for task, metrics in METRICS.items() for name in metrics]
# Calling everything positive is a perfect recall: no candidate has to beat that.
BEATABLE = [case for case in ALL if case != ("binary", "recall")]
# What rewards naming every class now and then, whether rightly or not.
BY_CHANCE = {"recall", "f1_macro", "f1_weighted"}


def _constants(task: Task, y: np.ndarray) -> list[Scores]:
    """Constant answers: every class or probability, or a fine grid of numbers."""
    if task == "regression":
        return [Scores(y, np.full(len(y), c)) for c in np.linspace(y.min(), y.max(), 400)]
    if task == "binary":
        shares = np.linspace(0.01, 0.99, 99)
        return [Scores(y, np.full(len(y), c), np.full(len(y), p)) for c in (0, 1) for p in shares]
    shares = [np.bincount(y) / len(y), np.full(3, 1 / 3), np.array([0.8, 0.1, 0.1])]
    return [
        Scores(y, np.full(len(y), c), np.tile(share, (len(y), 1)))
        for c in range(3)
        for share in shares
    ]


@pytest.mark.parametrize(("task", "name"), BEATABLE)
def test_no_constant_answer_beats_the_baseline(task: Task, name: str) -> None:
    y, metric = sample(task, 301, seed=1).y, get_metric(task, name)
    baseline = metric.compute(baseline_scores(task, y, name))
    sign = 1 if metric.higher_is_better else -1
    others = [metric.compute(scores) for scores in _constants(task, y)]
    best = max(sign * other for other in others if not math.isnan(other))
    assert sign * baseline >= best - 1e-9


@pytest.mark.parametrize(("task", "name"), BEATABLE)
def test_a_model_that_knows_something_beats_the_baseline(task: Task, name: str) -> None:
    scores = sample(task, 2000, seed=2)
    baseline = baseline_scores(task, scores.y, name)
    found = compare(get_metric(task, name), Pair(scores, baseline))
    assert found.verdict == "better"


@pytest.mark.parametrize(("task", "name"), [case for case in ALL if case[1] not in BY_CHANCE])
def test_a_model_without_any_knowledge_does_not_beat_the_baseline(task: Task, name: str) -> None:
    scores = sample(task, 1000, seed=3)
    assert _verdict_of_a_shuffled_model(task, name, scores) != "better"


@pytest.mark.parametrize(("task", "name"), [case for case in ALL if case[1] in BY_CHANCE])
def test_metrics_that_guessing_at_random_improves_are_the_known_ones(task: Task, name: str) -> None:
    # A constant is no bar for these, as the docstring says: decide by another metric.
    assert _verdict_of_a_shuffled_model(task, name, sample(task, 4000, seed=3)) == "better"


def _verdict_of_a_shuffled_model(task: Task, name: str, scores: Scores) -> str:
    y = np.random.default_rng(4).permutation(scores.y)
    shuffled = Scores(y, scores.prediction, scores.probability)
    return compare(get_metric(task, name), Pair(shuffled, baseline_scores(task, y, name))).verdict


def test_recall_is_that_of_the_majority_class() -> None:
    y = np.array([0, 0, 0, 1, 1])
    assert set(baseline_scores("binary", y, "recall").prediction.tolist()) == {0}
    assert set(baseline_scores("binary", 1 - y, "recall").prediction.tolist()) == {1}


def test_the_class_depends_on_what_the_metric_asks_for() -> None:
    y = np.array([0, 0, 0, 1, 1])
    answers = {
        name: set(baseline_scores("binary", y, name).prediction.tolist())
        for name in ("accuracy", "f1", "precision", "roc_auc", "mcc", "balanced_accuracy")
    }
    majority, positive = {0}, {1}
    assert answers == {
        "accuracy": majority,
        "f1": positive,
        "precision": positive,
        "roc_auc": majority,
        "mcc": majority,
        "balanced_accuracy": majority,
    }
    dear = baseline_scores("binary", y, cost_metric(Costs(fp=1.0, fn=9.0)))
    assert set(dear.prediction.tolist()) == positive


def test_probabilities_are_the_shares_of_the_classes() -> None:
    y = np.array([0, 2, 2, 1])
    scores = baseline_scores("multiclass", y, "log_loss", classes=4)
    assert scores.probability is not None
    assert scores.probability.tolist() == [[0.25, 0.25, 0.5, 0.0]] * 4
    binary = baseline_scores("binary", y % 2, "log_loss")
    assert binary.probability is not None
    assert binary.probability.tolist() == [0.25] * 4


@pytest.mark.parametrize("task", list(METRICS))
def test_no_rows_have_an_empty_baseline(task: Task) -> None:
    name = next(iter(METRICS[task]))
    assert len(baseline_scores(task, np.empty(0, dtype=np.int64), name)) == 0


@pytest.mark.parametrize("name", ["pinball", "pinball_0.9", "pinball_0.1", "pinball_0.25"])
@pytest.mark.parametrize("rows", [1, 2, 3, 10, 11])
def test_no_number_has_less_pinball_loss_than_the_baseline(name: str, rows: int) -> None:
    y = np.random.default_rng(rows).lognormal(size=rows)
    metric = get_metric("regression", name)
    # The loss is linear between the targets, so the best number is one of them.
    least = min(metric.compute(Scores(y, np.full(rows, number))) for number in y)
    assert metric.compute(baseline_scores("regression", y, name)) == pytest.approx(least)


def test_mape_of_a_target_with_zeros_falls_back_to_the_median() -> None:
    y = np.array([0.0, 1.0, 5.0])
    assert baseline_scores("regression", y, "mape").prediction.tolist() == [1.0] * 3
