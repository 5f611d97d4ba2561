"""Each bundled project under `mlflow run`, on the published data."""

from __future__ import annotations

from pathlib import Path

import mlflow
import pytest

from tests.e2e.processes import ROOT, environment, run
from tests.real_data import real_data

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def train(project: str, data: Path | str, store: Path, *options: str) -> mlflow.entities.Run:
    """Run the command of the project's README, and return the one run that it logged."""
    command = ["mlflow", "run", str(ROOT), "-e", "train", "-P", f"project={project}"]
    command += ["-P", f"data={data}", "--env-manager", "local", "--experiment-name", project]
    for option in options:
        command += ["-P", option]
    done = run(command, store, environment(store))
    assert done.returncode == 0, done.stderr[-3000:]
    assert f"registered as {project} version 1" in done.stdout
    assert "Leakage checks: nothing found." in done.stdout or project == "disk_failure"
    client = mlflow.MlflowClient(f"sqlite:///{store}/mlflow.db")
    (logged,) = client.search_runs([e.experiment_id for e in client.search_experiments()])
    assert logged.info.status == "FINISHED"
    assert logged.data.tags["podium.project"] == project
    (version,) = client.search_model_versions(f"name='{project}'")
    assert version.run_id == logged.info.run_id
    return logged


def test_messages_are_trained_on(tmp_path: Path) -> None:
    logged = train("sms_spam", real_data("sms_spam_5574.tsv.gz"), tmp_path, "rows=2000")
    assert logged.data.metrics["holdout/average_precision"] > 0.9


def test_hours_of_bikes_are_trained_on(tmp_path: Path) -> None:
    few = ("rows=2000", "params=n_estimators=50")
    logged = train("bike_demand", real_data("bike_sharing_hour.csv.gz"), tmp_path, *few)
    assert logged.data.metrics["holdout/mae"] < 150


def test_both_files_of_the_census_are_trained_on(tmp_path: Path) -> None:
    folder = real_data("adult_train_raw_noheader.csv.gz").parent
    few = ("rows=2000", "params=n_estimators=50")
    logged = train("adult_income", folder / "adult_*_raw_noheader.csv.gz", tmp_path, *few)
    assert logged.data.metrics["holdout/roc_auc"] > 0.85


def test_days_of_drives_are_trained_on(drives: Path, tmp_path: Path) -> None:
    logged = train("disk_failure", drives, tmp_path, "params=n_estimators=20")
    assert logged.data.metrics["holdout/roc_auc"] > 0.7
