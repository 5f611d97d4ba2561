"""The folder that `podium new` writes, as `podium train` and `mlflow run` take it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest

from tests.e2e.processes import ROOT, environment, run
from tests.scaffolding.made import customers

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project in a folder with a blank, and with packages that would hide Podium's own."""
    customers(400).to_csv(tmp_path / "customers.csv", index=False)
    command = [sys.executable, "-m", "projects.jobs.new", "churn", "--data", "customers.csv"]
    command += ["--target", "left", "--to", "my project"]
    done = run(command, tmp_path, environment(tmp_path))
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "my project"
    for name in ("projects", "podium", "numpy"):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text("raise ImportError('this is not it')")
    return folder


def only_run(store: Path) -> mlflow.entities.Run:
    client = mlflow.MlflowClient(f"sqlite:///{store}/mlflow.db")
    (logged,) = client.search_runs([e.experiment_id for e in client.search_experiments()])
    return logged


def test_mlflow_run_trains_at_once(folder: Path) -> None:
    env = environment(folder.parent)
    command = ["mlflow", "run", str(folder), "-e", "train", "--env-manager", "local"]
    command += ["--experiment-name", "x", "-P", "params=n_estimators=10"]
    done = run(command, folder.parent, env)
    assert done.returncode == 0, done.stderr
    assert "registered as churn version 1" in done.stdout
    logged = only_run(folder.parent)
    assert logged.info.status == "FINISHED"
    assert logged.data.tags["podium.project"] == "churn"
    assert logged.data.params["n_estimators"] == "10"


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[dict[str, str]]:
    """An environment in which nothing leads to this checkout, and MLflow makes its own."""
    env = environment(tmp_path) | {"MLFLOW_ENV_ROOT": str(tmp_path / "envs")}
    env.pop("PYTHONPATH")
    yield env
    shutil.rmtree(tmp_path / "envs", ignore_errors=True)  # 1.6 GB


def test_an_environment_of_its_own_gets_podium_from_a_wheel(
    folder: Path, elsewhere: dict[str, str]
) -> None:
    store = folder.parent
    source = store / "a copy"  # building writes into it
    shutil.copytree(ROOT, source, ignore=_not_packaged)
    build = ["uv", "build", "--wheel", "--out-dir", str(store / "wheel house"), str(source)]
    assert run(build, store, elsewhere).returncode == 0
    (wheel,) = (store / "wheel house").glob("*.whl")
    again = [sys.executable, "-m", "projects.jobs.new", "churn", "--data", "customers.csv"]
    again += ["--target", "left", "--to", "my project", "--force", "yes", "--podium", str(wheel)]
    assert run(again, store, environment(store)).returncode == 0
    assert wheel.as_uri() in (folder / "conda.yaml").read_text()

    command = ["mlflow", "run", str(folder), "-e", "train", "--env-manager", "uv"]
    command += ["--experiment-name", "x", "-P", "params=n_estimators=10"]
    done = subprocess.run(
        command, cwd=store, env=elsewhere, capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert only_run(store).info.status == "FINISHED"
    (python,) = (store / "envs").glob("mlflow-*/bin/python")
    where = [str(python), "-P", "-c", "import projects; print(projects.__file__)"]
    found = run(where, folder, elsewhere).stdout
    assert found.startswith(str(python.parents[1]))


def _not_packaged(folder: str, names: list[str]) -> set[str]:
    kept = {"podium", "projects", "registry_tools", "serving", "pyproject.toml", "LICENSE"}
    if Path(folder) == ROOT:
        return set(names) - kept - {"README.md"}
    return {name for name in names if name == "__pycache__" or os.path.islink(Path(folder, name))}
