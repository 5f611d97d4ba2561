from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets
from sklearn.pipeline import Pipeline

from podium.artifact.scoring.scorer import PIPELINE, load_pipeline
from podium.errors import DataError, UsageError
from projects.training.estimators import ESTIMATORS as KINDS
from projects.training.fit import Fitted, fit_baseline, scores_of
from projects.training.forest import fit_forest
from projects.training.history import Rows
from projects.training.measure import measure_parts
from projects.training.split import Parts, split_rows
from projects.training.table import Table
from tests.training.made import (
    MIXED_FEATURES,
    SMALL,
    fit_parts,
    fitted_of,
    mixed,
    project_of,
    table_of,
)

TASKS = ("binary", "multiclass", "regression")
ESTIMATORS = tuple(SMALL)
LOADERS: dict[str, Any] = {
    "binary": datasets.load_breast_cancer,
    "multiclass": datasets.load_wine,
    "regression": datasets.load_diabetes,
}


def _loaded(folder: Path) -> Any:
    return load_pipeline((folder / PIPELINE).read_bytes())


def bundled(task: str) -> pd.DataFrame:
    loaded = LOADERS[task](as_frame=True)
    return loaded.frame.rename(columns={"target": "y"})


def mixed_project(task: str, estimator: str, **keys: Any) -> Any:
    declared = {"features": MIXED_FEATURES, "estimator": estimator, "params": SMALL[estimator]}
    return project_of(task, **{**declared, **keys})


def beats_baseline(project: Any, fitted: Fitted, table: Table, parts: Parts) -> bool:
    baseline = fit_baseline(project, table, parts)
    measured = measure_parts(project, table, parts, fitted.scorer, baseline, seed=0)
    reached, dummy = measured.values["holdout"][project.metric], measured.baseline[project.metric]
    return reached > dummy if project.metric == "roc_auc" else reached < dummy


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_every_estimator_beats_the_baseline_on_known_tables(estimator: str, task: str) -> None:
    project = project_of(task, estimator=estimator, params=SMALL[estimator])
    fitted, table, parts = fitted_of(project, bundled(task))
    assert beats_baseline(project, fitted, table, parts)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_every_estimator_takes_all_kinds_of_features_and_is_the_same_after_reloading(
    estimator: str, task: str, tmp_path: Path
) -> None:
    project = mixed_project(task, estimator)
    fitted, table, parts = fitted_of(project, mixed(task))
    assert beats_baseline(project, fitted, table, parts)
    fitted.scorer.save(tmp_path)
    again = dataclasses.replace(
        fitted.scorer, pipeline=load_pipeline((tmp_path / PIPELINE).read_bytes())
    )
    before, after = fitted.scorer.score(table.raw), again.score(table.raw)
    pd.testing.assert_frame_equal(before, after, check_exact=True)


@pytest.mark.parametrize("method", ["isotonic", "sigmoid"])
@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_calibration_gives_probabilities_and_survives_reloading(
    task: str, method: str, tmp_path: Path
) -> None:
    project = mixed_project(task, "linear", calibration=method)
    fitted, table, parts = fitted_of(project, mixed(task))
    probability = fitted.scorer.scores(table.features)
    assert ((probability >= 0) & (probability <= 1)).all()
    last = parts.holdout
    said = scores_of(fitted.scorer, table.features.iloc[last], table.target.y[last])
    assert (said.prediction == said.y).mean() > 0.6
    fitted.scorer.save(tmp_path)
    again = dataclasses.replace(
        fitted.scorer, pipeline=load_pipeline((tmp_path / PIPELINE).read_bytes())
    )
    np.testing.assert_array_equal(again.scores(table.features), probability)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_the_same_seed_gives_the_same_model(estimator: str) -> None:
    project = mixed_project("binary", estimator)
    first, table, _ = fitted_of(project, mixed("binary"), seed=7)
    again, _, _ = fitted_of(project, mixed("binary"), seed=7)
    np.testing.assert_array_equal(
        first.scorer.scores(table.features), again.scorer.scores(table.features)
    )
    assert first.threshold == again.threshold


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_the_holdout_is_never_touched_by_fitting(estimator: str) -> None:
    calibration = "sigmoid" if estimator == "linear" else None
    rule = {"threshold": {"minimise": "cost", "fp": 1, "fn": 3}}
    project = mixed_project("binary", estimator, decision=rule, calibration=calibration)
    project = project.model_copy(update={"data": project.data.model_copy(update={"time": "order"})})
    frame = mixed("binary")
    fitted, table, parts = fitted_of(project, frame)
    poisoned = frame.copy()
    last = parts.holdout
    poisoned.loc[last, "y"] = 1 - poisoned.loc[last, "y"]
    poisoned.loc[last, "number"] = 1e6
    poisoned.loc[last, ["kind", "words"]] = ["violet", "unheard of entirely"]
    poisoned.loc[last, "when"] = "1999-01-01"
    other, _, same_parts = fitted_of(project, poisoned)
    assert np.array_equal(same_parts.holdout, last)
    assert other.threshold == fitted.threshold
    np.testing.assert_array_equal(
        other.scorer.scores(table.features), fitted.scorer.scores(table.features)
    )


