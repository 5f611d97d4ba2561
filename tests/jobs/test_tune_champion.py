"""Whose parameters a search tries first: the champion's, wherever it comes from."""

from __future__ import annotations

import mlflow
import pytest
from mlflow.entities import Run

from tests.jobs.evaluated import files_of, train
from tests.jobs.tuned import Tuned


def first(runs: list[Run]) -> tuple[str, ...]:
    return tuple(run.data.tags["podium.origin"] for run in runs)


def test_the_champions_parameters_come_first_also_from_outside_the_ranges(tuned: Tuned) -> None:
    tuned.declare(
        params={"n_estimators": 12, "n_jobs": 1, "gamma": 0.1},
        search={"learning_rate": {"low": 0.05, "high": 0.2}, "max_depth": [3, 4]},
    )
    train(tuned.project, "--params", "learning_rate=0.9,max_depth=2,n_estimators=9,subsample=0.75")
    tuned.champion(1)
    tuned.declare(
        params={"n_estimators": 12, "n_jobs": 1, "reg_alpha": 0.5},
        search={"learning_rate": {"low": 0.05, "high": 0.2}, "max_depth": [3, 4]},
    )
    said = tuned.tune("--trials", 4)
    runs = tuned.trials(said["run_id"])
    assert first(runs) == ("champion", "declared", "sampled", "sampled")
    own = {"learning_rate": "0.9", "max_depth": "2", "n_estimators": "9", "subsample": "0.75"}
    assert runs[0].data.params.items() >= {**own, "gamma": "0.1"}.items()
    assert "reg_alpha" not in runs[0].data.params  # what is fixed now did not hold for it
    assert runs[1].data.params.items() >= {"reg_alpha": "0.5", "n_estimators": "12"}.items()
    for run in runs[2:]:
        assert 0.05 <= float(run.data.params["learning_rate"]) <= 0.2
        assert run.data.params["max_depth"] in ("3", "4")
    champion = mlflow.MlflowClient().get_model_version("parcels", "1")
    assert runs[0].data.metrics["validation/roc_auc"] == pytest.approx(
        mlflow.get_run(str(champion.run_id)).data.metrics["validation/roc_auc"], abs=1e-9
    )


def test_a_champion_by_alias_alone_is_one_too(tuned: Tuned) -> None:
    tuned.declare(estimator=["linear", "xgboost"], params={"n_estimators": 12})
    train(tuned.project, "--estimator", "linear", "--params", "C=0.3")
    mlflow.MlflowClient().set_registered_model_alias("parcels", "production", "1")
    said = tuned.tune("--trials", 3)
    runs = tuned.trials(said["run_id"])
    assert first(runs) == ("champion", "declared", "declared")
    assert [run.data.params["podium.estimator"] for run in runs] == ["linear", "linear", "xgboost"]
    assert runs[0].data.params["C"] == "0.3"
    assert said["model_version"] == 2


def test_a_champion_that_gives_nothing_to_try_is_noted_and_does_no_harm(tuned: Tuned) -> None:
    train(tuned.project, "--estimator", "linear")
    stranger = tuned.register(files_of("parcels", 1))
    client = mlflow.MlflowClient()
    quick = ("--trials", 2, "--register", "no")
    client.set_registered_model_alias("parcels", "production", str(stranger))
    by_a_stranger = tuned.say(*quick)
    assert by_a_stranger.exit_code == 0, by_a_stranger.output
    why = "gives no parameters to try first: it was not trained by Podium"
    assert f"note: version {stranger}, the champion, {why}" in by_a_stranger.stderr
    client.set_registered_model_alias("parcels", "production", "1")
    of_another_kind = tuned.say(*quick)
    assert "version 1, the champion, is linear, which is not searched" in of_another_kind.stderr
    for run in tuned.searches():
        assert first(tuned.trials(run.info.run_id)) == ("declared", "sampled")


def test_what_was_found_and_promoted_is_where_the_next_search_begins(tuned: Tuned) -> None:
    found = tuned.tune("--trials", 3, "--seed", 5)["search"]["best"]
    tuned.champion(1)
    said = tuned.tune("--trials", 2, "--seed", 5)
    (begun, _) = tuned.ended(said["run_id"])
    assert (begun["origin"], begun["params"]) == ("champion", found["params"])
    assert begun["value"] == pytest.approx(found["value"], abs=1e-9)
