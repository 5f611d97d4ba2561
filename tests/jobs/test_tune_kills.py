"""Searches that are killed, at whatever moment, go on and end as if they had not been."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import get_args

import mlflow
import pytest
from mlflow.entities import Run

from tests.e2e.processes import environment
from tests.jobs.evaluated import NAME, parcels, store_at
from tests.jobs.killed_searches import TRIALS, Moment, killed_at
from tests.jobs.tuned import Tuned, tuned_at
from tests.tuning.living import until, until_gone

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture(scope="module")
def killed(store_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[Moment, Path]:
    """By moment, the folder of a search that was killed at it."""
    base = tmp_path_factory.mktemp("killed")
    folders: dict[Moment, Path] = {moment: base / moment for moment in get_args(Moment)}
    for folder in folders.values():
        folder.mkdir()
        with tuned_at(folder, store_template):
            pass
    codes = killed_at(folders)
    terminated = codes.pop("terminated")
    assert (set(codes.values()), terminated) == ({-signal.SIGKILL}, 130)
    return folders


@contextmanager
def store_of(folder: Path) -> Iterator[Tuned]:
    with store_at(folder) as patch:
        yield Tuned(folder, folder / NAME, patch)


def resumed(store: Tuned) -> tuple[Run, list[Run]]:
    """The run of the search, after it went on to its end, and its nested runs."""
    (run,) = store.searches()
    assert run.info.status == ("KILLED" if store.folder.name == "terminated" else "RUNNING")
    said = store.tune("--resume", run.info.run_id)
    assert said["run_id"] == run.info.run_id
    assert (said["search"]["trials"], said["search"]["failed"]) == (TRIALS, 0)
    after = mlflow.get_run(run.info.run_id)
    assert after.info.status == "FINISHED"
    best = said["search"]["best"]["params"]
    assert after.data.params["learning_rate"] == str(best["learning_rate"])
    versions = mlflow.MlflowClient().search_model_versions("name='parcels'")
    assert {version.run_id for version in versions} == {run.info.run_id}
    return after, store.trials(run.info.run_id)


def statuses(runs: list[Run]) -> list[str]:
    return [run.info.status for run in runs]


def values(runs: list[Run]) -> list[float | None]:
    return [run.data.metrics.get("validation/roc_auc") for run in runs]


@pytest.mark.parametrize("moment", ["trial_kept", "terminated"])
def test_killed_amid_its_trials_it_goes_on_with_the_next_number(
    killed: Mapping[Moment, Path], moment: Moment
) -> None:
    with store_of(killed[moment]) as store:
        (run,) = store.searches()
        before = store.trials(run.info.run_id)
        _, after = resumed(store)
    ended = [run for run in before if run.info.status == "FINISHED"]
    again = {run.info.run_id: run for run in after}
    assert [again[r.info.run_id].data.metrics for r in ended] == [r.data.metrics for r in ended]
    lost = [run for run in after if run.info.status == "KILLED"]
    assert len(after) == TRIALS + len(lost)
    assert [int(run.data.tags["podium.trial"]) for run in after] == list(range(len(after)))
    if moment == "terminated":  # else trial 2 may not have had a run
        assert [r.data.tags["podium.error"] for r in lost] == ["the search was stopped"]
    assert None not in values([run for run in after if run not in lost])
    kept = after[1]  # killed between the two writes of its end
    assert (kept.info.status, kept.data.tags["podium.state"]) == ("FINISHED", "complete")


def test_being_terminated_ends_it_in_order_with_the_command_to_go_on(
    killed: Mapping[Moment, Path],
) -> None:
    said = (killed["terminated"] / "said.txt").read_text()
    assert "What had ended is kept: podium tune --project parcels --resume " in said
    assert said.rstrip().endswith("Interrupted.")


@pytest.mark.parametrize("moment", ["search_over", "best_logged", "registered"])
def test_killed_after_its_trials_only_the_best_is_trained_again(
    killed: Mapping[Moment, Path], moment: Moment
) -> None:
    with store_of(killed[moment]) as store:
        (run,) = store.searches()
        before = store.trials(run.info.run_id)
        assert statuses(before) == ["FINISHED"] * TRIALS
        _, after = resumed(store)
    assert [run.data.to_dictionary() for run in after] == [r.data.to_dictionary() for r in before]


def test_a_process_that_is_killed_leaves_no_worker_and_loses_nothing_that_had_ended(
    tuned: Tuned,
) -> None:
    tuned.declare(parcels(2000), params={"n_estimators": 40, "n_jobs": 1})
    command = [sys.executable, "-m", "projects.jobs.tune", "--project", "parcels"]
    command += ["--trials", "100000", "--workers", "2"]
    env = environment(tuned.folder)
    with subprocess.Popen(
        command, cwd=tuned.folder, env=env, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            told = next(line for line in process.stderr or () if "--resume" in line)
            until(lambda: finished(tuned.folder) >= 4, "trials have ended")
            workers = children_of(process.pid)
            (run,) = tuned.searches()
            hint = f"podium tune --project parcels --resume {run.info.run_id}"
            assert told == f"Should it be cut short: {hint}\n"
            why = tuned.say("--resume", run.info.run_id)
            assert (why.exit_code, f"as process {process.pid}" in why.stderr) == (2, True)
        finally:
            process.kill()
    assert len(workers) == 2
    until_gone(workers)
    run_id, before = run.info.run_id, tuned.trials(run.info.run_id)
    assert mlflow.get_run(run_id).info.status == "RUNNING"
    ended = [r for r in before if r.info.status in ("FINISHED", "FAILED")]

    said = tuned.tune("--resume", run_id, "--trials", len(before) + 8, "--register", "no")
    after = tuned.trials(run_id)
    assert said["search"]["trials"] == len(before) + 8
    assert [int(run.data.tags["podium.trial"]) for run in after] == list(range(len(after)))
    again = {run.info.run_id: run for run in after}
    assert [again[r.info.run_id].data.to_dictionary() for r in ended] == [
        r.data.to_dictionary() for r in ended
    ]
    lost = [r for r in after if r.data.tags.get("podium.error") == "its process was killed"]
    assert len(lost) <= 2
    assert {run.info.status for run in lost} <= {"KILLED"}
    assert len(after) == said["search"]["trials"] + len(lost)
    assert "RUNNING" not in statuses(after)


def finished(folder: Path) -> int:
    """How many nested runs have ended."""
    query = "SELECT COUNT(*) FROM runs WHERE name LIKE 'trial %' AND status = 'FINISHED'"
    with closing(sqlite3.connect(folder / "mlflow.db", timeout=60)) as database:
        return int(database.execute(query).fetchone()[0])


def children_of(process: int) -> list[int]:
    """The numbers of the processes that it has started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = stat.read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
        if int(parent) == process:
            found.append(int(stat.parent.name))
    return found
