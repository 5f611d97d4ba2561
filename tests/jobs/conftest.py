"""A tracking store of the test's own."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest

from tests.jobs.evaluated import NAME, WEAK, Store, quickly, store_at, train_parcels
from tests.jobs.tuned import Tuned, tuned_at


@pytest.fixture(scope="session")
def store_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty tracking database; making one takes MLflow seconds, copying it nothing."""
    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    mlflow.MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def store(store_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a tracking database, which is where MLflow logs to during the test."""
    database = tmp_path / "mlflow.db"
    database.write_bytes(store_template.read_bytes())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{database}")
    mlflow.set_tracking_uri(f"sqlite:///{database}")
    yield tmp_path
    mlflow.set_tracking_uri(None)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def trained_parcels(store_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store that has seven versions and nothing in its ledger.

    One for all processes of a run of the tests: it takes many seconds.
    """
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    folder = base / "trained_parcels"
    with (base / "trained_parcels.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "trained").exists():
            folder.mkdir()
            shutil.copy(store_template, folder / "mlflow.db")
            with store_at(folder):
                train_parcels(folder)
            (folder / "trained").touch()
    return folder


@pytest.fixture
def parcel_store(trained_parcels: Path, tmp_path: Path) -> Iterator[Store]:
    """A copy of it; only the files of the models and of their runs are shared."""
    shutil.copy(trained_parcels / "mlflow.db", tmp_path)
    shutil.copytree(trained_parcels / NAME, tmp_path / NAME)
    with store_at(tmp_path) as patch:
        yield Store(tmp_path, tmp_path / NAME, patch)


@pytest.fixture(scope="session")
def championed_parcels(trained_parcels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with the weakest version in production."""
    folder = tmp_path_factory.mktemp("championed")
    shutil.copy(trained_parcels / "mlflow.db", folder)
    with store_at(folder) as patch:
        Store(folder, trained_parcels / NAME, patch).champion(WEAK)
    return folder


@pytest.fixture
def championed(championed_parcels: Path, parcel_store: Store) -> Store:
    """A copy of that, to be written to."""
    shutil.copy(championed_parcels / "mlflow.db", parcel_store.folder)
    return parcel_store


@pytest.fixture
def few_calls() -> Iterator[None]:
    """Evaluations whole, but for the number of calls that are timed."""
    with quickly(figures=True):
        yield


@pytest.fixture
def no_figures() -> Iterator[None]:
    """Evaluations without figures, for tests that ask for something else."""
    with quickly(figures=False):
        yield


@pytest.fixture
def tuned(store_template: Path, tmp_path: Path) -> Iterator[Tuned]:
    """A store of the test's own, and a small project to be tuned."""
    with tuned_at(tmp_path, store_template) as store:
        yield store
