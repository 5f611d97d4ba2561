from __future__ import annotations

import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from podium.evaluation import Task, category_strength, single_feature_strength

TASKS: list[Task] = ["binary", "multiclass", "regression"]
NOTHING = {"binary": 0.5, "multiclass": 0.5, "regression": 0.0}


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from([math.nan, -1.0, 0.0, 0.5, 2.0])), max_size=40
    )
)
def test_strength_is_the_auc_with_missing_values_below_all_others(
    rows: list[tuple[int, float]],
) -> None:
    y, values = np.array([r[0] for r in rows], dtype=int), np.array([r[1] for r in rows])
    filled = np.where(np.isnan(values), -9.0, values)
    found = []
    for c in range(3):
        if 0 < (y == c).sum() < len(y):
            auc = roc_auc_score(y == c, filled)
            found.append(max(auc, 1 - auc))
            if c == 1:
                strength = single_feature_strength("binary", values, (y == 1).astype(int))
                assert strength == pytest.approx(found[-1])
    assert single_feature_strength("multiclass", values, y) == pytest.approx(
        max(found, default=0.5)
    )


def test_regression_strength_is_pearson_over_the_complete_rows() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=200)
    y = -2.0 * values + rng.normal(size=200)
    expected = abs(np.corrcoef(values[20:], y[20:])[0, 1])
    values[:20] = math.nan
    assert single_feature_strength("regression", values, y) == pytest.approx(expected)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("value", [0.1, math.nan])
def test_a_constant_or_missing_column_tells_nothing(task: Task, value: float) -> None:
    y = np.arange(30) % 3 if task != "binary" else np.arange(30) % 2
    assert single_feature_strength(task, np.full(30, value), y) == NOTHING[task]
    assert category_strength(task, np.zeros(30, dtype=int), y) == NOTHING[task]


@pytest.mark.parametrize("task", TASKS)
def test_no_rows_and_one_class_tell_nothing(task: Task) -> None:
    none = np.empty(0)
    assert single_feature_strength(task, none, none) == NOTHING[task]
    assert category_strength(task, none.astype(int), none) == NOTHING[task]
    ones = np.ones(5, dtype=int)
    assert single_feature_strength(task, np.arange(5.0), ones) == NOTHING[task]
    assert category_strength(task, np.arange(5) % 2, ones) == NOTHING[task]


@pytest.mark.parametrize("task", TASKS)
def test_a_copy_of_the_target_tells_everything(task: Task) -> None:
    y = np.random.default_rng(1).integers(0, 2 if task == "binary" else 4, size=500)
    if task != "multiclass":
        assert single_feature_strength(task, y.astype(float), y) == pytest.approx(1.0)
    assert category_strength(task, y * 7 - 1, y) == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("task", TASKS)
def test_a_column_of_unique_ids_tells_nothing(task: Task) -> None:
    rng = np.random.default_rng(2)
    y = rng.integers(0, 2 if task == "binary" else 4, size=2001)
    assert category_strength(task, rng.permutation(2001), y) == pytest.approx(NOTHING[task])


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("per_category", [2, 10])
def test_many_small_categories_by_chance_tell_next_to_nothing(
    task: Task, per_category: int
) -> None:
    rng = np.random.default_rng(3)
    y = rng.integers(0, 2 if task == "binary" else 4, size=6000)
    codes = rng.permutation(6000) // per_category
    assert category_strength(task, codes, y) < NOTHING[task] + 0.04


def test_categories_with_different_rates_are_found() -> None:
    rng = np.random.default_rng(4)
    codes = rng.integers(-1, 20, size=5000)
    y = (rng.random(5000) < np.linspace(0.0, 1.0, 21)[codes]).astype(int)
    assert category_strength("binary", codes, y) > 0.8
    assert category_strength("regression", codes, y.astype(float)) > 0.5


def test_pairs_that_hold_one_of_each_class_are_no_leak() -> None:
    y = np.arange(1000) % 2
    assert category_strength("binary", np.arange(1000) // 2, y) == pytest.approx(0.5, abs=0.05)


def test_the_same_seed_gives_the_same_strength() -> None:
    rng = np.random.default_rng(5)
    codes, y = rng.integers(0, 50, 400), rng.integers(0, 2, 400)
    values = {category_strength("binary", codes, y, seed=seed) for seed in (1, 1, 1)}
    assert len(values) == 1


def test_huge_numbers_do_not_overflow() -> None:
    values = np.arange(10.0) * 1e300
    assert single_feature_strength("regression", values, np.arange(10.0)) == pytest.approx(1.0)


def test_300_000_rows_take_well_under_a_second() -> None:
    rng = np.random.default_rng(6)
    y, values = rng.integers(0, 10, size=300_000), rng.normal(size=300_000)
    start = time.perf_counter()
    single_feature_strength("multiclass", values, y)
    category_strength("binary", rng.integers(0, 10_000, size=300_000), (y > 4).astype(int))
    assert time.perf_counter() - start < 2.0
