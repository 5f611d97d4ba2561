"""Searches on Spark: `local[2]`, with MLflow's own study in a database of the test's own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import mlflow
import pytest

from podium.errors import PodiumError, UsageError
from projects.tuning.objective import Objective
from projects.tuning.planned import PLANNED, Planned, plans_of
from projects.tuning.samplers import pruner_of, sampler_of
from projects.tuning.search import INTERRUPTED
from projects.tuning.space import Space
from projects.tuning.spark import Searched, SparkRequest, search_on_spark
from projects.tuning.spark_session import check_spark, spark_session
from projects.tuning.spark_study import SparkStudy
from projects.tuning.trials import Tally
from tests.tuning import objectives
from tests.tuning.on_spark import (
    Interrupts,
    children,
    dying,
    new_run,
    request_of,
    searched,
    sleeping,
)
from tests.tuning.prepared_rows import go_on, mixed_project, prepared_of

ROOT = Path(__file__).resolve().parents[2]
JAVA = shutil.which("java") or os.environ.get("JAVA_HOME")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("store"),
    pytest.mark.skipif(
        find_spec("pyspark") is None or not JAVA, reason="pyspark or java is not installed"
    ),
]


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    """One session for all: it takes many seconds. Its executors find these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        with spark_session("local[2]", 2) as session:
            yield session


def states(found: Searched) -> list[str]:
    return [ended.outcome.state for ended in found.ended]


def xs(found: Searched) -> list[float]:
    return [ended.asked.params["x"] for ended in found.ended]


@pytest.mark.usefixtures("session")
def test_another_master_than_that_of_the_active_session_is_refused() -> None:
    check_spark("local[2]")
    with pytest.raises(UsageError, match=r"A Spark session on local\[2\] is active"):
        check_spark("local[3]")
    with spark_session(None, 7) as active:
        assert active.sparkContext.master == "local[2]"
    assert active.range(2).count() == 2  # it is not ours to stop


def test_the_run_of_the_search_is_the_study_and_its_trials_are_its_children(session: Any) -> None:
    run, tallies = new_run("it's 'one'"), list[Tally]()
    planned = (Planned("champion", "line", {"x": 7.5}), Planned("declared", "line", {"x": 1.0}))
    request = request_of(run, 8, workers=2, planned=planned)
    found = searched(session, request, heard=tallies.append)

    assert found.ended_by == "trials"
    numbers = [ended.asked.number for ended in found.ended]
    assert (len(set(numbers)), numbers[0]) == (8, 0)  # two that begin at once may leave one out
    tried = {each.asked.origin: each.asked.params["x"] for each in found.ended}
    assert (tried["champion"], tried["declared"]) == (7.5, 1.0)
    assert [each.asked.origin for each in found.ended].count("sampled") == 6
    for ended in found.ended:
        assert ended.outcome.value == objectives.value_at(ended.asked.params["x"])
    assert found.best == max(found.ended, key=lambda each: each.outcome.value or -100)
    assert tallies == sorted(tallies, key=lambda tally: tally.ended)
    assert [trial.params["x"] for trial in found.trials] == xs(found)

    parent = mlflow.get_run(run.info.run_id)
    assert (parent.info.run_name, parent.info.status) == ("it's 'one'", "RUNNING")
    runs = {child.info.run_name: child for child in children(run)}
    assert set(runs) == {f"trial {number}" for number in numbers}
    for ended in found.ended:
        child = runs[f"trial {ended.asked.number}"]
        assert child.info.status == "FINISHED"
        assert child.data.params["x"] == str(ended.asked.params["x"])
        assert child.data.params["podium.estimator"] == "line"
        assert child.data.metrics["validation/roc_auc"] == ended.outcome.value
        assert child.data.metrics["seconds"] == ended.outcome.seconds
        tags = {name: child.data.tags[f"podium.{name}"] for name in ("job", "state", "origin")}
        assert tags == {"job": "trial", "state": "complete", "origin": ended.asked.origin}


def test_trials_that_fail_are_recorded_with_their_reason_and_the_search_goes_on(
    session: Any,
) -> None:
    run = new_run()
    found = searched(session, request_of(run, 8, factory=objectives.raising))
    failed = {ended.asked.number for ended in found.ended if ended.asked.params["x"] < 0}
    assert {e.asked.number for e in found.ended if e.outcome.state == "failed"} == failed
    assert 0 < len(failed) < 8
    for child in children(run):
        if int(child.data.tags["podium.trial"]) in failed:
            assert child.info.status == "FAILED"
            assert child.data.tags["podium.state"] == "failed"
            assert child.data.tags["podium.error"] == "ValueError: x is below 0"


def test_a_search_whose_trials_all_fail_is_an_error_with_the_first_reason(session: Any) -> None:
    run = new_run()
    with pytest.raises(PodiumError, match=r"All \d+ trials failed.*the file is cut off"):
        searched(session, request_of(run, 3, factory=objectives.unloadable))
    assert mlflow.get_run(run.info.run_id).info.status == "RUNNING"


@pytest.mark.parametrize("pruner", ["median", "hyperband"])
def test_trials_are_pruned_by_what_others_reported(session: Any, pruner: str) -> None:
    run = new_run()
    found = searched(session, request_of(run, 14, factory=objectives.rounds, pruner=pruner))
    assert set(states(found)) == {"complete", "pruned"}
    for child in children(run):
        pruned = child.data.tags["podium.state"] == "pruned"
        assert child.info.status == ("KILLED" if pruned else "FINISHED")
        assert ("podium.reason" in child.data.tags) == pruned
        assert ("validation/roc_auc" in child.data.metrics) != pruned


