"""What a search refuses before it begins, and trials that fail."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import mlflow
import pytest

from projects.jobs.serve_once import free_port
from tests.jobs.tuned import Tuned, killed_at_trial


@pytest.mark.parametrize(
    ("declared", "arguments", "said"),
    [
        ({}, ("--trials", "0"), "'0' is not a whole number of at least 1"),
        ({}, ("--timeout", "0s"), "'0s' is no time at all"),
        ({}, ("--timeout", "soon"), "'soon' is"),
        ({}, ("--workers", "many"), "'many' is not a whole number"),
        ({}, ("--folds", "1"), "'1' is not a whole number of at least 2"),
        ({}, ("--sampler", "tpf"), "'tpf' is not known. Did you mean 'tpe'?"),
        ({}, ("--pruner", "medium"), "Did you mean 'median'?"),
        ({}, ("--estimator", "xgbost"), "'xgbost' is not known. Did you mean 'xgboost'?"),
        ({}, ("--pruner", "wilcoxon"), "'wilcoxon' compares folds, and there is no cross-valid"),
        ({}, ("--params", "max_dept=3"), "params.max_dept: not a parameter of xgboost. Did you"),
        ({}, ("--storage", "nowhere"), "'nowhere' is no database that trials can be kept in."),
        ({}, ("--master", "local[2]"), "--master local[2] is Spark's, and the trials run on this"),
        ({"search": {"lerning_rate": [0.1, 0.2]}}, (), "Did you mean 'learning_rate'?"),
        ({"search": {"max_depth": {"low": 5, "high": 5}}}, (), "low 5 is not below high 5: the"),
        ({"search": {"max_depth": {"low": 3.5, "high": 9}}}, (), "low 3.5 is not a whole number"),
        ({"search": {"max_depth": {"low": 3, "high": 5, "step": 9}}}, (), "step 9 is larger than"),
        ({"params": {"C": 1.0}, "estimator": "linear"}, (), "nothing to search for linear"),
        ({"estimator": ["xgboost", "linear"]}, ("--sampler", "qmc"), "one estimator, not several"),
    ],
)
def test_what_no_search_can_do_is_refused_before_anything_is_made(
    tuned: Tuned, declared: dict[str, Any], arguments: tuple[str, ...], said: str
) -> None:
    tuned.declare(**declared)
    assert said in tuned.refused_tune(*arguments)
    assert mlflow.search_runs(search_all_experiments=True, output_format="list") == []


@pytest.mark.parametrize(("sampler", "package"), [("cmaes", "cmaes"), ("gp", "torch")])
def test_a_sampler_that_lacks_its_package_names_it(
    tuned: Tuned, sampler: str, package: str
) -> None:
    if find_spec(package) is not None:
        pytest.skip(f"{package} is installed")
    said = tuned.refused_tune("--sampler", sampler)
    assert f"needs the package {package}, which is not installed." in said
    assert f"pip install {package}" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("--trials", "0"), "'0' is not a whole"), (("--pruner", "wilcoxon"), "'wilcoxon' compares")],
)
def test_what_is_refused_fails_the_run_that_mlflow_opened(
    tuned: Tuned, arguments: tuple[str, ...], said: str
) -> None:
    client = mlflow.MlflowClient()
    given = client.create_run("0").info.run_id
    tuned.patch.setenv("MLFLOW_RUN_ID", given)
    assert tuned.say(*arguments).exit_code == 2
    after = client.get_run(given)
    assert after.info.status == "FAILED"
    assert said in after.data.tags["podium.error"]


def test_a_storage_that_does_not_answer_ends_the_search_with_the_reason(tuned: Tuned) -> None:
    url = f"postgresql://me:secret@127.0.0.1:{free_port()}/mine"
    result = tuned.say("--storage", url)
    assert result.exit_code == 5, result.output
    assert "The trials cannot be kept in postgresql://me:***@127.0.0.1" in result.stderr
    assert "secret" not in result.output
    assert "--resume" not in result.stderr  # nothing was begun
    (run,) = tuned.searches()
    assert run.info.status == "FAILED"
    assert "cannot be kept" in run.data.tags["podium.error"]
    assert "secret" not in str(run.data)


def test_a_trial_that_fails_is_recorded_with_its_reason_and_the_search_goes_on(
    tuned: Tuned,
) -> None:
    tuned.declare(search={"max_depth": [3, -5]})
    said = tuned.tune("--trials", 6)
    runs = tuned.trials(said["run_id"])
    failed = [run for run in runs if run.info.status == "FAILED"]
    assert (said["search"]["trials"], said["search"]["failed"]) == (6, len(failed))
    assert 0 < len(failed) < 6
    for run in failed:
        assert run.data.params["max_depth"] == "-5"
        assert run.data.tags["podium.state"] == "failed"
        assert "-5" in run.data.tags["podium.error"]
        assert "validation/roc_auc" not in run.data.metrics
    assert said["search"]["best"]["params"]["max_depth"] == 3
    (reason,) = said["search"]["failures"]
    assert said["search"]["failures"] == {reason: len(failed)}
    assert said["model_version"] == 1


def test_a_worker_that_is_killed_fails_its_trial_and_the_search_goes_on(tuned: Tuned) -> None:
    with killed_at_trial(2):
        said = tuned.tune("--trials", 5)
    runs = tuned.trials(said["run_id"])
    states = ["FINISHED", "FINISHED", "FAILED", "FINISHED", "FINISHED"]
    assert [run.info.status for run in runs] == states
    assert "its process was killed by SIGKILL" in runs[2].data.tags["podium.error"]
    assert said["search"]["failed"] == 1


def test_a_search_of_failures_is_an_error_with_the_first_reason(tuned: Tuned) -> None:
    tuned.declare(params={"n_estimators": 10, "max_depth": -9}, search={"max_depth": [-5, -7]})
    result = tuned.say("--trials", 4)
    assert result.exit_code == 1, result.output
    assert "All 4 trials failed. The first, trial 0, of xgboost: " in result.stderr
    assert "What had ended is kept" not in result.stderr  # it would end the same way
    (run,) = tuned.searches()
    assert run.info.status == "FAILED"
    assert "All 4 trials failed." in run.data.tags["podium.error"]
    assert mlflow.MlflowClient().search_registered_models() == []
    assert len(tuned.trials(run.info.run_id)) == 4
    said = tuned.say("--resume", run.info.run_id)
    assert said.exit_code == 1
    assert "All 4 trials failed." in said.stderr
    assert tuned.say("--trials", 20).exit_code == 1
    assert len(tuned.trials(tuned.searches()[0].info.run_id)) <= 11  # it gives up after ten
