"""The closed forms and the bootstraps against slower ways to the same number."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import average_precision_score

from podium.evaluation import Costs, Pair, Scores, Task, compare, cost_metric, get_metric, losses
from podium.evaluation.paired_bootstrap import _Ranking
from tests.evaluation.pairs import pair

BY_ROW = {
    "log_loss": ("binary", losses.log_loss_binary),
    "brier": ("binary", losses.brier),
    "mae": ("regression", losses.absolute_error),
    "mape": ("regression", losses.relative_error),
}


@pytest.mark.parametrize("name", BY_ROW)
def test_a_mean_loss_is_compared_by_the_paired_t_of_scipy_with_two_more_extreme_rows(
    name: str,
) -> None:
    task, by_row = BY_ROW[name]
    both = pair(task, 80, seed=1)  # type: ignore[arg-type]
    found = compare(get_metric(task, name), both, alpha=0.025)  # type: ignore[arg-type]
    ours, theirs = by_row(both.candidate), by_row(both.champion)
    expected = stats.ttest_rel(ours, theirs)
    plain = (ours - theirs).mean() / expected.statistic
    extreme = np.abs(ours - theirs - (ours - theirs).mean()).max()
    error = math.hypot(plain, extreme * math.sqrt(2 / (80 * 79)))
    reach = stats.t.ppf(0.975, 79) * error
    assert found.error == pytest.approx(error)
    assert found.p == pytest.approx(2 * stats.t.sf(abs(found.difference / error), 79))
    assert (found.difference - found.low, found.high - found.difference) == pytest.approx(
        (reach, reach)
    )
    assert (found.method, found.freedom) == ("paired t", 79.0)


def test_a_cost_is_compared_by_the_t_with_two_rows_as_costly_as_any_may_be() -> None:
    both, costs = pair("binary", 200, seed=2), Costs(fp=1.0, fn=4.0)
    both = replace(both, candidate=_right_where_positive(both))
    each = losses.cost(costs, both.candidate) - losses.cost(costs, both.champion)
    assert np.abs(each - each.mean()).max() < 4.0
    squares = np.sum((each - each.mean()) ** 2) + 2 * 4.0**2
    found = compare(cost_metric(costs), both)
    assert found.difference == pytest.approx(each.mean())
    assert found.error == pytest.approx(math.sqrt(squares / (200 * 199)))


def _right_where_positive(both: Pair) -> Scores:
    """The champion's answers for positives, so that no mistake that is dear makes a difference."""
    ours, theirs = both.candidate.prediction, both.champion.prediction
    return Scores(both.y, np.where(both.y == 1, theirs, ours), both.candidate.probability)


@settings(deadline=None)
@given(st.integers(0, 10**6), st.integers(12, 60), st.integers(2, 9))
def test_delong_by_cluster_is_the_brute_force_over_pairs_of_rows(
    seed: int, n: int, levels: int
) -> None:
    rng = np.random.default_rng(seed)
    y = (rng.permutation(n) < rng.integers(5, n - 5)).astype(int)
    group = rng.permutation(n) % 4
    ours, theirs = (rng.integers(0, levels, size=n) / levels for _ in range(2))
    nobody = np.zeros(n, dtype=int)
    both = Pair(Scores(y, nobody, ours), Scores(y, nobody, theirs), group)
    found = compare(get_metric("binary", "roc_auc"), both)
    sums = _sums_of_clusters(y, ours, theirs, group)
    size = np.bincount(group)
    clusters = n**2 / np.sum(size**2)
    seen, extreme = np.sum(sums**2), np.max(sums**2)
    if seen > 1e-18:
        expected = math.sqrt(clusters / (clusters - 1) * (seen + 2 * extreme))
        assert found.error == pytest.approx(expected)
        assert found.freedom == pytest.approx(clusters - 1)


def _sums_of_clusters(
    y: np.ndarray, ours: np.ndarray, theirs: np.ndarray, group: np.ndarray
) -> np.ndarray:
    m, n = (y == 1).sum(), (y == 0).sum()
    influence = np.zeros(len(y))
    for sign, score in ((1, ours), (-1, theirs)):
        gap = score[y == 1][:, np.newaxis] - score[y == 0][np.newaxis, :]
        wins = (gap > 0) + 0.5 * (gap == 0)
        influence[y == 1] += sign * (wins.mean(axis=1) - wins.mean()) / math.sqrt(m * (m - 1))
        influence[y == 0] += sign * (wins.mean(axis=0) - wins.mean()) / math.sqrt(n * (n - 1))
    return np.array([influence[group == code].sum() for code in np.unique(group)])


def _clustered(task: Task, clusters: int, size: int, seed: int) -> Pair:
    """Rows of a cluster are copies of one row, so there are only as many facts as clusters."""
    both = pair(task, clusters, seed)
    rows = np.repeat(np.arange(clusters), size)
    return replace(both.take(rows), group=rows)


CLUSTERED: list[tuple[Task, str]] = [
    ("binary", "roc_auc"),
    ("binary", "log_loss"),
    ("binary", "accuracy"),
    ("binary", "cost"),
    ("binary", "average_precision"),
    ("binary", "f1"),
    ("multiclass", "f1_macro"),
    ("multiclass", "roc_auc_ovr"),
    ("regression", "rmse"),
    ("regression", "r2"),
]


