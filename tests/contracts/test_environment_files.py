"""pyproject.toml, conda.yaml, MLproject and the commands say the same."""

from __future__ import annotations

import ast
import importlib
import re
import sys
import tomllib
from pathlib import Path
from typing import get_args

import click
import pytest
import yaml

from podium.artifact.scoring.canonical import PARTS
from podium.cli import COMMANDS
from podium.spec.parts import EstimatorName, Part
from projects.jobs import tune
from projects.jobs.train import ESTIMATOR_WORDS
from projects.training.estimators import ESTIMATORS
from projects.tuning import samplers

ROOT = Path(__file__).resolve().parents[2]
STANDARD_LIBRARY = sys.stdlib_module_names
MLFLOW_MODULES = {
    "podium/artifact/mlflow_model.py",
    "projects/jobs/tracking.py",
    "projects/jobs/mlflow_dataset.py",  # is one of MLflow's datasets, by its class
    "projects/jobs/past_models.py",  # models by the run that logged them
    "projects/jobs/snapshots.py",  # the copies of rows, through MLflow's artifact stores
    "projects/jobs/trial_runs.py",  # nested runs, written by a thread
    "projects/tuning/spark_study.py",  # MLflow's own study on Spark
    "projects/jobs/mlflow_evaluator.py",  # is a plugin of MLflow's, by its classes
    "registry_tools/registry.py",
    "serving/loader.py",
    "podium/artifact/answering.py",  # in a process of its own, with a stranger's model
}


def mlproject() -> dict[str, object]:
    return dict(yaml.safe_load((ROOT / "MLproject").read_text())["entry_points"])


def test_conda_yaml_asks_for_what_pyproject_asks_for() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    conda = yaml.safe_load((ROOT / "conda.yaml").read_text())["dependencies"]
    (pip,) = (item["pip"] for item in conda if isinstance(item, dict))
    assert sorted(pip) == sorted(declared["dependencies"])
    assert f"python{declared['requires-python']}" in conda


def test_every_dependency_has_a_lower_bound_and_an_upper_major() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for requirement in declared["dependencies"]:
        assert re.fullmatch(r"[a-z0-9-]+>=[\d.]+,<\d+", requirement), requirement


@pytest.mark.parametrize("entry", sorted(mlproject()))
def test_every_parameter_of_an_entry_point_reaches_its_parser(entry: str) -> None:
    point = mlproject()[entry]
    assert isinstance(point, dict)
    module = re.search(r"python -m ([\w.]+)", point["command"])
    assert module is not None
    command = importlib.import_module(module[1]).command
    options = {option for param in command.params for option in param.opts}
    for name, declared in point["parameters"].items():
        assert declared["type"] == "string"
        flag = "--" + name.replace("_", "-")
        assert f"{flag} {{{name}}}" in " ".join(point["command"].split())
        assert flag in options


@pytest.mark.parametrize("entry", ["train", "tune", "evaluate", "reproduce"])
def test_every_option_of_a_job_is_a_parameter_of_its_entry_point(entry: str) -> None:
    command = importlib.import_module(f"projects.jobs.{entry}").command
    point = mlproject()[entry]
    assert isinstance(point, dict)
    options = [param for param in command.params if isinstance(param, click.Option)]
    own = {option.name for option in options} - {"json", "debug"}
    assert own == set(point["parameters"])


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_and_option_has_help_and_examples(name: str) -> None:
    command = importlib.import_module(COMMANDS[name].module).command
    assert command.name == name
    assert command.help
    assert command.examples.strip()
    for param in command.params:
        assert isinstance(param, click.Argument) or param.help, param


def test_words_that_are_spelt_twice_agree() -> None:
    """The shipped code imports nothing of ours, and option parsers import nothing heavy."""
    assert get_args(Part) == PARTS
    assert get_args(EstimatorName) == ESTIMATOR_WORDS
    assert set(ESTIMATORS) == set(ESTIMATOR_WORDS)
    assert (tune.SAMPLERS, tune.PRUNERS) == (samplers.SAMPLERS, samplers.PRUNERS)


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


def test_mlflow_is_imported_in_one_module_per_folder() -> None:
    folders = ("podium", "projects", "registry_tools", "serving")
    files = [file for folder in folders for file in ROOT.glob(f"{folder}/**/*.py")]
    found = {file.relative_to(ROOT).as_posix() for file in files if "mlflow" in imported(file)}
    assert found == MLFLOW_MODULES


def test_the_shipped_code_imports_no_more_than_its_requirements() -> None:
    always = {"numpy", "pandas", "sklearn", "scipy", "skops", "__future__"}
    allowed = always | {
        "onnxruntime",
        "pyarrow",
    }  # one is pinned where needed, one comes with MLflow
    for file in (ROOT / "podium/artifact/scoring").glob("*.py"):
        third_party = {name for name in imported(file) if name not in STANDARD_LIBRARY}
        assert third_party <= allowed, file.name
