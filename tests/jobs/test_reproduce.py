"""The reproduce job: trains again from what a run kept, and says what is not what it was."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner
from threadpoolctl import threadpool_limits

from podium.cli import main
from tests.jobs.test_tune_tasks import measured
from tests.jobs.tuned import Tuned
from tests.training.made import SMALL

SPLIT = {"holdout": 0.3, "validation": 0.2}
TARGETS = {"binary": "late", "multiclass": "size", "regression": "hours"}


def rows(count: int = 600) -> pd.DataFrame:
    frame = measured(count)
    return frame.assign(late=(frame["hours"] > 0).astype(int))


def declare(folder: Path, task: str = "binary", estimator: str = "linear", **more: Any) -> Path:
    project = folder / f"{task}_{estimator}"
    project.mkdir()
    rows().to_csv(project / "rows.csv", index=False)
    others = [name for name in TARGETS.values() if name != TARGETS[task]]
    declared = {
        "name": project.name,
        "task": task,
        "data": {"source": "rows.csv", **more.pop("data", {})},
        "target": {"column": TARGETS[task]},
        "forbidden": others,
        "split": SPLIT,
        "estimator": estimator,
        "params": SMALL[estimator],
        **more,
    }
    (project / "project.yaml").write_text(yaml.safe_dump(declared))
    return project


def podium(*words: object, code: int = 0) -> dict[str, Any]:
    result = CliRunner().invoke(main, [*map(str, words), "--json"])
    assert result.exit_code == code, result.output
    return dict(json.loads(result.stdout, parse_constant=pytest.fail))


def train(project: Path, *words: object) -> dict[str, Any]:
    return podium("train", "--project", project, *words)


def artifact(run_id: str, name: str) -> Path:
    where = mlflow.get_run(run_id).info.artifact_uri
    return Path(str(where).removeprefix("file://")) / name


def change(run_id: str, name: str, **keys: Any) -> None:
    """Change a document that the run logged, as no training would."""
    file = artifact(run_id, name)
    file.write_text(json.dumps({**json.loads(file.read_text()), **keys}))


@pytest.mark.parametrize(
    ("task", "estimator"),
    [
        ("binary", "xgboost"),
        ("multiclass", "hist_gradient_boosting"),
        ("regression", "random_forest"),
        ("regression", "xgboost"),
        ("multiclass", "linear"),
    ],
)
def test_a_training_is_reproduced_to_the_last_digit(store: Path, task: str, estimator: str) -> None:
    trained = train(declare(store, task, estimator), "--seed", 5)
    said = podium("reproduce", trained["run_id"])
    assert said["equal"]
    assert said["metrics"]["compared"] > 20
    assert said["metrics"]["differing"] == []
    assert said["predictions"]["rows"] == 600
    assert said["predictions"]["largest"] <= 1e-12
    assert said["environment"] == []
    assert said["params"] == []
    assert said["data"]["source"] == "the copy kept with it"


def messages(count: int = 1500) -> pd.DataFrame:
    """Rows of many drives over a year, with texts, that tell a label a little."""
    draw = np.random.default_rng(7)
    drive = draw.integers(0, 300, count)
    level = draw.normal(size=count)
    words = np.array(["hums", "clicks", "spins", "heats", "stalls", "rests"])
    said = [" ".join(draw.choice(words, 6)) for _ in range(count)]
    late = level + draw.normal(size=count) > 0
    return pd.DataFrame(
        {
            "at": pd.date_range("2024-01-01", periods=count, freq="5h"),
            "drive": [f"{number:03}" for number in drive],
            "level": level,
            "site": np.where(draw.random(count) < 0.1, None, draw.choice(["n", "s"], count)),
            "said": said,
            "late": np.where(late, "yes", "no"),
        }
    )


RICH: dict[str, Any] = {
    "target": {"column": "late", "positive": "yes"},
    "forbidden": [],
    "features": {
        "numeric": ["level"],
        "categorical": ["site"],
        "text": ["said"],
        "datetime": {"at": ["weekday", "hour"]},
    },
    "split": {"by": "time", "gap": "2d"},
    "gate": {"slices": ["site"], "min_slice_rows": 50},
    "decision": {"threshold": {"maximise": "f1"}},
}


@pytest.mark.parametrize(
    ("estimator", "more"),
    [
        ("xgboost", {"calibration": "isotonic"}),
        ("hist_gradient_boosting", {"class_weight": "balanced"}),
        ("random_forest", {"calibration": "sigmoid"}),
        ("linear", {"class_weight": "balanced"}),
    ],
)
def test_time_group_text_slices_and_calibration_are_reproduced_on_as_many_threads(
    store: Path, estimator: str, more: dict[str, Any]
) -> None:
    data = {"time": "at", "group": "drive"}
    project = declare(store, "binary", estimator, data=data, **{**RICH, **more})
    messages().to_csv(project / "rows.csv", index=False)
    with threadpool_limits(2):
        trained = train(project)
    shutil.rmtree(project)
    assert mlflow.get_run(trained["run_id"]).data.params["podium.threads_blas"] == "2"
    with threadpool_limits(1):
        said = podium("reproduce", trained["run_id"])
    assert said["equal"]
    assert said["params"] == []


def test_a_decision_that_is_made_otherwise_differs_though_no_score_does(store: Path) -> None:
    trained = train(declare(store))
    change(trained["run_id"], "project.json", decision={"threshold": {"fixed": 0.9}})
    said = podium("reproduce", trained["run_id"], code=1)
    assert said["predictions"]["differing"] == 0
    assert said["predictions"]["decided"] > 0


def test_two_label_types_of_one_table_are_each_reproduced(store: Path) -> None:
    first = declare(
        store, data={"source": "rows.parquet"}, target={"column": "late", "positive": True}
    )
    frame = rows()
    frame.assign(late=frame["late"].astype(bool)).to_parquet(first / "rows.parquet")
    second = shutil.copytree(first, store / "numbers")
    frame.to_parquet(second / "rows.parquet")
    declared = yaml.safe_load((second / "project.yaml").read_text())
    declared["target"] = {"column": "late", "positive": 1}
    (second / "project.yaml").write_text(yaml.safe_dump(declared))
    for project in (first, second):
        assert podium("reproduce", train(project)["run_id"])["equal"]


def test_a_model_of_another_kind_in_the_same_run_is_not_compared_with(store: Path) -> None:
    from sklearn.dummy import DummyClassifier

    trained = train(declare(store))
    with mlflow.start_run(run_id=trained["run_id"]):
        mlflow.sklearn.log_model(DummyClassifier().fit([[0]], [0]), name="other")
    assert podium("reproduce", trained["run_id"])["predictions"]["rows"] == 600


def test_a_project_file_here_that_cannot_be_read_does_not_matter(store: Path) -> None:
    trained = train(declare(store))
    (store / "project.yaml").write_text("task: [")
    assert podium("reproduce", trained["run_id"])["equal"]


def test_two_different_runs_are_refused(store: Path) -> None:
    refused = podium("reproduce", "a" * 32, "--run", "b" * 32, code=2)
    assert "Two runs are named" in refused["what"]
    assert store.is_dir()


def test_what_was_found_is_logged_in_a_run_of_its_own(store: Path) -> None:
    trained = train(declare(store))
    said = podium("reproduce", trained["model_uri"])
    run = mlflow.get_run(said["logged_run_id"])
    assert run.info.status == "FINISHED"
    assert run.data.tags["podium.job"] == "reproduce"
    assert run.data.tags["podium.reproduces"] == trained["run_id"]
    assert run.data.tags["podium.reproduced"].startswith("equal within 1e-12")
    logged = json.loads(artifact(said["logged_run_id"], "reproduction.json").read_text())
    assert logged["run_id"] == trained["run_id"]
    assert "Equal within 1e-12" in run.data.tags["mlflow.note.content"]
    versions = mlflow.MlflowClient().search_model_versions("name = 'binary_linear'")
    assert len(versions) == 1


def test_the_source_may_be_gone_and_the_model_unregistered(store: Path) -> None:
    project = declare(store, data={"time": None})
    trained = train(project, "--register", "no", "--rows", 400)
    shutil.rmtree(project)
    said = podium("reproduce", trained["run_id"])
    assert said["equal"]
    assert said["data"]["rows"] == 400


def test_a_search_s_training_is_reproduced_with_the_parameters_it_found(tuned: Tuned) -> None:
    tuned.declare(estimator=["linear"], params={"max_iter": 50}, search={})
    said = podium("reproduce", tuned.tune("--trials", 3)["run_id"])
    assert said["equal"]
    assert said["predictions"]["differing"] == 0


def test_a_training_that_comes_out_otherwise_ends_with_1_and_a_table(store: Path) -> None:
    trained = train(declare(store))
    change(trained["run_id"], "project.json", params={"C": 0.001})
    said = podium("reproduce", trained["run_id"], code=1)
    assert not said["equal"]
    differing = {each["name"]: each for each in said["metrics"]["differing"]}
    roc = differing["holdout/roc_auc"]
    assert roc["then"] == trained["holdout"]["roc_auc"]["estimate"]
    assert roc["now"] != roc["then"]
    assert said["predictions"]["differing"] > 500
    assert {"name": "C", "then": "1.0", "now": "0.001"} in said["params"]
    shown = CliRunner().invoke(main, ["reproduce", trained["run_id"]])
    assert shown.exit_code == 1
    assert "holdout/roc_auc" in shown.stdout
    assert shown.stdout.count("Different.") == 1


def test_a_single_metric_that_was_logged_otherwise_is_found(store: Path) -> None:
    trained = train(declare(store))
    client = mlflow.MlflowClient()
    was = trained["holdout"]["roc_auc"]["estimate"]
    client.log_metric(trained["run_id"], "holdout/roc_auc", was + 1e-9, step=1)
    said = podium("reproduce", trained["run_id"], code=1)
    assert [each["name"] for each in said["metrics"]["differing"]] == ["holdout/roc_auc"]
    assert said["predictions"]["differing"] == 0


def test_other_packages_are_named_and_are_no_difference_by_themselves(store: Path) -> None:
    trained = train(declare(store))
    change(trained["run_id"], "packages.json", numpy="1.0", gone="2.0")
    mlflow.MlflowClient().set_tag(trained["run_id"], "podium.platform", "Plan9 mips")
    said = podium("reproduce", trained["run_id"])
    found = {each["name"]: (each["then"], each["now"]) for each in said["environment"]}
    assert found["numpy"][0] == "1.0"
    assert found["gone"] == ("2.0", None)
    assert found["platform"][0] == "Plan9 mips"
    assert set(found) == {"numpy", "gone", "platform"}


def snapshot(run_id: str) -> Path:
    return Path(mlflow.get_run(run_id).data.tags["podium.snapshot"].removeprefix("file://"))


def test_without_the_copy_the_source_is_read_again_where_its_content_is_the_same(
    store: Path,
) -> None:
    project = declare(store)
    trained = train(project, "--rows", 500)
    shutil.rmtree(snapshot(trained["run_id"]))
    said = podium("reproduce", trained["run_id"], "--project", project)
    assert said["equal"]
    assert said["data"]["source"] == "rows.csv"
    assert podium("reproduce", trained["run_id"])["equal"]  # the folder here is called like it
    project = project.rename(store / "elsewhere")
    podium("reproduce", trained["run_id"], code=4)  # where its project is, is not known
    rows().assign(gate=7).to_csv(project / "rows.csv", index=False)
    refused = podium("reproduce", trained["run_id"], "--project", project, code=2)
    assert "are not those that the run used" in refused["what"]


def test_a_damaged_copy_is_not_trained_on(store: Path) -> None:
    project = declare(store)
    trained = train(project)
    file = snapshot(trained["run_id"]) / "rows.parquet"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(bytes(content))
    result = CliRunner().invoke(
        main, ["reproduce", trained["run_id"], "--project", str(project), "--json"]
    )
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["data"]["source"] == "rows.csv"
    assert "damaged" in result.stderr or "not the one" in result.stderr


def test_no_copy_is_kept_where_the_project_says_so_and_data_names_the_rows(store: Path) -> None:
    project = declare(store, data={"snapshot": False})
    trained = train(project)
    assert mlflow.get_run(trained["run_id"]).data.tags["podium.snapshot"] == ""
    rows().to_parquet(store / "elsewhere.parquet")
    said = podium("reproduce", trained["run_id"], "--data", "elsewhere.parquet")
    assert said["equal"]
    assert said["data"]["source"] == "elsewhere.parquet"


def test_predictions_are_left_out_where_the_model_is_gone(store: Path) -> None:
    trained = train(declare(store), "--register", "no")
    mlflow.MlflowClient().delete_logged_model(trained["model_uri"].removeprefix("models:/"))
    said = podium("reproduce", trained["run_id"])
    assert said["equal"]
    assert said["predictions"] is None


@pytest.mark.parametrize(
    ("named", "code", "what"),
    [
        ("f" * 32, 4, "f" * 32),
        ("flights", 2, "names no run"),
        ("models:/nothing/3", 4, "nothing"),
        ("@production", 2, "names no run"),
    ],
)
@pytest.mark.usefixtures("store")
def test_what_names_no_run_is_refused(named: str, code: int, what: str) -> None:
    assert what in podium("reproduce", named, code=code)["what"]


@pytest.mark.usefixtures("store")
def test_nothing_named_is_refused_with_what_to_name() -> None:
    assert "podium reproduce RUN" in podium("reproduce", code=2)["remedy"]


def test_runs_that_are_no_whole_training_are_refused(store: Path) -> None:
    project = declare(store)
    podium("train", "--project", project, "--data", "nowhere.csv", code=4)
    (failed,) = mlflow.search_runs(search_all_experiments=True, output_format="list")
    refused = podium("reproduce", failed.info.run_id, code=2)
    assert "ended before its training was logged" in refused["what"]
    trained = train(project)
    again = podium("reproduce", trained["run_id"])["logged_run_id"]
    assert "only a training can be reproduced" in podium("reproduce", again, code=2)["what"]
    with mlflow.start_run() as own:
        pass
    assert "no run of Podium's" in podium("reproduce", own.info.run_id, code=2)["what"]


def test_another_project_s_folder_is_refused(store: Path) -> None:
    trained = train(declare(store))
    refused = podium("reproduce", trained["run_id"], "--project", "flight_delay", code=2)
    assert "is not the project 'binary_linear'" in refused["what"]