@pytest.mark.parametrize(("task", "name"), CLUSTERED)
def test_copies_of_a_row_in_one_cluster_add_nothing(task: Task, name: str) -> None:
    metric, copies = get_metric(task, name), _clustered(task, 500, 6, seed=3)
    single, clustered = compare(metric, pair(task, 500, seed=3)), compare(metric, copies)
    naive = compare(metric, replace(copies, group=None))
    # Accuracy's single error is Wald's, and rows are added to the counts of f1 and the cost.
    assert clustered.error == pytest.approx(single.error, rel=0.12)
    assert naive.error == pytest.approx(single.error / math.sqrt(6), rel=0.12)


@pytest.mark.parametrize(("task", "name"), [c for c in CLUSTERED if c[1] != "average_precision"])
def test_the_clustered_error_is_that_of_a_bootstrap_of_clusters(task: Task, name: str) -> None:
    rng, group = np.random.default_rng(4), np.sort(np.random.default_rng(5).integers(0, 600, 2400))
    both, metric = _with_cluster_effect(task, group), get_metric(task, name)
    members = [np.flatnonzero(group == code) for code in np.unique(group)]
    draws = []
    for _ in range(400):
        drawn = rng.integers(0, len(members), len(members))
        taken = both.take(np.concatenate([members[i] for i in drawn]))
        draws.append(metric.compute(taken.candidate) - metric.compute(taken.champion))
    assert compare(metric, both).error == pytest.approx(np.std(draws), rel=0.12)


def _with_cluster_effect(task: Task, group: np.ndarray) -> Pair:
    """The candidate errs in whole clusters: some of them get the answers of another row."""
    both = pair(task, len(group), seed=6, group=group)
    worse = np.random.default_rng(7).random(group.max() + 1) < 0.3
    rows = np.where(worse[group], np.roll(np.arange(len(group)), 1), np.arange(len(group)))
    swapped = both.candidate.take(rows)
    return replace(both, candidate=Scores(both.y, swapped.prediction, swapped.probability))


ROWS: list[tuple[Task, str]] = [
    ("regression", "rmse"),
    ("regression", "mae"),
    ("binary", "f1"),
    ("binary", "mcc"),
    ("binary", "precision"),
    ("multiclass", "balanced_accuracy"),
    ("multiclass", "roc_auc_ovr"),
    ("multiclass", "f1_weighted"),
]


@pytest.mark.parametrize(("task", "name"), ROWS)
def test_the_error_is_that_of_a_plain_bootstrap_of_rows_within_classes(
    task: Task, name: str
) -> None:
    both, metric, rng = pair(task, 3000, seed=8), get_metric(task, name), np.random.default_rng(9)
    strata = [np.arange(3000)]
    if task != "regression":
        strata = [np.flatnonzero(both.y == c) for c in np.unique(both.y)]
    draws = []
    for _ in range(400):
        rows = np.concatenate([rng.choice(stratum, len(stratum)) for stratum in strata])
        taken = both.take(rows)
        draws.append(metric.compute(taken.candidate) - metric.compute(taken.champion))
    assert compare(metric, both).error == pytest.approx(np.std(draws), rel=0.12)


@settings(deadline=None)
@given(st.integers(0, 10**6), st.integers(4, 40), st.integers(2, 8))
def test_average_precision_of_weights_is_that_of_scikit_learn(
    seed: int, n: int, levels: int
) -> None:
    rng = np.random.default_rng(seed)
    y = (rng.permutation(n) < rng.integers(1, n)).astype(int)
    probability = rng.integers(0, levels, size=n) / levels
    weights = rng.integers(0, 4, size=(3, n)).astype(float)
    weights[:, np.argmax(y)] += 1.0
    values = _Ranking.of(Scores(y, y, probability))(weights)
    for value, weight in zip(values, weights, strict=True):
        expected = average_precision_score(y, probability, sample_weight=weight)
        assert value == pytest.approx(expected)


def test_the_error_of_average_precision_is_that_of_a_plain_bootstrap() -> None:
    both, rng = pair("binary", 500, seed=10), np.random.default_rng(11)
    metric = get_metric("binary", "average_precision")
    strata = [np.flatnonzero(both.y == c) for c in (0, 1)]
    draws = []
    for _ in range(300):
        taken = both.take(np.concatenate([rng.choice(s, len(s)) for s in strata]))
        draws.append(metric.compute(taken.candidate) - metric.compute(taken.champion))
    assert compare(metric, both).error == pytest.approx(np.std(draws), rel=0.14)


def test_an_average_precision_in_many_chunks_has_the_error_of_its_rows() -> None:
    small, large = pair("binary", 2_000, seed=12), pair("binary", 32_000, seed=12)
    metric = get_metric("binary", "average_precision")
    ratio = compare(metric, small).error / compare(metric, large).error
    assert ratio == pytest.approx(4.0, rel=0.15)


def test_a_model_without_any_error_has_a_root_mean_square_of_0_and_a_verdict() -> None:
    both = pair("regression", 100, seed=13)
    perfect = Scores(both.y, both.y)
    found = compare(get_metric("regression", "rmse"), Pair(perfect, both.champion))
    assert found.candidate == 0.0
    assert found.verdict == "better"
