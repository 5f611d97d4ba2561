from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from podium.evaluation import measure
from podium.spec import Project
from projects.training.deciding import costs_of
from projects.training.fit import scores_of
from projects.tuning.folds import folds_of
from projects.tuning.objective import Objective
from projects.tuning.prepared import Prepared
from projects.tuning.trials import Outcome
from tests.training.made import SMALL, fit_parts, mixed
from tests.tuning.prepared_rows import Told, go_on, mixed_project, prepared_of, read, tried

WEIGHTED_TASKS = [(task, None) for task in ("binary", "multiclass", "regression")]
WEIGHTED_TASKS += [("binary", "balanced"), ("multiclass", "balanced")]
ESTIMATORS = tuple(SMALL)
METRICS = {
    "binary": {"metrics": ["cost", "log_loss", "f1"]},
    "multiclass": {"metrics": ["accuracy", "f1_macro"]},
    "regression": {"metrics": ["mae", "r2"]},
}
COSTS = {"threshold": {"minimise": "cost", "fp": 1, "fn": 4}}
XGB: dict[str, Any] = {"learning_rate": 0.1, "n_jobs": 1}


def reached_by_training(project: Project, estimator: str, frame: pd.DataFrame) -> dict[str, float]:
    """All declared metrics on the validation rows, as `train` measures them."""
    table, parts = read(project, frame)
    fitted = fit_parts(project.model_copy(update={"estimator": (estimator,)}), table, parts)
    rows = parts.validation
    scores = scores_of(fitted.scorer, table.features.iloc[rows], table.target.y[rows])
    return measure(project.task, scores, project.all_metrics, costs=costs_of(project))


def same(one: Outcome, other: Outcome) -> bool:
    return dataclasses.replace(one, seconds=0) == dataclasses.replace(other, seconds=0)


@pytest.mark.parametrize(("task", "weight"), WEIGHTED_TASKS)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_trial_reaches_what_training_reaches_with_the_same_parameters(
    estimator: str, task: str, weight: str | None, tmp_path: Path
) -> None:
    keys = METRICS[task] | ({"decision": COSTS} if task == "binary" else {})
    params = SMALL[estimator]
    project = mixed_project(task, *ESTIMATORS, class_weight=weight, **keys, params=params)
    prepared_of(project).save(tmp_path)
    outcome = tried(Prepared.load(tmp_path), estimator, **params)
    expected = reached_by_training(project, estimator, mixed(task))
    assert outcome.state == "complete", outcome.reason
    assert outcome.metrics == pytest.approx(expected, rel=1e-9)
    assert tuple(outcome.metrics) == project.all_metrics
    assert outcome.value == outcome.metrics[project.metric]
    assert outcome.seconds > 0


def test_the_curve_is_that_of_training() -> None:
    params = {**XGB, "n_estimators": 40}
    project = mixed_project("binary", "xgboost", params=params)
    outcome = tried(prepared_of(project), "xgboost", **params)
    history = fit_parts(project, *read(project)).history
    assert history is not None
    assert outcome.curve == tuple(history.values["validation"])
    assert (outcome.curve_metric, outcome.best_round) == ("auc", history.best)


def test_histogram_boosting_has_its_loss_as_curve_and_others_have_none() -> None:
    prepared = prepared_of(mixed_project("binary", *ESTIMATORS))
    outcome = tried(prepared, "hist_gradient_boosting", **SMALL["hist_gradient_boosting"])
    assert outcome.curve_metric == "loss"
    assert outcome.curve[0] > outcome.curve[-1] > 0
    for estimator in ("random_forest", "linear"):
        assert tried(prepared, estimator, **SMALL[estimator]).curve == ()


FEW = {"n_estimators": 5, "n_jobs": 1}
OTHER_MATRICES: list[dict[str, Any]] = [
    {"max_depth": 3},
    {"max_bin": 8},
    {"max_bin": 16, "subsample": 0.5},
    {"tree_method": "exact"},
    {"tree_method": "approx"},
    {"booster": "gblinear"},
    {"booster": "dart"},
]


