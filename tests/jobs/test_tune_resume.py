"""Searches that were cut short go on: nothing that had ended is lost, numbers go on."""

from __future__ import annotations

from typing import Any

import mlflow
import pytest
from mlflow.entities import Run

from podium.errors import Unreachable
from projects.jobs import record
from tests.jobs.evaluated import train
from tests.jobs.tuned import Tuned, at_trial, interrupt


def statuses(runs: list[Run]) -> list[str]:
    return [run.info.status for run in runs]


def test_an_interrupt_says_how_to_go_on_and_going_on_completes_the_search(tuned: Tuned) -> None:
    train(tuned.project, "--params", "learning_rate=0.4")
    tuned.champion(1)
    with at_trial(0, interrupt):
        result = tuned.say("--trials", 4, "--run-name", "first")
    assert result.exit_code == 130
    assert result.stdout == ""
    (run,) = tuned.searches()
    run_id = run.info.run_id
    assert f"podium tune --project parcels --resume {run_id}" in result.stderr
    assert (run.info.status, run.data.tags["podium.error"]) == ("KILLED", "KeyboardInterrupt")
    with at_trial(3, interrupt):
        assert tuned.say("--resume", run_id).exit_code == 130
    runs = tuned.trials(run_id)
    assert statuses(runs) == ["KILLED", "FINISHED", "FINISHED", "KILLED"]
    assert runs[3].data.tags["podium.error"] == "the search was stopped"
    assert {r.data.tags["podium.origin"] for r in runs[:2]} == {"champion"}  # it is tried again
    before = [r.data.to_dictionary() for r in runs]

    said = tuned.tune("--resume", run_id, "--workers", 2)
    after = tuned.trials(run_id)
    assert said["run_id"] == run_id
    assert statuses(after) == [*statuses(runs), "FINISHED", "FINISHED"]
    assert [r.data.to_dictionary() for r in after[:4]] == before
    trials = tuned.ended(run_id)
    assert [trial["trial"] for trial in trials] == [1, 2, 4, 5]
    assert [trial["origin"] for trial in trials] == ["champion", "declared", "sampled", "sampled"]
    assert (said["search"]["trials"], said["search"]["failed"]) == (4, 0)
    run = mlflow.get_run(run_id)
    assert (run.info.status, run.info.run_name) == ("FINISHED", "first")
    assert "podium.error" not in run.data.tags
    assert mlflow.MlflowClient().get_model_version("parcels", "2").run_id == run_id


def test_more_trials_may_be_asked_for_and_those_before_count(tuned: Tuned) -> None:
    tuned.declare(estimator=["linear", "xgboost"], params={"n_estimators": 12})
    run_id = tuned.interrupted(3, "--trials", 100, "--folds", 3, "--seed", 4, "--rows", 500)
    said = tuned.tune("--resume", run_id, "--trials", 6, "--run-name", "again")
    assert (said["search"]["trials"], sum(said["rows"].values())) == (6, 500)
    trials = tuned.ended(run_id)
    assert [trial["trial"] for trial in trials] == [0, 1, 2, 4, 5, 6]
    assert all(len(trial["folds"]) in (1, 2, 3) for trial in trials)
    assert len({repr(trial["params"]) for trial in trials}) == 6  # none is drawn again
    run = mlflow.get_run(run_id)
    assert (run.info.run_name, run.data.params["podium.seed"]) == ("again", "4")


def test_time_is_counted_anew_and_a_resumed_search_with_none_left_keeps_its_best(
    tuned: Tuned,
) -> None:
    tuned.declare(estimator="linear", params={})
    run_id = tuned.interrupted(3, "--trials", 1_000_000)
    said = tuned.tune("--resume", run_id, "--timeout", "1s")
    assert said["search"]["ended_by"] == "timeout"
    assert said["search"]["trials"] >= 3
    card = tuned.artifact(run_id, "model_card.md").decode()
    assert "it ended when no time was left" in card


def lost(*_: Any, **__: Any) -> None:
    """As where MLflow does not answer."""
    raise mlflow.exceptions.MlflowException("no answer")


def test_where_the_trials_are_over_only_the_best_is_trained_and_registered(tuned: Tuned) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(record.tracking, "create_version", lost)
        result = tuned.say("--trials", 4, "--timeout", "1h")
    assert result.exit_code == 5, result.output
    assert f"--resume {tuned.searches()[0].info.run_id}" in result.stderr
    (run,) = tuned.searches()
    assert (run.info.status, "podium.error" in run.data.tags) == ("FAILED", True)
    run_id, before = run.info.run_id, tuned.ended(run.info.run_id)

    why = tuned.refused_tune("--resume", run_id, "--trials", 8)
    assert "--trials: the 4 trials of the search are over, and its best is chosen." in why
    said = tuned.tune("--resume", run_id)
    assert tuned.ended(run_id) == before
    assert len(tuned.trials(run_id)) == 4
    assert (said["run_id"], said["model_version"]) == (run_id, 1)
    assert mlflow.get_run(run_id).info.status == "FINISHED"


def test_a_search_that_lost_mlflow_amid_its_trials_keeps_those_that_had_ended(
    tuned: Tuned,
) -> None:
    def fail() -> None:
        raise Unreachable("MLflow does not answer.")

    with at_trial(2, fail):
        result = tuned.say("--trials", 4)
    assert result.exit_code == 5
    (run,) = tuned.searches()
    assert f"--resume {run.info.run_id}" in result.stderr
    assert statuses(tuned.trials(run.info.run_id)) == ["FINISHED", "FINISHED", "KILLED"]
    said = tuned.tune("--resume", run.info.run_id)
    assert [trial["trial"] for trial in tuned.ended(run.info.run_id)] == [0, 1, 3, 4]
    assert said["search"]["failed"] == 0