@pytest.mark.parametrize(
    ("rule", "recall", "precision"),
    [
        (0.3, 0.0, 0.0),
        ({"maximise": "f1"}, 0.5, 0.5),
        ({"minimise": "cost", "fp": 1, "fn": 20}, 0.9, 0.0),
        ({"recall_at_least": 0.95}, 0.95, 0.0),
        ({"precision_at_least": 0.95}, 0.0, 0.95),
    ],
)
def test_every_rule_sets_the_threshold_on_validation_rows(
    rule: Any, recall: float, precision: float
) -> None:
    project = mixed_project("binary", "linear", decision={"threshold": rule})
    fitted, table, parts = fitted_of(project, mixed("binary", 1_000))
    rows = parts.validation
    scores = scores_of(fitted.scorer, table.features.iloc[rows], table.target.y[rows])
    hits = int((scores.y * scores.prediction).sum())
    assert hits >= recall * scores.y.sum()
    assert hits >= precision * scores.prediction.sum()
    assert fitted.threshold is not None
    assert fitted.scorer.decision.threshold == fitted.threshold.value
    assert isinstance(rule, dict) or fitted.threshold.value == rule


@pytest.mark.parametrize("estimator", ["xgboost", "hist_gradient_boosting"])
def test_boosting_stops_early(estimator: str) -> None:
    params = {"xgboost": {"n_estimators": 400, "n_jobs": 1, "learning_rate": 0.5}}
    project = mixed_project("binary", estimator, params=params.get(estimator, {}))
    frame = mixed("binary").assign(y=np.random.default_rng(0).integers(0, 2, 400))
    fitted, _, _ = fitted_of(project, frame)
    assert fitted.history is not None
    rounds = len(fitted.history.values["validation"])
    assert rounds < 150
    if estimator == "xgboost":
        assert fitted.history.best is not None
        assert fitted.history.best <= rounds - 50
    else:  # it keeps all iterations
        assert fitted.history.best is None


def test_xgboost_keeps_nothing_of_this_machine() -> None:
    project = mixed_project("binary", "xgboost", params={"n_estimators": 5, "n_jobs": 1})
    fitted, _, _ = fitted_of(project, mixed("binary"))
    model = fitted.scorer.pipeline.named_steps["model"]
    assert model.get_params()["callbacks"] is None
    assert model.get_params()["device"] == "cpu"
    generic = json.loads(model.get_booster().save_config())["learner"]["generic_param"]
    assert (generic["device"], generic["nthread"]) == ("cpu", "0")
    assert fitted.params["n_jobs"] == 1  # what was declared is what is logged


def test_each_round_of_boosting_is_told() -> None:
    from projects.training.fit import fit

    told: list[tuple[int, int, str]] = []
    project = mixed_project("binary", "xgboost", params={"n_estimators": 5, "n_jobs": 1})
    table = table_of(project, mixed("binary"))
    parts = split_rows(project, table, 0)
    fit(project, table, parts, estimator="xgboost", seed=0, tick=lambda *t: told.append(t))
    assert [done for done, _, _ in told] == [1, 2, 3, 4, 5]
    assert told[0][2].startswith("validation auc 0.")


@pytest.mark.parametrize(
    ("estimator", "wrong", "near"),
    [
        ("xgboost", "max_dept", "'max_depth'"),
        ("hist_gradient_boosting", "learning_rat", "'learning_rate'"),
        ("random_forest", "n_estimator", "'n_estimators'"),
        ("linear", "c", "'C'"),
    ],
)
def test_an_unknown_parameter_is_refused_with_the_near_one(
    estimator: str, wrong: str, near: str
) -> None:
    project = mixed_project("binary", estimator, params={wrong: 3})
    with pytest.raises(UsageError, match=f"{estimator} .* no parameter '{wrong}'.*{near}"):
        fitted_of(project, mixed("binary"))