@pytest.mark.parametrize("folds", [None, 2])
def test_a_trial_comes_out_the_same_whatever_was_tried_before_it(folds: int | None) -> None:
    prepared = prepared_of(mixed_project("multiclass", *ESTIMATORS), folds=folds)
    used = Objective(prepared, 1)
    tries: list[tuple[str, dict[str, Any]]] = [("linear", {}), ("random_forest", FEW)]
    tries += [("hist_gradient_boosting", {"max_iter": 5})]
    tries += [("xgboost", {**FEW, **more}) for more in OTHER_MATRICES]
    fresh = [tried(prepared, estimator, **params) for estimator, params in tries]
    for place in [*range(len(tries)), *reversed(range(len(tries)))]:
        estimator, params = tries[place]
        assert fresh[place].state == "complete"
        assert same(used.run(estimator, params, go_on), fresh[place]), params


@pytest.mark.parametrize("estimator", ["xgboost", "random_forest"])
def test_the_number_of_threads_changes_nothing(estimator: str) -> None:
    prepared = prepared_of(mixed_project("binary", estimator, metrics=["log_loss"]))
    params = {k: v for k, v in SMALL[estimator].items() if k != "n_jobs"}
    outcomes = [Objective(prepared, n).run(estimator, params, go_on) for n in (1, 2, 3, 2)]
    assert all(same(outcome, outcomes[0]) for outcome in outcomes)


def test_threads_are_as_many_as_given_unless_the_parameters_say_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from sklearn.ensemble import RandomForestClassifier

    used = []
    fit = RandomForestClassifier.fit

    def spied(self: Any, *args: Any, **keys: Any) -> Any:
        used.append(self.n_jobs)
        return fit(self, *args, **keys)

    monkeypatch.setattr(RandomForestClassifier, "fit", spied)
    objective = Objective(prepared_of(mixed_project("binary", "random_forest")), 2)
    objective.run("random_forest", {"n_estimators": 3}, go_on)
    objective.run("random_forest", {"n_estimators": 3, "n_jobs": 1}, go_on)
    assert used == [2, 1]


@pytest.mark.parametrize("folds", [None, 3])
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_the_holdout_has_no_part_in_a_trial(estimator: str, folds: int | None) -> None:
    project = mixed_project("binary", estimator, decision=COSTS, metrics=["cost"])
    frame = mixed("binary")
    holdout = read(project, frame)[1].holdout
    poisoned = frame.copy()
    poisoned.loc[holdout, "y"] = 1 - poisoned.loc[holdout, "y"]
    poisoned.loc[holdout, "number"] = 1e6
    poisoned.loc[holdout, ["kind", "words"]] = ["violet", "unheard of entirely"]
    poisoned.loc[holdout, "when"] = "1999-01-01"
    assert np.array_equal(read(project, poisoned)[1].holdout, holdout)
    outcomes = [
        tried(prepared_of(project, one, folds=folds), estimator, **SMALL[estimator])
        for one in (frame, poisoned)
    ]
    assert outcomes[0].state == "complete"
    assert same(*outcomes)


@pytest.mark.parametrize("estimator", ["xgboost", "linear"])
def test_folds_are_gone_through_in_order_and_their_mean_is_the_value(estimator: str) -> None:
    project = mixed_project("binary", estimator, metrics=["f1"], decision=COSTS)
    told = Told(4)  # the answer to the last comes too late to prune
    outcome = tried(prepared_of(project, folds=4), estimator, told, **SMALL[estimator])
    assert outcome.state == "complete"
    assert list(told.values) == [1, 2, 3, 4]
    assert outcome.folds == tuple(told.values.values())
    assert outcome.value == pytest.approx(np.mean(outcome.folds), rel=1e-12)
    assert (outcome.curve, outcome.best_round) == ((), None)
    table, parts = read(project)
    alone = []
    for fold in folds_of(project, table, parts, 4, 0):
        as_parts = dataclasses.replace(parts, train=fold.train, validation=fold.check)
        fitted = fit_parts(project.model_copy(update={"params": SMALL[estimator]}), table, as_parts)
        scores = scores_of(
            fitted.scorer, table.features.iloc[fold.check], table.target.y[fold.check]
        )
        alone.append(measure("binary", scores, ["roc_auc", "f1"]))
    assert outcome.folds == pytest.approx([each["roc_auc"] for each in alone], rel=1e-9)
    assert outcome.metrics["f1"] == pytest.approx(np.mean([each["f1"] for each in alone]))


