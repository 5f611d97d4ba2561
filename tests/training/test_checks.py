from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from projects.training.checks import Finding, find_leaks
from projects.training.split import split_rows
from tests.training.made import MIXED_FEATURES, mixed, project_of, table_of


def findings(frame: pd.DataFrame, task: str = "binary", **keys: Any) -> list[Finding]:
    project = project_of(task, **keys)
    table = table_of(project, frame)
    return find_leaks(project, table, split_rows(project, table, 0))


def found(frame: pd.DataFrame, task: str = "binary", **keys: Any) -> set[tuple[str, str]]:
    return {(finding.check, finding.column) for finding in findings(frame, task, **keys)}


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_clean_data_has_no_findings(task: str) -> None:
    assert found(mixed(task), task, features=MIXED_FEATURES) == set()


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_a_number_that_gives_the_target_away_is_found(task: str) -> None:
    frame = mixed(task)
    frame["gift"] = -2.0 * frame["y"] + 1
    features = {"numeric": ["number", "gift"]}
    assert found(frame, task, features=features) == {("leak", "gift")}


@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_a_category_that_gives_the_target_away_is_found(task: str) -> None:
    frame = mixed(task)
    frame["gift"] = frame["y"].map(lambda y: f"class {y}")
    assert found(frame, task, features={"categorical": ["kind", "gift"]}) == {("leak", "gift")}


def test_a_leak_says_how_strong_it_is() -> None:
    frame = mixed("binary").assign(gift=lambda f: f["y"])
    (leak,) = findings(frame, features={"numeric": ["gift"]})
    assert leak.message == "'gift' alone predicts the target with AUC 1.0000"


def test_columns_that_are_constant_in_the_training_rows_are_found() -> None:
    frame = mixed("binary").assign(same=1.0, kind="red", words="none at all")
    features = {"numeric": ["number", "same"], "categorical": ["kind"], "text": ["words"]}
    expected = {("constant", "same"), ("constant", "kind"), ("constant", "words")}
    assert found(frame, features=features) == expected


def test_a_column_that_is_either_missing_or_one_value_is_not_constant() -> None:
    frame = mixed("binary").assign(sometimes=[1.0, None] * 200)
    assert found(frame, features={"numeric": ["sometimes"]}) == set()


def test_categories_that_are_ids_are_found() -> None:
    frame = mixed("binary").assign(code=[f"c{row}" for row in range(400)])
    assert found(frame, features={"categorical": ["kind", "code"]}) == {("id", "code")}


@pytest.mark.parametrize("split", ["random", "time"])
def test_a_number_that_counts_the_rows_is_found_however_they_are_split(split: str) -> None:
    frame = mixed("binary").assign(row=np.arange(400) * 3 + 100)
    data = {"source": "made", "time": "order"}
    keys: dict[str, Any] = {"features": {"numeric": ["number", "row"]}, "data": data}
    assert found(frame, split={"by": split}, **keys) == {("id", "row")}


def test_a_number_that_counts_the_rows_is_found_in_rows_spread_over_the_table() -> None:
    draw = np.random.default_rng(0)
    rows = np.arange(5_000)
    frame = pd.DataFrame({"row": rows, "year": rows // 2_500, "y": draw.integers(0, 2, 5_000)})
    project = project_of(features={"numeric": ["row", "year"]})
    table = table_of(project, frame, 700)
    leaks = find_leaks(project, table, split_rows(project, table, 0))
    assert [(leak.check, leak.column) for leak in leaks] == [("id", "row")]


def test_groups_that_the_split_separates_are_found() -> None:
    frame = mixed("binary").assign(serial=[f"s{row % 20}" for row in range(400)])
    keys: dict[str, Any] = {"features": MIXED_FEATURES, "data": {"source": "m", "group": "serial"}}
    (finding,) = findings(frame, split={"by": "random"}, **keys)
    assert (finding.check, finding.column) == ("group", "serial")
    assert finding.message == "20 groups of 'serial' have rows in more than one part"
    assert found(frame, **keys) == set()


def test_a_column_that_tells_the_target_only_in_the_holdout_is_not_looked_at() -> None:
    frame = mixed("binary")
    frame["late_gift"] = np.where(np.arange(400) >= 320, frame["y"], frame["number"] * 0.1)
    frame.loc[:319, "late_gift"] = np.random.default_rng(2).normal(size=320)
    keys: dict[str, Any] = {"data": {"source": "made", "time": "order"}}
    assert found(frame, features={"numeric": ["late_gift"]}, **keys) == set()


def whole(kind: str, rows: int = 400) -> np.ndarray:
    draw = np.random.default_rng(8)
    return {
        "shuffled": lambda: draw.permutation(rows) + 1_000,
        "once repeated": lambda: np.r_[draw.permutation(rows - 1), 0],
        "scattered": lambda: draw.choice(10**7, rows, replace=False),
        "dollars": lambda: draw.normal(50_000, 15_000, rows).round(),
        "counts": lambda: draw.poisson(300, rows),
        "years": lambda: 2000 + np.arange(rows) % 20,
        "measured": lambda: draw.normal(size=rows),
    }[kind]()


@pytest.mark.parametrize("kind", ["shuffled", "once repeated", "scattered"])
def test_whole_numbers_that_hardly_repeat_are_ids_and_not_inferred_as_features(kind: str) -> None:
    frame = mixed("binary").assign(number=whole(kind), other=whole("measured"))
    assert found(frame, features={"numeric": ["number"]}) == {("id", "number")}
    assert "number" not in table_of(project_of(), frame).declared.numeric


@pytest.mark.parametrize("kind", ["dollars", "counts", "years", "measured"])
def test_numbers_that_were_measured_are_no_ids(kind: str) -> None:
    frame = mixed("binary", 1_000).assign(number=whole(kind, 1_000))
    assert found(frame, features={"numeric": ["number"]}) == set()
    assert "number" in table_of(project_of(), frame).declared.numeric
