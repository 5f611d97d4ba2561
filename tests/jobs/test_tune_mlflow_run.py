"""The tune job under `mlflow run`: in the run that it opened, or going on in an earlier one."""

from __future__ import annotations

import subprocess
from pathlib import Path

import mlflow
import pytest

from tests.e2e.processes import ROOT, environment, run
from tests.jobs.killed_searches import TRIALS, killed_at
from tests.jobs.tuned import Tuned, tuned_at

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def mlflow_run(tuned: Tuned, *parameters: str) -> subprocess.CompletedProcess[str]:
    given = [word for parameter in parameters for word in ("-P", parameter)]
    command = ["mlflow", "run", str(ROOT), "-e", "tune", *given, "--env-manager", "local"]
    env = environment(tuned.folder)
    return run([*command, "--experiment-name", "mine"], tuned.folder, env)


def test_a_search_logs_into_the_run_that_mlflow_opened(tuned: Tuned) -> None:
    project = f"project={tuned.project}"
    done = mlflow_run(tuned, project, "trials=2", "workers=2", "run_name=under mlflow")
    assert done.returncode == 0, done.stderr
    (logged,) = tuned.searches()
    assert (logged.info.status, logged.info.run_name) == ("FINISHED", "under mlflow")
    assert mlflow.get_experiment(logged.info.experiment_id).name == "mine"
    assert logged.data.params.items() >= {("trials", "2"), ("podium.estimator", "xgboost")}
    trials = tuned.trials(logged.info.run_id)
    assert [trial.info.experiment_id for trial in trials] == [logged.info.experiment_id] * 2
    assert mlflow.MlflowClient().get_model_version("parcels", "1").run_id == logged.info.run_id
    assert len(opened_runs()) == 3


def test_a_search_is_resumed_in_its_own_run_which_the_opened_one_names(
    store_template: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "terminated"
    folder.mkdir()
    with tuned_at(folder, store_template) as tuned:
        assert killed_at({"terminated": folder}) == {"terminated": 130}
        (cut,) = tuned.searches()
        run_id = cut.info.run_id
        done = mlflow_run(tuned, f"project={tuned.project}", f"resume={run_id}", "workers=2")
        assert done.returncode == 0, done.stderr
        assert mlflow.get_run(run_id).info.status == "FINISHED"
        (opened,) = opened_runs()
        assert (opened.info.status, opened.data.tags["podium.resumes"]) == ("FINISHED", run_id)
        assert "podium.job" not in opened.data.tags
        found = [trial["trial"] for trial in tuned.ended(run_id)]
        assert (found[:2], len(found)) == ([0, 1], TRIALS)
        assert mlflow.MlflowClient().get_model_version("parcels", "1").run_id == run_id


def opened_runs() -> list[mlflow.entities.Run]:
    """Those of the experiment that `mlflow run` is told, the latest first."""
    return list(mlflow.search_runs(experiment_names=["mine"], output_format="list"))