@pytest.mark.parametrize(
    ("estimator", "params", "reason"),
    [
        (
            "xgboost",
            {"max_depth": -3},
            "XGBoostError: value -3 for Parameter max_depth should be greater equal to 0",
        ),
        ("xgboost", {"tree_method": "nonsense"}, "XGBoostError: Invalid Input: 'nonsense', valid"),
        ("xgboost", {"max_bin": 1}, "XGBoostError: `max_bin` must be equal to or greater than 2."),
        ("xgboost", {"eval_metric": "nope"}, "XGBoostError: Unknown metric function nope"),
        ("xgboost", {"objective": "nope"}, "XGBoostError: Unknown objective function: `nope`"),
        ("xgboost", {"n_estimators": 0}, "ValueError: n_estimators must be at least 1. Got 0"),
        ("xgboost", {"learning_rate": float("nan")}, "The model answers 40 of 40 checked rows"),
        (
            "xgboost",
            {"max_dept": 3},
            "xgboost (XGBClassifier) has no parameter 'max_dept'. Did you mean 'max_depth'",
        ),
        (
            "random_forest",
            {"max_depth": -3},
            "InvalidParameterError: The 'max_depth' parameter of RandomForestClassifier must be",
        ),
        ("linear", {"C": -1}, "InvalidParameterError: The 'C' parameter of LogisticRegression"),
        ("hist_gradient_boosting", {"max_leaf_nodes": 1}, "InvalidParameterError: The 'max_leaf"),
        ("svm", {}, "KeyError: 'svm'"),
    ],
)
def test_a_trial_that_cannot_be_fitted_fails_with_the_reason_in_a_line(
    estimator: str, params: dict[str, Any], reason: str
) -> None:
    prepared = prepared_of(mixed_project("binary", *ESTIMATORS))
    small = {**SMALL.get(estimator, {}), **params}
    outcome = tried(prepared, estimator, **small)
    assert outcome.state == "failed"
    assert outcome.reason.startswith(reason)
    assert (outcome.value, outcome.metrics, outcome.folds) == (None, {}, ())
    assert "\n" not in outcome.reason
    assert "Stack trace" not in outcome.reason
    assert ".cc:" not in outcome.reason


def test_a_metric_that_is_undefined_fails_the_trial_with_where_it_is() -> None:
    keys: dict[str, Any] = {"metric": "precision", "decision": {"threshold": 1.0}}
    project = mixed_project("binary", "linear", **keys)
    outcome = tried(prepared_of(project), "linear")
    assert outcome.state == "failed"
    assert outcome.reason == "precision is undefined on the checked rows (40 rows)."
    outcome = tried(prepared_of(project, folds=3), "linear")
    assert outcome.reason.startswith("precision is undefined on fold 1 of 3 (")


def test_another_metric_that_is_undefined_fails_nothing() -> None:
    keys: dict[str, Any] = {"metrics": ["precision"], "decision": {"threshold": 1.0}}
    outcome = tried(prepared_of(mixed_project("binary", "linear", **keys)), "linear")
    assert outcome.state == "complete"
    assert np.isnan(outcome.metrics["precision"])


def test_a_fit_that_warns_goes_on_without_a_word() -> None:  # warnings are errors here
    prepared = prepared_of(mixed_project("binary", "linear"))
    assert tried(prepared, "linear", max_iter=1).state == "complete"


def test_missing_and_unseen_categories_and_an_empty_column_are_taken() -> None:
    frame = mixed("binary").assign(empty=np.nan)
    frame.loc[250:, "kind"] = frame.loc[250:, "kind"].map({"red": "crimson"})
    features = {"numeric": ["number", "empty"], "categorical": ["kind"]}
    prepared = prepared_of(mixed_project("binary", *ESTIMATORS, features=features), frame)
    for estimator in ESTIMATORS:
        assert tried(prepared, estimator, **SMALL[estimator]).state == "complete"
