"""The train job under `mlflow run`, and killed at random moments."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import mlflow
import pytest

from projects.jobs.serve_once import free_port
from tests.e2e.processes import ROOT, environment, run, server

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SMALL = ["-P", "rows=3000", "-P", "params=n_estimators=10"]


def mlflow_run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["mlflow", "run", str(ROOT), *arguments, "--env-manager", "local"]
    return run(command, folder, environment(folder))


def client(folder: Path) -> mlflow.MlflowClient:
    return mlflow.MlflowClient(f"sqlite:///{folder}/mlflow.db")


def runs(folder: Path) -> list[mlflow.entities.Run]:
    asked = client(folder)
    experiments = [experiment.experiment_id for experiment in asked.search_experiments()]
    return list(asked.search_runs(experiments))


def test_main_trains_registers_and_serves_in_the_run_that_mlflow_opened(tmp_path: Path) -> None:
    done = mlflow_run(tmp_path, *SMALL, "--experiment-name", "mine")
    assert done.returncode == 0, done.stderr
    (logged,) = runs(tmp_path)
    assert logged.info.status == "FINISHED"
    assert logged.data.tags["podium.project"] == "flight_delay"
    assert client(tmp_path).get_experiment(logged.info.experiment_id).name == "mine"
    (version,) = client(tmp_path).search_model_versions("name='flight_delay'")
    assert version.run_id == logged.info.run_id

    port = free_port()
    command = ["mlflow", "models", "serve", "-m", "models:/flight_delay/1"]
    command += ["--env-manager", "local", "-p", str(port)]
    strict = environment(tmp_path, MLFLOW_ALLOW_PICKLE_DESERIALIZATION="false")
    with server(command, f"http://127.0.0.1:{port}/ping", tmp_path, strict):
        body = {"dataframe_records": [{"carrier": "UA", "origin": "EWR"}, {"distance": 700}]}
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/invocations",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as reply:
            predictions = json.load(reply)["predictions"]
    assert [set(row) for row in predictions] == [{"prediction", "probability"}] * 2


def test_train_works_without_an_experiment_name(tmp_path: Path) -> None:
    named = ["-P", "run_name=mine"]
    done = mlflow_run(tmp_path, "-e", "train", *SMALL, "-P", "register=no", *named)
    assert done.returncode == 0, done.stderr
    assert "Run mine (" in done.stdout
    (logged,) = runs(tmp_path)
    assert logged.info.run_name == "mine"
    assert (logged.info.experiment_id, logged.info.status) == ("0", "FINISHED")
    assert client(tmp_path).search_registered_models() == []


@pytest.mark.parametrize(
    ("parameter", "said"),
    [
        ("rows=abc", "'abc' is not a whole number of at least 1"),
        ("estimatr=linear", "No such option"),
    ],
)
def test_a_bad_parameter_is_refused_and_the_run_says_why(
    tmp_path: Path, parameter: str, said: str
) -> None:
    done = mlflow_run(tmp_path, "-e", "train", "-P", parameter)
    assert done.returncode != 0
    assert said in done.stderr
    (failed,) = runs(tmp_path)
    assert failed.info.status == "FAILED"
    assert said in failed.data.tags["podium.error"]


def test_a_kill_at_any_moment_leaves_no_finished_run_and_no_half_version(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "projects.jobs.train", "--rows", "2000"]
    command += ["--params", "n_estimators=10"]
    env = environment(tmp_path)
    assert run(command, tmp_path, env).returncode == 0  # also makes the database
    started = time.monotonic()
    assert run(command, tmp_path, env).returncode == 0
    whole = time.monotonic() - started
    moments = random.Random(20130101)
    killed = 0
    for _ in range(10):
        process = subprocess.Popen(command, cwd=tmp_path, env=env, stderr=subprocess.DEVNULL)
        try:
            process.wait(timeout=moments.uniform(0.4, 0.95) * whole)
        except subprocess.TimeoutExpired:
            process.kill()
        killed += process.wait() != 0
    assert killed >= 5
    assert [logged.info.status for logged in runs(tmp_path)].count("RUNNING") >= 2
    registered = client(tmp_path).search_model_versions("name='flight_delay'")
    finished = [logged for logged in runs(tmp_path) if logged.info.status == "FINISHED"]
    assert len(finished) <= len(registered) <= len(runs(tmp_path))
    assert {logged.info.run_id for logged in finished} <= {v.run_id for v in registered}
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    for version in registered:
        model = mlflow.pyfunc.load_model(f"models:/flight_delay/{version.version}")
        assert len(model.predict(model.input_example)) == len(model.input_example)
        assert version.tags["podium.digest"]
    mlflow.set_tracking_uri(None)  # type: ignore[arg-type]
