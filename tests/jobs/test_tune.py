"""What a search leaves: its run, a run for each trial, the best one trained and registered."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow.entities import Run

from tests.jobs.evaluated import podium, train
from tests.jobs.tuned import Tuned, quick, tuned_at

TRIALS = 10
FIXED = {"n_estimators": 12, "n_jobs": 1, "max_depth": 2}
SEARCHED = {"learning_rate", "min_child_weight", "subsample", "colsample_bytree", "reg_lambda"}


@dataclass(frozen=True)
class Searched:
    """One search, which several tests look at: what it said, and where it was logged."""

    store: Tuned
    said: dict[str, Any]
    stderr: str

    @property
    def run(self) -> Run:
        return mlflow.get_run(self.said["run_id"])

    @property
    def trials(self) -> list[Run]:
        return self.store.trials(self.said["run_id"])

    @property
    def best(self) -> dict[str, Any]:
        return dict(self.said["search"]["best"])

    def artifacts(self, path: str | None = None) -> set[str]:
        found = mlflow.MlflowClient().list_artifacts(self.said["run_id"], path)
        return {Path(each.path).name for each in found}

    def document(self, path: str) -> Any:
        return json.loads(self.store.artifact(self.said["run_id"], path))


@pytest.fixture(scope="module")
def searched(store_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searched]:
    with tuned_at(tmp_path_factory.mktemp("searched"), store_template) as store:
        store.declare(params=FIXED, metrics=["log_loss"])
        asked = ("--trials", TRIALS, "--run-name", "first", "--seed", 3, "--json")
        result = store.say(*asked, figures=True)
        assert result.exit_code == 0, result.output
        yield Searched(store, json.loads(result.stdout, parse_constant=pytest.fail), result.stderr)


def test_the_run_of_the_search_holds_the_trained_model_and_how_it_was_found(
    searched: Searched,
) -> None:
    run, best = searched.run, searched.best
    assert (run.info.status, run.info.run_name) == ("FINISHED", "first")
    assert mlflow.get_experiment(run.info.experiment_id).name == "parcels"
    tags, metrics = run.data.tags, run.data.metrics
    assert (tags["podium.project"], tags["podium.job"]) == ("parcels", "tune")
    assert (tags["podium.best_trial"], tags["podium.model_version"]) == (str(best["trial"]), "1")
    assert metrics["trials/complete"] == TRIALS
    assert metrics["trials/pruned"] == metrics["trials/failed"] == 0
    assert {"holdout/roc_auc", "validation/roc_auc", "train/log_loss"} <= metrics.keys()
    for name, value in best["params"].items():
        assert run.data.params[name] == str(value)
    assert run.data.params["podium.seed"] == "3"


def test_the_best_is_trained_as_its_trial_was(searched: Searched) -> None:
    assert searched.said["validation"]["roc_auc"] == pytest.approx(searched.best["value"], abs=1e-9)
    logged = searched.run.data.metrics["validation/log_loss"]
    assert logged == pytest.approx(searched.best["metrics"]["log_loss"], abs=1e-6)


def test_each_trial_has_a_nested_run_that_says_what_it_was_and_what_came_of_it(
    searched: Searched,
) -> None:
    runs = searched.trials
    assert [run.info.run_name for run in runs] == [f"trial {k}" for k in range(TRIALS)]
    told = searched.store.ended(searched.said["run_id"])
    for run, trial in zip(runs, told, strict=True):
        tags, metrics, params = run.data.tags, run.data.metrics, run.data.params
        assert run.info.status == "FINISHED"
        assert run.info.experiment_id == searched.run.info.experiment_id
        assert (tags["podium.job"], tags["podium.state"]) == ("trial", "complete")
        assert tags["podium.origin"] == trial["origin"]
        assert metrics["validation/roc_auc"] == trial["value"] == trial["metrics"]["roc_auc"]
        assert metrics["validation/log_loss"] == trial["metrics"]["log_loss"]
        assert metrics["seconds"] == trial["seconds"] > 0
        assert params == {"podium.estimator": "xgboost"} | {
            name: str(value) for name, value in trial["params"].items()
        }
        assert trial["params"].keys() == SEARCHED | FIXED.keys()
    client = mlflow.MlflowClient()
    curve = client.get_metric_history(runs[-1].info.run_id, "curve/validation_auc")
    assert [point.step for point in curve] == list(range(12))
    assert curve[-1].timestamp <= (runs[-1].info.end_time or 0)


def test_the_declared_parameters_are_the_first_trial_and_fixed_ones_are_fixed(
    searched: Searched,
) -> None:
    runs = searched.trials
    assert [run.data.tags["podium.origin"] for run in runs[:2]] == ["declared", "sampled"]
    assert runs[0].data.params["learning_rate"] == "0.1"  # Podium's default
    assert len({run.data.params["learning_rate"] for run in runs}) == TRIALS
    assert {run.data.params["max_depth"] for run in runs} == {"2"}


def test_the_search_leaves_its_trials_its_top_ten_and_its_figures(searched: Searched) -> None:
    names = {"search.json", "trials.json", "top_ten.json", "search.html"}
    assert searched.artifacts("tuning") == names
    drawn = {f"search_{name}.png" for name in ("history", "parallel", "importance", "slice")}
    assert drawn | {"roc.png", "learning_curve.png"} <= searched.artifacts("figures")
    assert {"project.json", "model_card.md", "training_rows.parquet"} <= searched.artifacts()
    top = searched.document("tuning/top_ten.json")
    rows = [dict(zip(top["columns"], row, strict=True)) for row in top["data"]]
    assert [row["trial"] for row in rows] == [t["trial"] for t in searched.said["search"]["top"]]
    facts = {"rank", "trial", "roc_auc", "seconds", "estimator", "parameters"}
    assert rows[0].keys() == facts | SEARCHED
    page = searched.store.artifact(searched.said["run_id"], "tuning/search.html").decode()
    assert "Plotly.newPlot" in page


def test_what_a_resumed_search_needs_is_stored_with_it(searched: Searched) -> None:
    stored = searched.document("tuning/search.json")
    assert (stored["trials"], stored["seed"], stored["folds"]) == (TRIALS, 3, None)
    assert stored["data_digest"] == searched.said["data_digest"]
    assert stored["storage"] == f"sqlite:///{searched.store.folder}/mlflow.db"
    assert stored["space"]["xgboost"]["search"].keys() == SEARCHED
    assert stored["project"]["params"] == FIXED


def test_the_version_is_the_best_one_with_a_card_that_says_how_it_was_found(
    searched: Searched,
) -> None:
    said, version = searched.said, mlflow.MlflowClient().get_model_version("parcels", "1")
    assert (said["model_uri"], version.run_id) == ("models:/parcels/1", said["run_id"])
    assert version.tags["podium.digest"] == said["digest"]
    card = searched.store.artifact(said["run_id"], "model_card.md").decode()
    _, found, section = card.partition("\n## Search\n")
    assert found
    assert f"{TRIALS} trials ({TRIALS} complete), judged by roc_auc on the validation" in section
    assert f"Trial {searched.best['trial']} is the best" in section
    assert version.description.startswith(card[:1000])
    declared = searched.document("project.json")
    assert (declared["estimator"], declared["params"]) == (["xgboost"], searched.best["params"])
    answer = mlflow.pyfunc.load_model("models:/parcels/1").predict(
        {"distance": [1.0], "gate": [0.0], "region": ["north"]}
    )
    assert 0 < answer["probability"][0] < 1


def test_the_document_tells_the_search_beside_the_training(searched: Searched) -> None:
    told = searched.said["search"]
    assert (told["metric"], told["ended_by"], told["trials"]) == ("roc_auc", "trials", TRIALS)
    assert (told["complete"], told["pruned"], told["failed"]) == (TRIALS, 0, 0)
    assert told["start"]["origin"] == "declared"
    values = [trial["value"] for trial in told["top"]]
    assert values == sorted(values, reverse=True)
    assert told["best"] == told["top"][0]
    assert told["fitting_seconds"] > 0
    assert searched.said["holdout"]["roc_auc"]["estimate"] > 0.6


def test_progress_is_a_line_a_stage_where_nobody_watches(searched: Searched) -> None:
    assert f"Searching, {TRIALS} trials in all: " in searched.stderr
    assert "best roc_auc" not in searched.stderr
    assert "Trial " not in searched.stderr  # as Optuna itself would say


def test_what_is_printed_ends_with_the_command_that_trains_the_same_again(tuned: Tuned) -> None:
    both = ["xgboost", "linear"]  # of which each takes the parameters that it has
    tuned.declare(params={"n_estimators": 12, "max_iter": 60}, estimator=both)
    result = tuned.say("--trials", 4, "--register", "no", "--rows", 400, "--seed", 1)
    assert result.exit_code == 0, result.output
    assert ", not registered" in result.stdout
    (line,) = [line for line in result.stdout.splitlines() if line.startswith("Again: ")]
    with quick():
        again = podium(*shlex.split(line.removeprefix("Again: podium ")), "--json")
    assert again.exit_code == 0, again.output
    found, said = tuned.searches()[0].data, json.loads(again.stdout)
    assert said["model_version"] == 1  # the search registered none
    assert said["validation"]["roc_auc"] == found.metrics["validation/roc_auc"]
    trained = mlflow.get_run(said["run_id"]).data.params
    for name in ("podium.estimator", "podium.rows_limit", "podium.seed", "random_state"):
        assert trained[name] == found.params[name]
    assert train(tuned.project) == 2  # with the first of both
