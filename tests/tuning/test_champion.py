"""Whose parameters come first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mlflow
import pytest

from projects.tuning.champion import Champion, champion_of
from registry_tools.registry import MlflowRegistry


@pytest.fixture
def registry(store: Path) -> MlflowRegistry:
    artifacts = (store / "artifacts").as_uri()
    mlflow.MlflowClient().create_experiment("made", artifact_location=artifacts)
    return MlflowRegistry()


def _in_production(declared: Any, *, ours: bool = True) -> int:
    client = mlflow.MlflowClient()
    found = client.get_experiment_by_name("made")
    run = client.create_run(found.experiment_id)
    if declared is not None:
        text = declared if isinstance(declared, str) else json.dumps(declared)
        client.log_text(run.info.run_id, text, "project.json")
    client.create_registered_model("made")
    tags = {"podium.project": "made"} if ours else {}
    version = client.create_model_version("made", "file:///nowhere", run.info.run_id, tags=tags)
    client.set_registered_model_alias("made", "production", version.version)
    return int(version.version)


def test_the_champion_brings_what_its_training_declared(registry: MlflowRegistry) -> None:
    declared = {"estimator": ["linear", "xgboost"], "params": {"C": 0.5}}
    number = _in_production(declared)
    assert champion_of(registry, "made") == Champion(number, "linear", {"C": 0.5})


def test_without_a_champion_there_is_nothing_to_try_first(registry: MlflowRegistry) -> None:
    assert champion_of(registry, "made") is None
    mlflow.MlflowClient().create_registered_model("made")
    assert champion_of(registry, "made") is None


def test_a_champion_that_podium_did_not_train_has_no_parameters(registry: MlflowRegistry) -> None:
    number = _in_production({"estimator": ["linear"], "params": {}}, ours=False)
    assert champion_of(registry, "made") == Champion(number, problem="it was not trained by Podium")


@pytest.mark.parametrize("declared", [None, [1], {"estimator": [], "params": {}}, "no json"])
def test_a_declaration_that_says_nothing_is_no_start(
    registry: MlflowRegistry, declared: Any
) -> None:
    _in_production(declared)
    found = champion_of(registry, "made")
    assert found is not None
    assert found.params is None
    assert "project.json" in found.problem