@pytest.mark.parametrize(
    ("estimator", "params"),
    [
        ("xgboost", {"max_depth": "deep"}),
        ("random_forest", {"max_depth": "deep"}),
        ("linear", {"C": -1}),
        ("xgboost", {"n_estimators": "5"}),
        ("random_forest", {"n_estimators": "5"}),
        ("xgboost", {"n_estimators": 0}),
    ],
)
def test_a_value_that_a_parameter_cannot_take_is_refused(
    estimator: str, params: dict[str, Any]
) -> None:
    project = mixed_project("binary", estimator, params=params)
    with pytest.raises(UsageError, match=f"{estimator} could not be fitted: .*under params"):
        fitted_of(project, mixed("binary"))


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_balanced_classes_raise_the_probability_of_the_rare_one(estimator: str) -> None:
    frame = mixed("binary", 800)
    rare = frame[(frame["y"] == 0) | (np.arange(800) % 8 == 0)].reset_index(drop=True)
    plain, table, _ = fitted_of(mixed_project("binary", estimator), rare)
    weighted = mixed_project("binary", estimator, class_weight="balanced")
    balanced, _, _ = fitted_of(weighted, rare)
    means = [one.scorer.scores(table.features).mean() for one in (plain, balanced)]
    assert means[1] > means[0] + 0.03


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_missing_and_unseen_categories_differ_even_where_training_had_none_missing(
    estimator: str,
) -> None:
    frame = mixed("binary").assign(kind=["red", "blue"] * 200)
    project = mixed_project("binary", estimator, features={"categorical": ["kind"]})
    fitted, table, _ = fitted_of(project, frame)
    assert (table.features["kind"] != "").all()
    preprocessing = fitted.scorer.pipeline.named_steps["features"]
    matrix = preprocessing.transform(pd.DataFrame({"kind": ["", "violet", "red", "blue"]}))
    rows = np.asarray(matrix.todense() if hasattr(matrix, "todense") else matrix)
    assert len(np.unique(rows, axis=0)) == 4


@pytest.mark.parametrize("estimator", ["xgboost", "linear"])
def test_a_text_column_without_words_is_refused_by_name(estimator: str) -> None:
    frame = mixed("binary").assign(words="a !")
    project = mixed_project("binary", estimator, features={"text": ["words"]})
    with pytest.raises(DataError, match="The text column 'words' holds no words"):
        fitted_of(project, frame)


def test_few_words_among_signs_are_enough() -> None:
    frame = mixed("binary").rename(columns={"words": "my__words"})
    frame["my__words"] = ["ok", "! ? . , ; a b c d"] * 200
    fitted, table, _ = fitted_of(
        mixed_project("binary", "xgboost", features={"text": ["my__words"]}), frame
    )
    assert np.isfinite(fitted.scorer.scores(table.features)).all()


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_columns_that_are_missing_throughout_do_no_harm(estimator: str) -> None:
    frame = mixed("binary").assign(gone=np.nan, lost=None)
    features = {"numeric": ["number", "gone"], "categorical": ["lost"]}
    project = mixed_project("binary", estimator, features=features)
    fitted, table, _ = fitted_of(project, frame)
    later = table.features.assign(gone=1.0)
    assert np.isfinite(fitted.scorer.scores(later)).all()


def test_features_of_which_none_has_a_value_are_refused() -> None:
    project = mixed_project("binary", "linear", features={"numeric": ["gone"]})
    with pytest.raises(DataError, match="No feature has a value in the training rows"):
        fitted_of(project, mixed("binary").assign(gone=np.nan))


@pytest.mark.parametrize(
    ("task", "metric", "expected"),
    [("regression", "mae", np.median), ("regression", "rmse", np.mean), ("binary", "f1", np.mean)],
)
def test_the_baseline_ignores_the_features(task: str, metric: str, expected: Any) -> None:
    project = mixed_project(task, "linear", metric=metric)
    table = table_of(project, mixed(task))
    parts = split_rows(project, table, 0)
    scores = fit_baseline(project, table, parts).scores(table.features)
    assert np.allclose(scores, expected(table.target.y[parts.train]))


