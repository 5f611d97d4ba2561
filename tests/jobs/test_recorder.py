"""Trials are kept before anything else, shown by a thread, and errors reach the search."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import mlflow
import pytest
from mlflow.entities import Run
from optuna.trial import FrozenTrial

from podium.errors import PodiumError, Unreachable
from projects.jobs.recorder import Recorder
from projects.jobs.trial_runs import TrialRuns
from projects.tuning.trials import Asked
from tests.jobs.searched import ended, frozen


class Kept:
    """A store in memory, which `on_add` is told of, and which may fail there."""

    def __init__(self, on_add: Callable[[int], None] | None = None) -> None:
        self.numbers: list[int] = []
        self._on_add = on_add

    def add(self, trial: FrozenTrial) -> None:
        number = int(trial.user_attrs["podium.number"])
        if self._on_add is not None:
            self._on_add(number)
        self.numbers.append(number)


@pytest.fixture
def parent(store: Path) -> Run:  # noqa: ARG001 - sets where MLflow logs to
    client = mlflow.MlflowClient()
    return client.create_run(client.create_experiment("parcels"))


@pytest.fixture
def runs(parent: Run) -> TrialRuns:
    return TrialRuns(parent.info.run_id, parent.info.experiment_id, "parcels", "roc_auc")


def away(number: int) -> None:
    if number == 1:
        raise Unreachable("The database is away.")


def record(runs: TrialRuns, store: Kept, numbers: range, last: type[BaseException] | None) -> None:
    """Record trials, and then end as a search does that `last` ends."""
    with Recorder(runs, store) as recorder:
        for number in numbers:
            recorder.ended(ended(number, 0.7), frozen(number))
        if last is not None:
            raise last


def trial_runs(parent: Run) -> dict[int, Run]:
    found = mlflow.MlflowClient().search_runs(
        [parent.info.experiment_id], "tags.`podium.job` = 'trial'"
    )
    return {int(run.data.tags["podium.trial"]): run for run in found}


def test_every_trial_is_in_the_store_and_in_mlflow_when_the_block_is_left(
    runs: TrialRuns, parent: Run
) -> None:
    store = Kept()
    with Recorder(runs, store, waiting=1) as recorder:
        for number in range(5):
            trial = ended(number, 0.7 + number / 100, max_depth=number)
            recorder.started(trial.asked)
            recorder.ended(trial, frozen(number))
    assert store.numbers == [0, 1, 2, 3, 4]
    found = trial_runs(parent)
    assert {number: run.info.status for number, run in found.items()} == dict.fromkeys(
        range(5), "FINISHED"
    )
    assert found[3].data.metrics["validation/roc_auc"] == 0.73


def test_a_trial_is_kept_when_the_call_returns_and_before_mlflow_says_that_it_has_ended(
    runs: TrialRuns, parent: Run
) -> None:
    seen = []
    store = Kept(lambda _: seen.append({r.info.status for r in trial_runs(parent).values()}))
    with Recorder(runs, store) as recorder:
        recorder.started(ended(0, 0.7).asked)
        recorder.ended(ended(0, 0.7), frozen(0))
        assert store.numbers == [0]
    assert seen in ([set()], [{"RUNNING"}])
    assert trial_runs(parent)[0].info.status == "FINISHED"


def test_a_trial_that_was_not_announced_has_a_run_all_the_same(
    runs: TrialRuns, parent: Run
) -> None:
    with Recorder(runs, Kept()) as recorder:
        recorder.ended(ended(4, 0.7), frozen(4))
    run = trial_runs(parent)[4]
    assert run.info.end_time - run.info.start_time == pytest.approx(1250, abs=2)


def test_trials_that_did_not_end_are_killed_for_the_reason_given(
    runs: TrialRuns, parent: Run
) -> None:
    recorder = Recorder(runs, Kept())
    recorder.started(Asked(0, "linear", {}))
    recorder.close("interrupted")
    recorder.close()
    run = trial_runs(parent)[0]
    assert run.info.status == "KILLED"
    assert run.data.tags["podium.error"] == "interrupted"


def test_a_store_that_fails_is_told_to_the_search_and_mlflow_goes_on(
    runs: TrialRuns, parent: Run
) -> None:
    store = Kept(away)
    with pytest.raises(Unreachable, match="away"):
        record(runs, store, range(4), None)
    assert store.numbers == [0]
    assert set(trial_runs(parent)) >= {0, 1}


def test_what_mlflow_refuses_is_told_to_the_search_and_the_store_goes_on(
    runs: TrialRuns, parent: Run
) -> None:
    mlflow.MlflowClient().delete_experiment(parent.info.experiment_id)
    store = Kept()
    recorder = Recorder(runs, store)
    for number in range(3):
        with suppress(PodiumError):  # the thread may not have come to it yet
            recorder.ended(ended(number, 0.7), frozen(number))
    with pytest.raises(PodiumError, match="refused"):
        recorder.close()
    assert store.numbers == [0, 1, 2]


def test_what_ended_the_search_is_told_and_not_what_went_wrong_at_the_end(
    runs: TrialRuns, parent: Run
) -> None:
    mlflow.MlflowClient().delete_experiment(parent.info.experiment_id)
    with pytest.raises(KeyboardInterrupt):
        interrupted_search(runs)


def interrupted_search(runs: TrialRuns) -> None:
    with Recorder(runs, Kept()) as recorder:
        with suppress(PodiumError):
            recorder.ended(ended(0, 0.7), frozen(0))
        raise KeyboardInterrupt


def test_mlflow_prints_no_link_for_each_trial_and_the_setting_is_given_back(
    runs: TrialRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"
    monkeypatch.setenv(name, "false")
    with Recorder(runs, Kept()):
        assert os.environ[name] == "true"
    assert os.environ[name] == "false"
    monkeypatch.delenv(name)
    with Recorder(runs, Kept()):
        pass
    assert name not in os.environ
