from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest

from projects.training.explain import Shap, permutation_importance, shap_values
from projects.training.fit import Fitted
from projects.training.table import Table
from tests.training.made import MIXED_FEATURES, SMALL, fitted_of, mixed, project_of

ESTIMATORS = tuple(SMALL)


def explained(task: str, estimator: str, **keys: Any) -> tuple[Fitted, Table, Shap | None]:
    declared = {"features": MIXED_FEATURES, "estimator": estimator, "params": SMALL[estimator]}
    project = project_of(task, **{**declared, **keys})
    fitted, table, _ = fitted_of(project, mixed(task))
    return fitted, table, shap_values(project, fitted.scorer, table.features, seed=0)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_the_only_informative_feature_comes_first_by_permutation(estimator: str) -> None:
    draw = np.random.default_rng(3)
    frame = pd.DataFrame(draw.normal(size=(500, 4)), columns=["a", "b", "c", "d"])
    frame["y"] = (frame["c"] + 0.3 * draw.normal(size=500) > 0).astype(int)
    project = project_of(estimator=estimator, params=SMALL[estimator])
    fitted, table, parts = fitted_of(project, frame)
    rows = parts.validation
    importance = permutation_importance(
        project, fitted.scorer, table.features.iloc[rows], table.target.y[rows], seed=0
    )
    assert importance.names[int(importance.loss.argmax())] == "c"
    assert importance.loss.max() > 5 * np.sort(np.abs(importance.loss))[-2]


@pytest.mark.parametrize("task", ["binary", "regression"])
@pytest.mark.parametrize("estimator", ["xgboost", "linear"])
def test_contributions_and_their_mean_add_up_to_what_the_model_says(
    estimator: str, task: str
) -> None:
    fitted, table, shap = explained(task, estimator)
    assert shap is not None
    assert shap.names == ("number", "kind", "when_hour", "when_weekday", "words")
    scores = fitted.scorer.scores(table.features)
    margin = np.log(scores / (1 - scores)) if task == "binary" else scores
    rest = margin - shap.contributions.sum(axis=1)
    np.testing.assert_allclose(rest, rest.mean(), atol=2e-4)
    assert shap.unit == ("log-odds" if task == "binary" else "the target's unit")


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_every_feature_of_the_table_has_its_contributions(estimator: str, task: str) -> None:
    if estimator in ("hist_gradient_boosting", "random_forest"):
        pytest.importorskip("shap")
    _, table, shap = explained(task, estimator)
    assert shap is not None
    assert shap.contributions.shape == shap.values.shape
    assert shap.contributions.shape[1] == table.features.shape[1]
    strength = dict(zip(shap.names, np.abs(shap.contributions).mean(axis=0), strict=True))
    assert min(strength["number"], strength["kind"]) > strength["when_weekday"]


@pytest.mark.parametrize("estimator", ["hist_gradient_boosting", "random_forest"])
def test_forests_are_explained_in_their_own_unit(estimator: str) -> None:
    pytest.importorskip("shap")
    fitted, table, shap = explained("binary", estimator)
    assert shap is not None
    assert shap.unit == ("probability" if estimator == "random_forest" else "log-odds")
    assert len(shap.contributions) == 200
    rows = table.features.loc[np.sort(np.random.default_rng(0).choice(400, 200, replace=False))]
    scores = fitted.scorer.scores(rows)
    margin = scores if estimator == "random_forest" else np.log(scores / (1 - scores))
    rest = margin - shap.contributions.sum(axis=1)
    np.testing.assert_allclose(rest, rest.mean(), atol=1e-3)


@pytest.mark.parametrize("estimator", ["hist_gradient_boosting", "random_forest"])
def test_without_the_package_shap_forests_are_not_explained(
    estimator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "shap", None)
    assert explained("binary", estimator)[2] is None


def test_calibrated_models_are_not_explained() -> None:
    assert explained("binary", "linear", calibration="sigmoid")[2] is None
