"""The nested runs of a search, read back through MLflow."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import mlflow
import pytest
from mlflow.entities import Run

from podium.errors import PodiumError, Unreachable
from projects.jobs.trial_runs import TOP_TEN, TrialRuns
from projects.tuning.trials import Asked, Outcome

ASKED = Asked(7, "xgboost", {"max_depth": 4, "learning_rate": 0.1, "missing": None}, "declared")
BEGAN = 1_800_000_000.0


@pytest.fixture
def parent(store: Path) -> Run:
    client = mlflow.MlflowClient()
    experiment = client.create_experiment("parcels", artifact_location=(store / "art").as_uri())
    tags = {"mlflow.user": "ann", "mlflow.source.name": "podium", "podium.job": "tune"}
    return client.create_run(experiment, tags=tags, run_name="search")


@pytest.fixture
def runs(parent: Run) -> TrialRuns:
    return TrialRuns(parent.info.run_id, parent.info.experiment_id, "parcels", "roc_auc")


def ended_run(runs: TrialRuns, outcome: Outcome, asked: Asked = ASKED) -> Run:
    run_id = runs.start(asked, at=BEGAN)
    runs.end(run_id, outcome, at=BEGAN + outcome.seconds)
    return mlflow.get_run(run_id)


def test_a_complete_trial_is_a_nested_run_with_its_parameters_and_metrics(
    runs: TrialRuns, parent: Run
) -> None:
    outcome = Outcome(
        "complete", 0.71, {"roc_auc": 0.71, "log_loss": 0.4}, best_round=3, seconds=2.5
    )
    run = ended_run(runs, outcome)
    assert run.info.run_name == "trial 7"
    assert run.info.status == "FINISHED"
    assert run.info.end_time - run.info.start_time == 2500
    assert run.data.params == {
        "max_depth": "4",
        "learning_rate": "0.1",
        "missing": "None",
        "podium.estimator": "xgboost",
    }
    assert run.data.metrics == {
        "validation/roc_auc": 0.71,
        "validation/log_loss": 0.4,
        "seconds": 2.5,
        "best_round": 3.0,
    }
    expected = {
        "mlflow.parentRunId": parent.info.run_id,
        "mlflow.user": "ann",
        "mlflow.source.name": "podium",
        "podium.project": "parcels",
        "podium.job": "trial",
        "podium.trial": "7",
        "podium.estimator": "xgboost",
        "podium.origin": "declared",
        "podium.state": "complete",
    }
    assert expected.items() <= run.data.tags.items()
    assert "podium.error" not in run.data.tags


def test_a_pruned_trial_is_killed_and_says_where(runs: TrialRuns) -> None:
    reason = "after round 40: worse than the median"
    run = ended_run(runs, Outcome("pruned", curve=(0.6, 0.61), curve_metric="auc", reason=reason))
    assert run.info.status == "KILLED"
    assert run.data.tags["podium.state"] == "pruned"
    assert run.data.tags["podium.reason"] == reason
    assert "podium.error" not in run.data.tags
    assert run.data.metrics["curve/validation_auc"] == 0.61
    assert "validation/roc_auc" not in run.data.metrics


def test_a_failed_trial_tells_its_reason(runs: TrialRuns) -> None:
    run = ended_run(runs, Outcome("failed", seconds=0.2, reason="ValueError: too deep"))
    assert run.info.status == "FAILED"
    assert run.data.tags["podium.state"] == "failed"
    assert run.data.tags["podium.error"] == "ValueError: too deep"
    assert run.data.metrics == {"seconds": 0.2}


def test_rounds_are_steps_within_the_time_of_the_trial(runs: TrialRuns) -> None:
    curve = tuple(0.6 + round_ / 1000 for round_ in range(50))
    run = ended_run(runs, Outcome("complete", 0.649, curve=curve, curve_metric="auc", seconds=10.0))
    points = mlflow.MlflowClient().get_metric_history(run.info.run_id, "curve/validation_auc")
    points.sort(key=lambda point: point.step)
    assert [point.step for point in points] == list(range(50))
    assert tuple(point.value for point in points) == curve
    times = [point.timestamp for point in points]
    assert times == sorted(times)
    assert run.info.start_time < times[0] < times[-1] == run.info.end_time


def test_each_fold_is_a_step(runs: TrialRuns) -> None:
    run = ended_run(runs, Outcome("complete", 0.7, folds=(0.6, 0.7, 0.8), seconds=3.0))
    points = mlflow.MlflowClient().get_metric_history(run.info.run_id, "fold/roc_auc")
    assert {point.step: point.value for point in points} == {0: 0.6, 1: 0.7, 2: 0.8}


def test_a_very_long_curve_is_thinned_but_keeps_its_best_and_its_last_round(
    runs: TrialRuns,
) -> None:
    curve = tuple(round_ / 10_000 for round_ in range(5000))
    outcome = Outcome("complete", 0.7, curve=curve, curve_metric="auc", best_round=4321)
    run = ended_run(runs, outcome)
    points = mlflow.MlflowClient().get_metric_history(run.info.run_id, "curve/validation_auc")
    steps = sorted(point.step for point in points)
    assert 400 < len(steps) <= 501
    assert {0, 4321, 4999} <= set(steps)
    assert max(after - before for before, after in pairwise(steps)) <= 11


def test_undefined_values_are_left_out(runs: TrialRuns) -> None:
    nan = float("nan")
    outcome = Outcome("complete", 0.7, {"mcc": nan}, curve=(0.5, nan, 0.7), curve_metric="auc")
    run = ended_run(runs, outcome)
    assert "validation/mcc" not in run.data.metrics
    points = mlflow.MlflowClient().get_metric_history(run.info.run_id, "curve/validation_auc")
    assert sorted(point.step for point in points) == [0, 2]


def test_long_texts_are_cut_to_what_mlflow_takes(runs: TrialRuns) -> None:
    asked = Asked(0, "xgboost", {"feature_types": "q" * 9000})
    run = ended_run(runs, Outcome("failed", reason="x" * 9000), asked)
    assert run.data.params["feature_types"] == "q" * 6000
    assert run.data.tags["podium.error"] == "x" * 5000


def test_runs_that_another_process_left_open_are_ended(runs: TrialRuns, parent: Run) -> None:
    ended_run(runs, Outcome("complete", 0.7))
    left = {number: runs.start(Asked(number, "linear", {})) for number in (9, 8)}
    assert runs.close_abandoned() == [8, 9]
    for run_id in left.values():
        run = mlflow.get_run(run_id)
        assert run.info.status == "KILLED"
        assert run.data.tags["podium.error"] == "its process was killed"
    assert mlflow.get_run(parent.info.run_id).info.status == "RUNNING"
    assert runs.close_abandoned() == []


def test_an_open_run_whose_trial_was_stored_is_ended_with_what_came_of_it(
    runs: TrialRuns,
) -> None:
    run_id = runs.start(Asked(3, "linear", {"C": 0.1}))
    assert runs.close_abandoned({3: Outcome("complete", 0.7, seconds=1.0)}) == []
    run = mlflow.get_run(run_id)
    assert run.info.status == "FINISHED"
    assert run.data.metrics["validation/roc_auc"] == 0.7


def test_only_trials_of_this_search_are_counted_and_closed(runs: TrialRuns, parent: Run) -> None:
    client = mlflow.MlflowClient()
    other = client.create_run(parent.info.experiment_id)
    others = TrialRuns(other.info.run_id, parent.info.experiment_id, "parcels", "roc_auc")
    theirs = others.start(ASKED)
    client.create_run(
        parent.info.experiment_id, tags={"mlflow.parentRunId": parent.info.run_id}
    )  # nested, but no trial
    ended_run(runs, Outcome("failed"))
    assert runs.next_number() == ASKED.number + 1
    assert runs.close_abandoned() == []
    assert mlflow.get_run(theirs).info.status == "RUNNING"


def test_the_top_ten_is_a_table_that_mlflow_reads(runs: TrialRuns, parent: Run) -> None:
    table = {"rank": [1, 2], "trial": [4, 0], "roc_auc": [0.7, 0.6], "C": [0.1, None]}
    runs.log_top({"rank": [1]})
    runs.log_top(table)  # in the place of the first
    shown = mlflow.MlflowClient().load_table(
        parent.info.experiment_id, TOP_TEN, [parent.info.run_id]
    )
    assert list(shown.columns) == list(table)
    assert shown["trial"].tolist() == [4, 0]
    assert shown["C"].isna().tolist() == [False, True]


def test_a_parent_that_is_not_there_is_refused(parent: Run) -> None:
    with pytest.raises(PodiumError, match="refused"):
        TrialRuns("0" * 32, parent.info.experiment_id, "parcels", "roc_auc")


@pytest.mark.usefixtures("store")
def test_a_store_that_cannot_be_reached_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    mlflow.set_tracking_uri("http://127.0.0.1:1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:1"):
        TrialRuns("0" * 32, "1", "parcels", "roc_auc")
