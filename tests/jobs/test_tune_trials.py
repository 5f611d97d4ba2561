"""What trials are judged by, and that they are the same again: never the holdout, never chance."""

from __future__ import annotations

import json
import os
from typing import Any

import mlflow
import numpy as np
import pytest

from tests.jobs.tuned import Tuned, outcomes, parcel_days

NUMBERS = ["distance", "gate"]


def test_the_same_seed_and_one_worker_give_the_same_trials_whatever_the_holdout_says(
    tuned: Tuned,
) -> None:
    frame = parcel_days(600)
    tuned.declare(frame, data={"source": "parcels.csv", "time": "sent"}, params={"n_jobs": 1})
    asked = ("--trials", 7, "--params", "n_estimators=40", "--register", "no")
    first = tuned.tune(*asked)
    held = frame.index[-first["rows"]["holdout"] :]
    frame.loc[held, NUMBERS] = 1e3 * np.random.default_rng(1).normal(size=(len(held), 2))
    frame.loc[held, "region"] = "nowhere"
    frame.loc[held, "late"] = 1 - frame.loc[held, "late"]
    tuned.declare(frame, data={"source": "parcels.csv", "time": "sent"}, params={"n_jobs": 1})
    second = tuned.tune(*asked)
    assert second["data_digest"] != first["data_digest"]
    assert second["holdout"]["roc_auc"]["estimate"] < first["holdout"]["roc_auc"]["estimate"] - 0.2
    one, other = (tuned.ended(said["run_id"]) for said in (first, second))
    assert outcomes(one) == outcomes(other)
    assert len({repr(trial["params"]) for trial in one}) == 7
    assert first["search"]["best"]["trial"] == second["search"]["best"]["trial"]
    assert first["validation"] == second["validation"]
    curves = [curve_of(tuned, said["run_id"], 3) for said in (first, second)]
    assert curves[0] == curves[1] != []


def test_several_workers_run_each_trial_once_and_more_than_cores_are_noted(tuned: Tuned) -> None:
    asked = ("--trials", 8, "--workers", 3, "--register", "no", "--json")
    result = tuned.say(*asked)
    assert result.exit_code == 0, result.output
    if cores() < 3:
        assert f"note: 3 workers share {cores()} cores" in result.stderr
    trials = tuned.ended(json.loads(result.stdout)["run_id"])
    assert [trial["trial"] for trial in trials] == list(range(8))
    assert {trial["state"] for trial in trials} == {"complete"}
    assert len({repr(trial["params"]) for trial in trials}) == 8


@pytest.mark.parametrize(
    ("folds", "declared"),
    [
        (3, {"data": {"source": "parcels.csv", "time": "sent"}, "split": {"gap": "1d"}}),
        (2, {"data": {"source": "parcels.csv", "group": "truck"}}),
        (4, {}),
    ],
)
def test_folds_judge_a_trial_by_their_mean(
    tuned: Tuned, folds: int, declared: dict[str, Any]
) -> None:
    frame = parcel_days(600).assign(truck=[f"truck {k % 40}" for k in range(600)])
    features = {"numeric": NUMBERS, "categorical": ["region"]}
    tuned.declare(frame, estimator="linear", params={}, features=features, **declared)
    said = tuned.tune("--trials", 3, "--folds", folds, "--pruner", "none", "--register", "no")
    assert said["search"]["judged_by"] == f"roc_auc over {folds} folds"
    for trial, run in zip(tuned.ended(said["run_id"]), tuned.trials(said["run_id"]), strict=True):
        assert len(trial["folds"]) == folds
        assert trial["value"] == pytest.approx(np.mean(trial["folds"]))
        history = mlflow.MlflowClient().get_metric_history(run.info.run_id, "fold/roc_auc")
        assert [(p.step, p.value) for p in history] == list(enumerate(trial["folds"]))
    card = tuned.artifact(said["run_id"], "model_card.md").decode()
    assert f"judged by roc_auc over {folds} folds" in card


def test_folds_that_will_not_win_are_not_gone_through(tuned: Tuned) -> None:
    tuned.declare(
        estimator="linear", params={}, search={"C": {"low": 1e-6, "high": 10, "log": True}}
    )
    said = tuned.tune("--trials", 12, "--folds", 8, "--register", "no")
    pruned = [trial for trial in tuned.ended(said["run_id"]) if trial["state"] == "pruned"]
    assert said["search"]["pruned"] == len(pruned) > 0
    assert all(1 < len(trial["folds"]) < 8 and trial["value"] is None for trial in pruned)
    states = {run.info.status: run for run in tuned.trials(said["run_id"])}
    assert states.keys() == {"FINISHED", "KILLED"}
    assert states["KILLED"].data.tags["podium.state"] == "pruned"
    assert "pruned after fold" in states["KILLED"].data.tags["podium.reason"]


def test_rounds_that_will_not_win_are_not_gone_through(tuned: Tuned) -> None:
    params = {"n_estimators": 60, "n_jobs": 1}
    search = {"learning_rate": {"low": 0.001, "high": 0.5, "log": True}}
    tuned.declare(params=params, search=search)
    said = tuned.tune("--trials", 12, "--pruner", "hyperband", "--register", "no")
    pruned = [run for run in tuned.trials(said["run_id"]) if run.info.status == "KILLED"]
    assert said["search"]["pruned"] == len(pruned) > 0
    assert said["search"]["best"]["state"] == "complete"
    for run in pruned:
        assert "pruned after round" in run.data.tags["podium.reason"]
        assert 0 < len(curve_of(tuned, said["run_id"], int(run.data.tags["podium.trial"]))) < 60


def test_a_search_ends_where_no_more_is_expected_of_it(tuned: Tuned) -> None:
    tuned.declare(estimator="linear", params={})
    said = tuned.tune("--trials", 500, "--stop", "yes", "--workers", 2, "--register", "no")
    assert said["search"]["ended_by"] == "stopper"
    assert 30 <= said["search"]["trials"] < 500
    card = tuned.artifact(said["run_id"], "model_card.md").decode()
    assert "it ended when no more was expected of it" in card


def curve_of(tuned: Tuned, run_id: str, number: int) -> list[float]:
    (run,) = (r for r in tuned.trials(run_id) if r.data.tags["podium.trial"] == str(number))
    found = mlflow.MlflowClient().get_metric_history(run.info.run_id, "curve/validation_auc")
    return [point.value for point in found]


def cores() -> int:
    return len(os.sched_getaffinity(0))
