"""Rows that cannot tell: none, few, of one class or group, alike, or beyond what floats hold."""

from __future__ import annotations

import math

import numpy as np
import pytest

from podium.evaluation import METRICS, Comparison, Pair, Scores, Task, compare, get_metric
from podium.evaluation.scores import positive_probability
from tests.evaluation.pairs import binormal, pair
from tests.evaluation.samples import sample

ALL = [(task, name) for task, metrics in METRICS.items() for name in metrics]


def _undefined(found: Comparison) -> bool:
    numbers = (found.error, found.low, found.high, found.p)
    return (
        all(math.isnan(number) for number in numbers)
        and found.verdict == "inconclusive"
        and found.rows_needed is None
        and found.power is None
        and found.reason.endswith(".")
    )


@pytest.mark.parametrize("name", ["roc_auc", "average_precision", "balanced_accuracy", "mcc"])
def test_one_class_only_is_inconclusive_and_says_so(name: str) -> None:
    both = pair("binary", 100, seed=11)
    found = compare(get_metric("binary", name), both.take(both.y == 1))
    assert _undefined(found)
    assert found.reason == f"{name} is undefined: the rows hold one class only."


@pytest.mark.parametrize(("task", "name"), ALL)
def test_no_rows_are_inconclusive(task: Task, name: str) -> None:
    found = compare(get_metric(task, name), pair(task, 10, seed=12).take(np.arange(0)))
    assert _undefined(found)
    assert found.reason == "There are no rows to compare on."


@pytest.mark.parametrize(("task", "name"), ALL)
def test_a_single_group_is_inconclusive(task: Task, name: str) -> None:
    both = pair(task, 200, seed=13, group=np.zeros(200, dtype=np.int64))
    found = compare(get_metric(task, name), both, margin=1.0)
    assert _undefined(found)
    assert "one group" in found.reason
    assert not math.isnan(found.candidate)


@pytest.mark.parametrize(("task", "name"), ALL)
def test_three_rows_prove_nothing(task: Task, name: str) -> None:
    metric, passed = get_metric(task, name), 0
    for seed in range(40):
        found = compare(metric, pair(task, 3, seed=seed))
        if math.isnan(found.low):
            assert _undefined(found)
            continue
        assert found.low < found.difference < found.high
        assert 0.0 < found.p <= 1.0
        passed += found.verdict == "better"
    # The candidate has noise of its own on top: of 40, 5 are beyond 2 standard errors of 5 %.
    assert passed <= 5


@pytest.mark.parametrize("name", ["mae", "rmse", "pinball", "mape", "r2"])
@pytest.mark.parametrize("rows", [2, 10, 20])
def test_few_rows_that_all_show_the_same_difference_are_no_proof_of_it(
    name: str, rows: int
) -> None:
    y = np.where(np.arange(rows) % 2 == 0, 10.0, -10.0)
    both = Pair(Scores(y, y + 1.0), Scores(y, y + 2.0))
    found = compare(get_metric("regression", name), both)
    assert _undefined(found)
    assert "too few" in found.reason
    rounded = Pair(Scores(y, y + 0.1), Scores(y, y + 0.3))
    assert _undefined(compare(get_metric("regression", name), rounded))


def test_many_rows_that_all_show_the_same_difference_are() -> None:
    y = np.arange(40.0)
    found = compare(get_metric("regression", "mae"), Pair(Scores(y, y + 1), Scores(y, y + 2)))
    assert (found.verdict, found.difference, found.error) == ("better", -1.0, 0.0)


@pytest.mark.parametrize("name", ["roc_auc", "average_precision", "log_loss", "brier"])
@pytest.mark.parametrize(("positives", "said"), [(1, "1 row;"), (2, "2 rows;"), (4, "4 rows;")])
def test_fewer_than_five_rows_of_a_class_are_inconclusive_and_five_are_not(
    name: str, positives: int, said: str
) -> None:
    metric, rng = get_metric("binary", name), np.random.default_rng(18)
    for flip in (False, True):
        both = binormal(rng, 2_000, (0.9, 0.6), share=positives / 2_000)
        if flip:
            both = Pair(*(_flipped(s) for s in (both.candidate, both.champion)), group=None)
        found = compare(metric, both)
        assert _undefined(found)
        assert said in found.reason
    enough = compare(metric, binormal(rng, 2_000, (0.9, 0.6), share=5 / 2_000))
    assert not math.isnan(enough.error)


