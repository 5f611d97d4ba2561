"""Which task a target makes, and which of its labels counts as 1."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from podium.errors import DataError, PodiumError, UsageError
from projects.scaffolding.asked import Asked
from projects.scaffolding.findings import TargetFound
from projects.scaffolding.target import likely_targets, look_at_target, target_column


def target(values: Any, **asked: Any) -> TargetFound:
    return look_at_target(pd.Series(values, name="y"), Asked("m", "made", "y", **asked))


@pytest.mark.parametrize(
    ("values", "task"),
    [
        (["a", "b", "a"], "binary"),
        ([True, False, True], "binary"),
        ([0.0, 1.0, 1.0], "binary"),
        ([3, 9, 3], "binary"),
        (["a", "b", "c"], "multiclass"),
        ([1, 2, 3, 1], "multiclass"),
        (list(range(20)), "multiclass"),
        (list(range(21)), "regression"),
        ([0.5, 1.5, 2.5], "regression"),
        ([f"{n} " for n in range(100)], "regression"),
    ],
)
def test_the_task_is_told_from_the_values(values: list[Any], task: str) -> None:
    assert target(values).task == task


def test_a_task_that_is_asked_for_is_taken() -> None:
    assert target([1, 2, 3], task="regression").task == "regression"
    assert target(list(range(30)), task="multiclass").task == "multiclass"
    assert target([0, 1], task="regression").classes == ()


@pytest.mark.parametrize(
    ("values", "task", "said"),
    [
        (["a", "b", "c"], "binary", "has 3 different values, and binary needs two"),
        ([0, 1], "multiclass", "has 2 different values, and multiclass needs more than two"),
        (["1", "b", "2"], "regression", "no numbers, such as 'b'"),
    ],
)
def test_a_task_that_does_not_fit_the_values_is_refused(
    values: list[Any], task: str, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        target(values, task=task)


@pytest.mark.parametrize(
    ("labels", "positive"),
    [
        ([0, 1], 1),
        ([-1, 1], 1),
        ([False, True], True),
        (["no", "yes"], "yes"),
        (["N", "Y"], "Y"),
        (["F", "T"], "T"),
        (["-", "+"], "+"),
        (["stayed", "left"], "left"),
        (["ham", "spam"], "spam"),
        (["DOWN", "UP"], "UP"),
        (["retained", "churned"], "churned"),
        (["default", "paid"], "default"),
        (["ok", "whatever"], "whatever"),
        ([" <=50K.", " >50K."], " >50K."),
    ],
)
def test_the_positive_label_is_known_by_its_name_or_the_rarer(
    labels: list[Any], positive: Any
) -> None:
    for rows in (labels * 5, labels[::-1] * 5):
        if labels[0] == " <=50K.":
            rows = [labels[0], *rows]
        found = target(rows)
        assert found.positive == positive
        assert type(found.positive) is type(positive)


def test_the_rarer_label_is_positive_where_no_name_tells() -> None:
    found = target(["cat"] * 3 + ["dog"])
    assert found.positive == "dog"
    assert "rarer" in found.positive_why
    assert found.positive_share == 0.25


@pytest.mark.parametrize(
    "labels", [[1, 2], ["M", "F"], ["x", "y"], ["left", "right"], [0, 5], ["t", "u"], ["1", "x"]]
)
def test_half_of_a_pair_says_nothing(labels: list[Any]) -> None:
    for common, rare in (labels, labels[::-1]):
        found = target([common] * 3 + [rare])
        assert found.positive == rare
        assert "see that it is the one you mean" in found.positive_why


def test_two_labels_as_frequent_are_said_to_be_chosen_at_will() -> None:
    assert "at will" in target(["cat", "dog"]).positive_why


def test_a_positive_label_that_is_asked_for_is_taken() -> None:
    assert target([0, 1, 1], positive="0").positive == 0
    assert target([" a", " b"], positive="a").positive == " a"
    with pytest.raises(UsageError, match="'c' is not a value of 'y'") as refusal:
        target(["a", "b"], positive="c")
    assert "a" in refusal.value.remedy


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (["a", None, "b", None], "missing in 2 of 4 rows, the first of them row 1"),
        ([1.0, np.nan], "missing in 1 of 2 rows"),
        (["a", ""], "missing in 1 of 2 rows"),
        ([1.5, np.inf, 2.5], "1 values that are no finite numbers, the first in row 1"),
        ([["a"], ["b"]], "holds lists"),
        (["a", "a"], "'a' in every row"),
        (pd.to_datetime(["2020-01-01", "2020-01-02"]), "holds dates"),
        ([f"word {n}" for n in range(201)], "201 different values that are no numbers"),
    ],
)
def test_a_target_that_cannot_be_learnt_is_refused_with_a_remedy(values: Any, said: str) -> None:
    with pytest.raises(DataError, match=said) as refusal:
        target(values)
    assert refusal.value.remedy


def test_without_a_target_likely_ones_are_suggested() -> None:
    names = ["id", "Class", "amount", "is_fraud", "last"]
    assert likely_targets(names) == ["Class", "is_fraud", "last"]
    with pytest.raises(UsageError, match="What is to be predicted") as refusal:
        target_column(Asked("m", "made"), names)
    assert "Class or is_fraud or last" in refusal.value.remedy


@pytest.mark.parametrize(
    ("given", "meant"), [("clas", "class"), ("CLASS", "class"), ("default", "default payment")]
)
def test_a_misspelt_target_gets_a_suggestion(given: str, meant: str) -> None:
    with pytest.raises(PodiumError, match="there is no column") as refusal:
        target_column(Asked("m", "made", given), ["class", "default payment", *map(str, range(20))])
    assert meant in refusal.value.remedy
