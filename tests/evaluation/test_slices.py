from __future__ import annotations

import math

import numpy as np
import pytest

from podium.errors import UsageError
from podium.evaluation import Costs, Scores, confidence_interval, get_metric, slice_table
from tests.evaluation.samples import sample

MAE = get_metric("regression", "mae")


def _regression(n: int) -> Scores:
    return Scores(np.arange(1.0, n + 1), np.arange(1.0, n + 1) + 1.0)


def test_each_value_is_measured_on_its_own_rows_and_against_all() -> None:
    scores = sample("binary", 1000, seed=0)
    state = np.where(np.arange(1000) < 700, "OH", "NY")
    metric = get_metric("binary", "roc_auc")
    ohio, york = slice_table(scores, {"state": state}, metric)
    assert (ohio.column, ohio.value, ohio.rows) == ("state", "OH", 700)
    assert york.value == "NY"
    assert york.interval == confidence_interval(metric, scores.take(state == "NY"))
    assert york.difference_from_all == pytest.approx(
        york.interval.estimate - metric.compute(scores)
    )


def test_values_come_by_frequency_then_the_others_then_the_missing() -> None:
    values = np.array(
        ["c"] * 5 + ["b"] * 3 + ["a"] * 3 + ["x", "y"] + [None, math.nan], dtype=object
    )
    table = slice_table(_regression(15), {"v": values}, MAE, min_rows=1, max_values=3)
    assert [(r.value, r.rows) for r in table] == [
        ("c", 5), ("a", 3), ("b", 3), ("(other)", 2), ("(missing)", 2),
    ]  # fmt: skip


def test_numbers_are_cut_at_their_quantiles_and_the_missing_apart() -> None:
    values = np.concatenate([np.arange(1.0, 101.0), np.full(10, math.nan)])
    table = slice_table(_regression(110), {"age": values}, MAE, min_rows=1)
    assert [(r.value, r.rows) for r in table] == [
        ("at most 20", 20), ("over 20 to 40", 20), ("over 40 to 60", 20),
        ("over 60 to 80", 20), ("over 80", 20), ("(missing)", 10),
    ]  # fmt: skip


def test_few_distinct_numbers_are_a_slice_each() -> None:
    table = slice_table(_regression(6), {"k": np.array([3, 1, 2, 1, 1, 2])}, MAE, min_rows=1)
    assert [(r.value, r.rows) for r in table] == [("1", 3), ("2", 2), ("3", 1)]


def test_heaped_numbers_give_fewer_bins_that_hold_every_row() -> None:
    values = np.concatenate([np.zeros(90), np.arange(1.0, 11.0)])
    table = slice_table(_regression(100), {"amount": values}, MAE, min_rows=1)
    assert [(r.value, r.rows) for r in table] == [("at most 0", 90), ("over 0", 10)]


def test_numbers_heaped_at_the_top_are_still_told_from_the_rest() -> None:
    values = np.concatenate([np.arange(1.0, 11.0), np.full(90, 50.0)])
    table = slice_table(_regression(100), {"amount": values}, MAE, min_rows=1)
    assert sum(r.rows for r in table) == 100


def test_infinite_numbers_fall_into_the_outer_bins() -> None:
    values = np.concatenate([np.arange(1.0, 99.0), [math.inf, -math.inf]])
    table = slice_table(_regression(100), {"x": values}, MAE, min_rows=1)
    assert [r.rows for r in table] == [20] * 5


def test_close_numbers_get_as_many_digits_as_tell_them_apart() -> None:
    values = 1_700_000_000.0 + np.arange(100.0)
    labels = [r.value for r in slice_table(_regression(100), {"t": values}, MAE, min_rows=1)]
    assert len(set(labels)) == 5


def test_bools_are_values_and_all_missing_is_one_slice() -> None:
    columns = {
        "weekend": np.array([True, False, True, True]),
        "never": np.full(4, math.nan),
    }
    table = slice_table(_regression(4), columns, MAE, min_rows=1)
    assert [(r.column, r.value, r.rows) for r in table] == [
        ("weekend", "True", 3), ("weekend", "False", 1), ("never", "(missing)", 4),
    ]  # fmt: skip


def test_slices_with_too_few_rows_are_left_out() -> None:
    values = np.array(["a"] * 150 + ["b"] * 99)
    assert [r.value for r in slice_table(_regression(249), {"v": values}, MAE)] == ["a"]


def test_a_slice_of_one_class_has_no_auc_and_no_difference() -> None:
    scores = sample("binary", 200, seed=1)
    (row, _) = slice_table(scores, {"y": scores.y}, get_metric("binary", "roc_auc"), min_rows=1)
    assert math.isnan(row.interval.estimate)
    assert math.isnan(row.difference_from_all)


def test_slices_are_costed_with_the_costs_given() -> None:
    scores = Scores(np.array([1, 1, 0, 0]), np.array([0, 1, 0, 0]))
    metric = get_metric("binary", "cost")
    first, second = slice_table(
        scores, {"v": np.array(["a", "a", "b", "b"])}, metric, min_rows=1, costs=Costs(fn=8.0)
    )
    assert (first.interval.estimate, second.interval.estimate) == (4.0, 0.0)
    assert first.difference_from_all == 2.0


def test_no_rows_have_no_slices() -> None:
    assert slice_table(_regression(0), {"x": np.empty(0), "v": np.empty(0, str)}, MAE) == []


def test_a_column_of_another_length_is_refused() -> None:
    with pytest.raises(UsageError, match="'x'"):
        slice_table(_regression(3), {"x": np.arange(4.0)}, MAE)