def _flipped(scores: Scores) -> Scores:
    return Scores(1 - scores.y, 1 - scores.prediction, 1.0 - positive_probability(scores))


@pytest.mark.parametrize(("task", "name"), ALL)
def test_a_group_that_holds_most_rows_leaves_too_few_groups_to_tell(task: Task, name: str) -> None:
    group = np.maximum(np.arange(400) - 360, 0)  # one of 361 rows, and 39 of one row
    found = compare(get_metric(task, name), pair(task, 400, seed=19, group=group), margin=1.0)
    assert _undefined(found)
    assert found.reason.startswith("One group holds most of the rows")


def test_groups_of_unequal_size_count_as_fewer() -> None:
    group = np.concatenate([np.zeros(500, dtype=int), 1 + np.arange(500) % 19])
    sizes = np.bincount(group)
    for name in ("roc_auc", "f1", "average_precision", "brier", "accuracy"):
        found = compare(get_metric("binary", name), pair("binary", 1000, seed=20, group=group))
        assert found.freedom == pytest.approx(1000**2 / np.sum(sizes**2) - 1)
        assert 2.0 < found.freedom < 3.0


def test_two_constant_classifiers_differ_in_loss_but_not_in_ranking() -> None:
    y = (np.arange(200) < 60).astype(int)
    right, wrong = (Scores(y, np.zeros(200, int), np.full(200, p)) for p in (0.3, 0.8))
    both = Pair(right, wrong)
    assert compare(get_metric("binary", "log_loss"), both).verdict == "better"
    ranking = compare(get_metric("binary", "roc_auc"), both, margin=0.1)
    assert (ranking.difference, ranking.p, ranking.verdict) == (0.0, 1.0, "not_worse")


@pytest.mark.parametrize("name", ["roc_auc", "average_precision", "accuracy", "f1", "cost"])
def test_a_few_rows_on_which_both_are_perfect_are_no_proof_that_neither_is_worse(
    name: str,
) -> None:
    # Different models, no spread at all: a pass would be luck.
    y = np.repeat([0, 1], 5)
    both = Pair(Scores(y, y, 0.2 + 0.5 * y), Scores(y, y, 0.1 + 0.8 * y))
    few = compare(get_metric("binary", name), both, margin=0.05)
    assert (few.difference, few.p, few.verdict) == (0.0, 1.0, "inconclusive")
    rows = np.tile(np.arange(10), 120)
    many = compare(get_metric("binary", name), both.take(rows), margin=0.05)
    assert many.verdict == "not_worse"


def test_a_constant_classifier_is_worse_than_an_informative_one() -> None:
    champion = sample("binary", 500, seed=14)
    constant = Scores(champion.y, np.zeros(500, dtype=int), np.full(500, 0.3))
    for name in ("roc_auc", "average_precision", "log_loss", "brier", "balanced_accuracy", "mcc"):
        found = compare(get_metric("binary", name), Pair(constant, champion), margin=0.01)
        assert found.verdict == "worse"


def test_a_metric_undefined_for_one_model_says_for_which() -> None:
    champion = sample("binary", 300, seed=15)
    silent = Scores(champion.y, np.zeros(300, dtype=int), np.full(300, 0.1))
    found = compare(get_metric("binary", "precision"), Pair(silent, champion))
    assert _undefined(found)
    assert found.reason == "precision is undefined for the candidate on these rows."


@pytest.mark.parametrize("name", ["mae", "rmse", "pinball", "r2"])
def test_huge_values_end_in_a_verdict_and_no_warning(name: str) -> None:
    both = pair("regression", 50, seed=16)
    big = Pair(
        *(Scores(s.y * 1e150, s.prediction * 1e150) for s in (both.candidate, both.champion))
    )
    usual = compare(get_metric("regression", name), both)
    assert compare(get_metric("regression", name), big).verdict == usual.verdict
    beyond = Pair(
        *(Scores(s.y * 1e300, s.prediction * 1e300) for s in (both.candidate, both.champion))
    )
    assert compare(get_metric("regression", name), beyond).verdict in (
        usual.verdict,
        "inconclusive",
    )
