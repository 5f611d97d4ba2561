from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from projects.training.explain import permutation_importance
from projects.training.fit import fit_baseline
from projects.training.measure import Measured, measure_parts
from tests.training.made import fitted_of, mixed, project_of

DEAR = {"threshold": {"minimise": "cost", "fp": 1, "fn": 50}}


def measured(project: Any, frame: Any) -> Measured:
    fitted, table, parts = fitted_of(project, frame)
    baseline = fit_baseline(project, table, parts)
    return measure_parts(project, table, parts, fitted.scorer, baseline, seed=0)


def project_with(**keys: Any) -> Any:
    declared = {"features": {"numeric": ["number"]}, "estimator": "linear"}
    return project_of(**{**declared, **keys})


def test_slices_reckon_with_the_declared_costs() -> None:
    project = project_with(metric="cost", decision=DEAR, gate={"slices": ["all"]})
    found = measured(project, mixed("binary", 1_000).assign(all="one"))
    (row,) = found.slices
    assert row.interval.estimate == pytest.approx(found.values["holdout"]["cost"])
    assert row.difference_from_all == pytest.approx(0)


def test_importance_reckons_with_the_declared_costs() -> None:
    fitted, table, _ = fitted_of(project_with(), mixed("binary", 1_000))
    cheap = project_with(metric="cost")
    dear = project_with(metric="cost", decision=DEAR)
    lost = [
        permutation_importance(project, fitted.scorer, table.features, table.target.y, 0).loss[0]
        for project in (cheap, dear)
    ]
    assert lost[1] > 10 * lost[0] > 0


def test_slices_are_named_as_the_model_sees_categories_and_missing_ones_as_missing() -> None:
    frame = mixed("binary", 1_000)
    frame["size"] = np.where(np.arange(1_000) % 3 == 0, np.nan, 7.0 + np.arange(1_000) % 8)
    frame["flag"] = np.arange(1_000) % 2 == 0
    features = {"numeric": ["number"], "categorical": ["size", "kind"]}
    gate = {"slices": ["size", "kind", "flag"], "min_slice_rows": 5}
    found = measured(project_with(features=features, gate=gate), frame)
    names = {column: set[str]() for column in gate["slices"]}  # type: ignore[attr-defined]
    for row in found.slices:
        names[row.column].add(row.value)
    assert names["size"] == {*map(str, range(7, 15)), "(missing)"}
    assert names["kind"] == {"red", "green", "blue", "(missing)"}
    assert names["flag"] == {"true", "false"}


@pytest.mark.parametrize(("smallest", "shown"), [(20, True), (60, False), (1_000, False)])
def test_slices_are_shown_from_the_smaller_of_100_and_what_the_gate_judges(
    smallest: int, shown: bool
) -> None:
    frame = mixed("binary", 1_000).assign(rare=lambda f: np.where(f.index % 5 == 0, "few", "many"))
    gate = {"slices": ["rare"], "min_slice_rows": smallest}
    found = measured(project_with(gate=gate), frame)
    rows = {row.value: row.rows for row in found.slices}
    assert ("few" in rows) == shown
    assert rows["many"] > 100
