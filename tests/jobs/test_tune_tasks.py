"""Searches of every estimator and task."""

from __future__ import annotations

import mlflow
import numpy as np
import pandas as pd
import pytest

from tests.jobs.evaluated import parcels
from tests.jobs.tuned import Tuned

OWN = {
    "xgboost": {"n_estimators", "learning_rate", "max_depth", "reg_lambda"},
    "linear": {"max_iter", "C"},
    "random_forest": {"n_estimators", "max_depth", "max_features", "min_samples_leaf"},
    "hist_gradient_boosting": {
        "max_iter",
        "learning_rate",
        "max_features",
        "min_samples_leaf",
        "l2_regularization",
    },
}


def measured(count: int = 600) -> pd.DataFrame:
    """A number to predict, and a word of three, which follow from the other columns."""
    frame = parcels(count).drop(columns="late")
    noise = np.random.default_rng(5).normal(size=count)
    hours = 10 * frame["distance"] + 3 * frame["gate"] + noise
    return frame.assign(hours=hours, size=pd.cut(hours, [-99, -5, 5, 99], labels=list("sml")))


def test_several_estimators_are_searched_in_one_study_each_with_its_own_parameters(
    tuned: Tuned,
) -> None:
    names = ["xgboost", "linear", "random_forest", "hist_gradient_boosting"]
    search = {"learning_rate": [0.05, 0.1], "max_features": [0.5, 1.0]}
    params = {"n_estimators": 10, "max_iter": 15}
    tuned.declare(estimator=names, params=params, search=search)
    said = tuned.tune("--trials", 12)
    trials = tuned.ended(said["run_id"])
    assert [(t["origin"], t["estimator"]) for t in trials[:4]] == [("declared", n) for n in names]
    assert {t["origin"] for t in trials[4:]} == {"sampled"}
    assert {t["state"] for t in trials} == {"complete"}
    for trial in trials:
        own = trial["params"].keys() | ({"max_features"} if trial["trial"] < 4 else set())
        assert own >= OWN[trial["estimator"]]  # a default that is no choice is left to the library
        foreign = set[str]().union(*(OWN[n] for n in names if n != trial["estimator"]))
        assert not (foreign - OWN[trial["estimator"]]) & trial["params"].keys()
    for trial in trials[4:]:
        assert trial["params"].get("learning_rate", 0.1) in (0.05, 0.1)
        assert trial["params"].get("max_features", 1.0) in (0.5, 1.0)
    best = said["search"]["best"]
    version = mlflow.MlflowClient().get_model_version("parcels", "1")
    assert version.tags["podium.estimator"] == best["estimator"]
    top = tuned.artifact(said["run_id"], "model_card.md").decode().partition("## Search")[2]
    assert "| estimator |" in top


def test_numbers_are_searched_for_the_lowest_error(tuned: Tuned) -> None:
    tuned.declare(
        measured().drop(columns="size"),
        task="regression",
        target={"column": "hours"},
        metric="mae",
        metrics=["rmse"],
        estimator=["hist_gradient_boosting", "linear"],
        params={"max_iter": 20},
    )
    said = tuned.tune("--trials", 6)
    values = [trial["value"] for trial in tuned.ended(said["run_id"])]
    assert said["search"]["best"]["value"] == min(values)
    assert [trial["value"] for trial in said["search"]["top"]] == sorted(values)
    assert (said["search"]["best"]["estimator"], said["model_version"]) == ("linear", 1)
    assert said["validation"]["mae"] == min(values)
    (run, *_) = tuned.trials(said["run_id"])
    assert {"validation/mae", "validation/rmse"} <= run.data.metrics.keys()


def test_more_than_two_classes_are_searched(tuned: Tuned) -> None:
    tuned.declare(
        measured().drop(columns="hours"),
        task="multiclass",
        target={"column": "size"},
        estimator="random_forest",
        params={"n_estimators": 10},
        class_weight="balanced",
    )
    said = tuned.tune("--trials", 4)
    assert said["search"]["metric"] == "log_loss"
    values = [trial["value"] for trial in tuned.ended(said["run_id"])]
    assert said["search"]["best"]["value"] == min(values) < 1.0
    # Threads add a forest's trees up in any order when training predicts.
    assert said["validation"]["log_loss"] == pytest.approx(min(values), rel=1e-12)


def test_calibration_comes_after_the_search_and_costs_decide_within_it(tuned: Tuned) -> None:
    tuned.declare(
        metric="cost",
        metrics=["roc_auc"],
        calibration="sigmoid",
        estimator="linear",
        params={},
        decision={"threshold": {"minimise": "cost", "fp": 1, "fn": 3}},
    )
    said = tuned.tune("--trials", 4)
    values = [trial["value"] for trial in tuned.ended(said["run_id"])]
    assert said["search"]["best"]["value"] == min(values)
    assert said["threshold"] != 0.5
    run = mlflow.get_run(said["run_id"])
    assert run.data.params["podium.calibration"] == "sigmoid"