def test_folds_are_judged_by_wilcoxon(session: Any) -> None:
    request = request_of(
        new_run(), 6, workers=2, folds=8, pruner="wilcoxon", factory=objectives.folds
    )
    found = searched(session, request)
    assert "complete" in states(found)
    assert all(ended.outcome.folds for ended in found.ended)


def test_the_same_seed_and_one_worker_give_the_same_trials(session: Any) -> None:
    first, second, other = (
        searched(session, request_of(new_run(), 4, sampler="tpe", seed=seed)) for seed in (1, 1, 2)
    )
    assert xs(first) == xs(second)
    assert xs(first) != xs(other)


def test_a_search_is_resumed_in_its_run(session: Any) -> None:
    run = new_run()
    planned = (Planned("declared", "line", {"x": 1.0}),)
    before = searched(session, request_of(run, 3, planned=planned))
    client = mlflow.MlflowClient()
    tags = {"mlflow.parentRunId": run.info.run_id, "numbers": "3", "param_directions": "{}"}
    lost = client.create_run(run.info.experiment_id, tags=tags).info.run_id  # as a kill leaves it

    found = searched(session, request_of(run, 6, planned=planned))
    assert found.ended[:3] == before.ended
    assert len(found.ended) == 6
    assert len(set(xs(found))) == 6
    assert [ended.asked.origin for ended in found.ended].count("declared") == 1
    assert len({ended.asked.number for ended in found.ended} | {3}) == 7
    left = client.get_run(lost)
    assert left.info.status == "FAILED"
    assert left.data.tags["podium.error"] == "its process was killed"
    assert searched(session, request_of(run, 6)).ended == found.ended


def test_a_worker_that_dies_fails_what_ran_and_the_search_goes_on(session: Any) -> None:
    run = new_run()
    found = searched(session, request_of(run, 5, factory=dying))
    assert len(found.ended) == 5
    failed = [ended for ended in found.ended if ended.outcome.state == "failed"]
    assert failed
    assert all(ended.asked.params["x"] < 0 for ended in failed)
    assert all("Python worker exited unexpectedly" in each.outcome.reason for each in failed)
    assert mlflow.get_run(run.info.run_id).info.status == "RUNNING"


def test_no_trial_starts_after_the_time_given(session: Any) -> None:
    request = request_of(new_run(), 900, workers=2, factory=objectives.slow, timeout_seconds=5.0)
    found = searched(session, request)
    assert found.ended_by == "timeout"
    assert 0 < len(found.ended) < 900
    with pytest.raises(PodiumError, match="No trial was begun in the time given"):
        searched(session, request_of(new_run(), 3, timeout_seconds=0.0))


def test_an_interrupt_ends_the_trials_and_leaves_the_session(session: Any) -> None:
    run = new_run()
    request = request_of(
        run, 4, factory=sleeping, planned=(Planned("declared", "line", {"x": -1.0}),)
    )
    with pytest.raises(KeyboardInterrupt):
        searched(session, request, heard=Interrupts())
    (child,) = children(run)
    assert child.info.status == "FAILED"
    assert child.data.tags["podium.error"] == INTERRUPTED
    assert session.range(2).count() == 2


def test_two_trials_that_got_the_same_number_are_told_apart(session: Any) -> None:
    run = new_run()
    searched(session, request_of(run, 3))
    study = SparkStudy(
        run.info.run_id,
        run.info.experiment_id,
        mlflow.get_tracking_uri(),
        higher_is_better=True,
    )
    client = mlflow.MlflowClient()
    for child in children(run):
        client.set_tag(child.info.run_id, "user_podium.number", "1")
    study.number_once()
    assert {trial.user_attrs["podium.number"] for trial in study.trials()} == {1, 2, 3}
    named = {child.data.tags["user_podium.number"]: child.info.run_name for child in children(run)}
    assert {number: name for number, name in named.items() if number != "1"} == {
        "2": "trial 2",
        "3": "trial 3",
    }


@pytest.mark.parametrize("folds", [None, 3])
def test_executors_reach_what_the_objective_reaches_here(session: Any, folds: int | None) -> None:
    project = mixed_project(
        "binary",
        "xgboost",
        "linear",
        params={"n_estimators": 10},
        search={"max_depth": {"low": 2, "high": 4}, "C": {"low": 0.1, "high": 1.0}},
    )
    prepared = prepared_of(project, folds=folds)
    run = new_run()
    request = SparkRequest(
        run.info.run_id,
        run.info.experiment_id,
        mlflow.get_tracking_uri(),
        5,
        partial(sampler_of, "tpe", several=True, workers=2),
        pruner_of("none", folds=folds or 1),
        workers=2,
        folds=folds or 1,
        planned=plans_of(project),
    )
    found = search_on_spark(prepared, Space.of(project), request, session)
    here = Objective(prepared, 1)
    for ended in found.ended:
        outcome = here.run(ended.asked.estimator, ended.asked.params, go_on)
        assert ended.outcome.value == pytest.approx(outcome.value, abs=1e-9)
        assert ended.outcome.metrics == pytest.approx(outcome.metrics, abs=1e-9)
        assert ended.outcome.folds == pytest.approx(outcome.folds, abs=1e-9)
    planned = [t.user_attrs[PLANNED] for t in found.trials if PLANNED in t.user_attrs]
    assert sorted(json.loads(each)[0] for each in planned) == ["linear", "xgboost"]


@pytest.mark.e2e
def test_a_process_says_nothing_of_spark_and_can_start_it_twice() -> None:
    uri = mlflow.get_tracking_uri()
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "error::FutureWarning",
            "-W",
            "error::ResourceWarning",
            "-m",
            "tests.tuning.on_spark",
            uri,
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=400,
    )
    assert done.stdout == "local[2] 4\nlocal[1] 3\n", done.stderr
    assert done.stderr == ""
