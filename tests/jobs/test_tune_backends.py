"""Searches where MLflow keeps its runs elsewhere than in a file: PostgreSQL, and a server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mlflow
import optuna
import pytest

from tests.jobs.evaluated import NAME, parcels
from tests.jobs.tuned import Tuned, at_trial, interrupt
from tests.registry_tools.backends import Backend, Kind, as_client, started


@contextmanager
def tuned_on(kind: Kind, folder: Path) -> Iterator[tuple[Tuned, Backend]]:
    """A small project, whose searches are logged to a new backend of this kind."""
    (folder / "backend").mkdir()
    with (
        started(kind, folder / "backend") as backend,
        as_client(backend),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.chdir(folder)
        patch.setenv("HOME", str(folder))
        tuned = Tuned(folder, folder / NAME, patch)
        tuned.declare(parcels(600))
        yield tuned, backend


def resumed(tuned: Tuned, backend: Backend) -> str:
    """The run of a search that was interrupted after two trials and went on, from elsewhere."""
    run_id = tuned.interrupted(2, "--trials", 4, "--workers", 2)
    elsewhere = tuned.folder / "elsewhere"
    elsewhere.mkdir()
    tuned.patch.chdir(elsewhere)
    said = tuned.tune("--resume", run_id)
    run = mlflow.get_run(run_id)
    assert run.info.status == "FINISHED"
    assert mlflow.get_experiment(run.info.experiment_id).name == backend.experiment
    assert said["search"]["trials"] == 4
    states = [trial.info.status for trial in tuned.trials(run_id)]
    assert (states.count("FINISHED"), "RUNNING" in states) == (4, False)
    assert list(elsewhere.iterdir()) == []
    assert "## Search" in tuned.artifact(run_id, "model_card.md").decode()
    assert mlflow.MlflowClient().get_model_version(NAME, "1").run_id == run_id
    return run_id


def test_in_postgresql_the_trials_are_kept_beside_the_runs(tmp_path: Path) -> None:
    with tuned_on("postgresql", tmp_path) as (tuned, backend):
        run_id = resumed(tuned, backend)
        assert not (tmp_path / "podium_studies").exists()
        stored = tuned.artifact(run_id, "tuning/search.json").decode()
        assert '"storage": "postgresql://' in stored
        storage = optuna.storages.RDBStorage(
            backend.tracking_uri.replace("postgresql://", "postgresql+psycopg://"),
            skip_compatibility_check=True,
        )
        names = optuna.get_all_study_names(storage)
        storage.engine.dispose()
        assert names == [f"podium-{run_id}"]
        assert tuned.tune("--trials", 1, "--register", "no")["search"]["trials"] == 1


@pytest.mark.slow
def test_of_a_server_the_trials_are_kept_in_the_folder_where_the_search_began(
    tmp_path: Path,
) -> None:
    with tuned_on("server", tmp_path) as (tuned, backend):
        run_id = resumed(tuned, backend)
        assert [path.name for path in (tmp_path / "podium_studies").iterdir()] == [f"{run_id}.db"]


def test_a_storage_of_its_own_is_found_again_without_being_named(tuned: Tuned) -> None:
    tuned.declare(estimator="linear", params={})
    studies, elsewhere = tuned.folder / "studies.db", tuned.folder / "elsewhere"
    run_id = tuned.interrupted(1, "--trials", 3, "--storage", "sqlite:///studies.db")
    elsewhere.mkdir()
    tuned.patch.chdir(elsewhere)
    with at_trial(2, interrupt):
        assert tuned.say("--resume", run_id).exit_code == 130
    studies.rename(tuned.folder / "moved.db")
    why = tuned.refused_tune("--resume", run_id, code=4)
    assert f"The trials of the search {run_id} are not in sqlite:///{tuned.folder}/mlflow.db" in why
    assert f" or sqlite:///{studies}." in why
    moved = ("--storage", f"sqlite:///{tuned.folder}/moved.db")
    said = tuned.tune("--resume", run_id, *moved, "--register", "no")
    assert (said["search"]["trials"], said["model_version"]) == (3, None)
    assert list(elsewhere.iterdir()) == []
