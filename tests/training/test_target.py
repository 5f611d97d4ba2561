from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.errors import DataError, SpecError
from projects.training.target import Target, read_target
from tests.training.made import project_of


def read(task: str, values: Any, positive: Any = None) -> Target:
    target = {"column": "y"} if positive is None else {"column": "y", "positive": positive}
    return read_target(project_of(task, target=target), pd.Series(values, name="y"))


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([0, 1, 1], (0, 1)),
        ([-1, 1, 1], (-1, 1)),
        ([0.0, 1.0, 1.0], (0, 1)),
        ([False, True, True], (False, True)),
        (["false", "true", "true"], ("false", "true")),
        (["0", "1", "1"], ("0", "1")),
    ],
)
def test_the_positive_label_is_inferred_where_there_is_no_doubt(
    values: list[Any], labels: tuple[Any, ...]
) -> None:
    target = read("binary", values)
    assert target.labels == labels
    assert [type(label) for label in target.labels] == [type(label) for label in labels]
    assert target.y.tolist() == [0, 1, 1]


@pytest.mark.parametrize(
    ("values", "positive", "labels"),
    [
        (["yes", "no", "no"], "yes", ("no", "yes")),
        (["yes", "no", "no"], "no", ("yes", "no")),
        ([2, 1, 1], 2, (1, 2)),
        ([0.5, 1.5, 1.5], 0.5, (1.5, 0.5)),
        ([1, 0, 0], 0, (1, 0)),
        ([True, False, False], True, (False, True)),
        (["1", "0", "0"], 1, ("0", "1")),
    ],
)
def test_labels_come_in_the_order_negative_positive(
    values: list[Any], positive: Any, labels: tuple[Any, ...]
) -> None:
    target = read("binary", values, positive)
    assert target.labels == labels
    assert [labels[k] for k in target.y] == values


def test_a_positive_label_that_does_not_occur_is_refused_with_the_near_one() -> None:
    with pytest.raises(SpecError, match=r"target\.positive: 'yess' .* Did you mean 'yes'\?"):
        read("binary", ["yes", "no"], "yess")


def test_two_labels_of_which_none_is_plainly_positive_need_a_declaration() -> None:
    with pytest.raises(SpecError, match=r"not declared.*Add positive: yes"):
        read("binary", ["yes", "no"])


@given(st.lists(st.integers(-50, 50), min_size=3).filter(lambda v: len(set(v)) > 2))
def test_classes_that_are_numbers_are_in_order_of_number(values: list[int]) -> None:
    target = read("multiclass", values)
    assert list(target.labels) == sorted(set(values))
    assert [target.labels[k] for k in target.y] == values


@given(st.lists(st.text("abz", min_size=1), min_size=3).filter(lambda v: len(set(v)) > 2))
def test_classes_that_are_texts_are_in_order_of_text(values: list[str]) -> None:
    target = read("multiclass", values)
    assert list(target.labels) == sorted(set(values))
    assert [target.labels[k] for k in target.y] == values


@pytest.mark.parametrize(
    ("task", "values", "said"),
    [
        ("binary", ["a", None, "b"], "missing in 1 of 3 rows, the first of them row 1"),
        ("binary", ["a", "", "b"], "missing in 1 of 3 rows"),
        ("regression", [1.0, np.nan, 2.0], "missing in 1 of 3 rows"),
        ("binary", ["a", "a"], "has one class only: a"),
        ("multiclass", [1, 1], "has one class only: 1"),
        ("multiclass", ["a", "b"], r"has two classes \(a, b\), but the task is multiclass"),
        ("binary", [1, 2, 3], r"has 3 classes \(1, 2, 3\), but the task is binary"),
        ("multiclass", list(range(201)), "has 201 classes; at most 200"),
        ("multiclass", [["a"], ["b"]], "row 0 holds something that is not a label"),
        ("regression", [2.5, 2.5], "is 2.5 in every row"),
        ("regression", [1.0, np.inf], "1 values are not finite numbers, the first in row 1"),
        ("regression", ["1", "cheap"], "1 values are not finite numbers, the first in row 1"),
        ("binary", [1.0, np.inf], "row 1 holds something that is not a label"),
    ],
)
def test_a_target_that_cannot_be_learnt_is_refused(task: str, values: Any, said: str) -> None:
    with pytest.raises(DataError, match=said):
        read(task, values)


def test_a_regression_target_takes_numbers_written_as_text() -> None:
    assert read("regression", ["1", "2.5e1"]).y.tolist() == [1.0, 25.0]
    assert read("regression", [1, 2]).labels == ()