def test_a_single_table_and_its_split_can_be_fitted_twice() -> None:
    project = mixed_project("regression", "linear")
    table = table_of(project, mixed("regression"))
    parts = split_rows(project, table, 0)
    one, two = (fit_parts(project, table, parts) for _ in range(2))
    assert np.array_equal(one.scorer.scores(table.features), two.scorer.scores(table.features))


def test_the_baseline_decides_by_a_threshold_of_its_own() -> None:
    rule = {"threshold": {"minimise": "cost", "fp": 1, "fn": 20}}
    project = mixed_project("binary", "linear", decision=rule)
    table = table_of(project, mixed("binary"))
    baseline = fit_baseline(project, table, split_rows(project, table, 0))
    scores = scores_of(baseline, table.features, table.target.y)
    assert scores.prediction.all()  # dearer to miss one than to flag all


def test_a_forest_grown_in_steps_is_the_forest_fitted_at_once() -> None:
    draw = np.random.default_rng(0)
    X, y, weight = draw.normal(size=(300, 4)), draw.integers(0, 2, 300), draw.random(300)
    whole, grown = (
        KINDS["random_forest"].make("binary", {"n_estimators": 33, "n_jobs": 1}, 4)
        for _ in range(2)
    )
    told: list[tuple[int, int, str]] = []
    whole.fit(X, y, sample_weight=weight)
    fit_forest(grown, Rows(X, y, weight), lambda *t: told.append(t))
    assert len(grown.estimators_) == 33
    for one, other in zip(whole.estimators_, grown.estimators_, strict=True):
        np.testing.assert_array_equal(one.tree_.threshold, other.tree_.threshold)
        np.testing.assert_array_equal(one.tree_.value, other.tree_.value)
    np.testing.assert_array_equal(whole.predict_proba(X), grown.predict_proba(X))
    assert whole.get_params() == grown.get_params()
    assert len(told) == 10
    assert told[-1] == (33, 33, "trees")


def test_names_of_metrics_are_keys_that_mlflow_takes() -> None:
    params = {"n_estimators": 3, "n_jobs": 1, "eval_metric": "error@0.3"}
    fitted, _, _ = fitted_of(mixed_project("binary", "xgboost", params=params), mixed("binary"))
    assert fitted.history is not None
    assert fitted.history.metric == "error_0.3"


@pytest.mark.parametrize("estimator", ["random_forest", "linear"])
def test_learning_curves_reckon_with_the_declared_costs(estimator: str) -> None:
    def curve(fn: float) -> list[float]:
        rule = {"threshold": {"minimise": "cost", "fp": 1, "fn": fn}}
        project = mixed_project("binary", estimator, metric="cost", decision=rule)
        fitted, _, _ = fitted_of(project, mixed("binary", 1_000))
        assert fitted.history is not None
        return fitted.history.values["validation"]

    assert np.mean(curve(50)) > 5 * np.mean(curve(1))


@pytest.mark.parametrize("params", [{"class_weight": "balanced"}, {"oob_score": True}])
def test_forests_that_should_not_grow_are_fitted_at_once(params: dict[str, Any]) -> None:
    draw = np.random.default_rng(0)
    rows = Rows(draw.normal(size=(300, 4)), draw.integers(0, 2, 300), None)
    model = KINDS["random_forest"].make("binary", {"n_estimators": 60, **params}, 4)
    fit_forest(model, rows, lambda *_: None)
    assert len(model.estimators_) == 60


def test_a_small_forest_grows_tree_by_tree() -> None:
    draw = np.random.default_rng(0)
    rows = Rows(draw.normal(size=(300, 4)), draw.integers(0, 2, 300), None)
    model = KINDS["random_forest"].make("binary", {"n_estimators": 3, "n_jobs": 1}, 4)
    told: list[int] = []
    fit_forest(model, rows, lambda done, *_: told.append(done))
    assert told == [1, 2, 3]


@pytest.mark.parametrize("estimator", ["xgboost", "linear"])
def test_places_in_vocabularies_are_plain_integers(estimator: str) -> None:
    project = project_of(
        features=MIXED_FEATURES, estimator=estimator, params=SMALL[estimator], forbidden=["order"]
    )
    fitted, _, _ = fitted_of(project, mixed("binary"))
    step = fitted.scorer.pipeline.named_steps["features"].named_transformers_["text_0"]
    words = step[0] if isinstance(step, Pipeline) else step
    assert {type(place) for place in words.vocabulary_.values()} == {int}
