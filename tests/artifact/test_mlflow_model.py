from __future__ import annotations

import io
import os
import shutil
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mlflow
import mlflow.pyfunc
import numpy as np
import pandas as pd
import pytest
import yaml
from mlflow.entities import LoggedModelStatus

from podium.artifact.example import example_of
from podium.artifact.mlflow_model import (
    load_scorer,
    log_artifact,
    save_artifact,
    signature_of,
)
from podium.artifact.requirements import pinned_requirements
from podium.artifact.scoring import BrokenArtifact, Scorer
from podium.artifact.scoring.manifest import MANIFEST, digest_of, verify_manifest
from podium.errors import PodiumError
from tests.artifact.samples import (
    boosted,
    calibrated,
    forest,
    linear,
    raw_table,
    regressor,
    xgboosted,
)

pytestmark = [
    pytest.mark.filterwarnings("error"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:mlflow"),
    pytest.mark.filterwarnings("ignore::FutureWarning:mlflow"),
]
ALL = [boosted, forest, regressor, xgboosted, calibrated, linear]


@pytest.fixture(autouse=True)
def _no_pickle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    save_artifact(boosted(), example_of(boosted(), raw_table(3)), tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def experiment(tmp_path: Path) -> Iterator[str]:
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    yield mlflow.create_experiment("one", artifact_location=(tmp_path / "store").as_uri())
    mlflow.set_tracking_uri(before)


@pytest.mark.parametrize("make", ALL)
def test_what_was_saved_loads_without_pickle_and_scores_the_same(make: Any, tmp_path: Path) -> None:
    scorer: Scorer = make()
    example = example_of(scorer, raw_table(3))
    digest = save_artifact(scorer, example, tmp_path / "model")
    assert digest == verify_manifest(tmp_path / "model")
    loaded = mlflow.pyfunc.load_model(str(tmp_path / "model"))
    raw = example_of(scorer, raw_table(20, seed=5))
    pd.testing.assert_frame_equal(loaded.predict(raw), scorer.score(raw), check_exact=True)
    pd.testing.assert_frame_equal(loaded.get_raw_model().score(raw), scorer.score(raw))


def test_nothing_in_it_is_a_pickle_or_a_cache(saved: Path) -> None:
    names = [path.name for path in saved.rglob("*")]
    assert not [name for name in names if name.endswith((".pkl", ".pickle", ".pyc", ".joblib"))]
    assert "__pycache__" not in names
    assert {"MLmodel", MANIFEST, "pipeline.skops", "features.json", "decision.json"} <= {*names}


def _contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in (path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        yield path.name, content
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                yield from ((f"{path.name}/{n}", archive.read(n)) for n in archive.namelist())


@pytest.mark.parametrize("make", [boosted, calibrated])
def test_no_file_holds_a_path_of_this_machine(make: Any, tmp_path: Path, experiment: str) -> None:
    with mlflow.start_run(experiment_id=experiment):
        logged = log_artifact(make(), example_of(make(), raw_table(3)), name="model", tags={})
    local = Path(mlflow.artifacts.download_artifacts(logged.uri, dst_path=str(tmp_path / "copy")))
    repository = Path(__file__).parents[2]
    paths = [tmp_path, repository, Path.home(), sys.prefix, Path(os.path.realpath("/tmp"))]
    needles = [os.fsencode(path) + b"/" for path in paths]
    for name, content in _contents(local):
        assert not [needle for needle in needles if needle in content], name


def test_inputs_are_optional_doubles_and_strings() -> None:
    inputs = signature_of(boosted()).inputs.to_dict()
    assert [(each["name"], each["type"]) for each in inputs] == [
        ("distance", "double"),
        ("gate", "double"),
        ("carrier", "string"),
        ("at", "string"),
    ]
    assert not any(each["required"] for each in inputs)


@pytest.mark.parametrize(
    ("make", "types"),
    [
        (boosted, ["string", "double"]),
        (forest, ["long", "double", "double", "double"]),
        (regressor, ["double"]),
        (xgboosted, ["boolean", "double"]),
    ],
)
def test_outputs_have_the_type_of_the_label(make: Any, types: list[str]) -> None:
    signature = signature_of(make())
    assert [each["type"] for each in signature.outputs.to_dict()] == types


def test_requirements_are_pinned_and_name_xgboost_only_where_it_is_needed() -> None:
    plain = pinned_requirements(boosted().pipeline)
    assert plain == sorted(plain)
    assert f"scikit-learn=={version('scikit-learn')}" in plain
    assert all("==" in line for line in plain)
    with_xgboost = [*plain, f"xgboost=={version('xgboost')}"]
    assert pinned_requirements(xgboosted().pipeline) == with_xgboost
    assert pinned_requirements(calibrated().pipeline) == with_xgboost


def test_the_saved_requirements_are_those(saved: Path) -> None:
    lines = (saved / "requirements.txt").read_text().split()
    assert lines == pinned_requirements(boosted().pipeline)


def test_moved_and_read_only_it_still_scores_and_nothing_is_written(
    saved: Path, tmp_path: Path
) -> None:
    moved = Path(shutil.move(saved, tmp_path / "elsewhere"))
    for path in (moved, *moved.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = verify_manifest(moved)
    try:
        raw = example_of(boosted(), raw_table(9))
        answer = mlflow.pyfunc.load_model(str(moved)).predict(raw)
        pd.testing.assert_frame_equal(answer, boosted().score(raw), check_exact=True)
        files = {path for path in moved.rglob("*") if "__pycache__" not in path.parts}
        assert verify_manifest(moved, imported=True) == before
        assert len([path for path in files if path.is_file()]) == len(_listed(moved)) + 1
    finally:
        for path in (moved, *moved.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)


def _listed(folder: Path) -> dict[str, Any]:
    listed: dict[str, Any] = yaml.safe_load((folder / MANIFEST).read_text())["files"]
    return listed


def test_a_changed_artifact_does_not_load(saved: Path) -> None:
    (saved / "decision.json").write_text((saved / "decision.json").read_text().replace("0.4", "0"))
    with pytest.raises(Exception, match=r"decision.json is not the file that was logged"):
        mlflow.pyfunc.load_model(str(saved))


@pytest.mark.parametrize(
    ("name", "content"),
    [("features.json", "{}"), ("features.json", "["), ("decision.json", '{"schema": 2}')],
)
def test_a_declaration_that_cannot_be_read_is_a_broken_artifact(
    saved: Path, name: str, content: str
) -> None:
    from podium.artifact.scoring.manifest import write_manifest

    (saved / name).write_text(content)
    write_manifest(saved)
    with pytest.raises(BrokenArtifact, match=f"{name} cannot be read"):
        Scorer.open(saved)


def test_a_logged_model_is_ready_and_its_digest_is_the_manifests(
    experiment: str, tmp_path: Path
) -> None:
    example = example_of(boosted(), raw_table(3))
    with mlflow.start_run(experiment_id=experiment):
        logged = log_artifact(boosted(), example, name="model", tags={"podium.task": "binary"})
    model = mlflow.get_logged_model(logged.model_id)
    assert model.status == LoggedModelStatus.READY
    assert model.tags["podium.task"] == "binary"
    local = Path(mlflow.artifacts.download_artifacts(logged.uri, dst_path=str(tmp_path / "copy")))
    assert logged.digest == digest_of((local / MANIFEST).read_bytes()) == verify_manifest(local)
    kept = mlflow.pyfunc.load_model(logged.uri).input_example
    transform = boosted().canonicaliser.transform
    pd.testing.assert_frame_equal(transform(kept), transform(example))
    pd.testing.assert_frame_equal(load_scorer(logged.uri).score(example), boosted().score(example))


class _Unsteady(Scorer):
    """Answers what its copy will not answer."""

    def score(self, raw: pd.DataFrame) -> pd.DataFrame:
        answer = super().score(raw)
        return answer.assign(probability=answer["probability"] + 0.1)


def _refused(scorer: Scorer, example: pd.DataFrame, experiment: str) -> None:
    with mlflow.start_run(experiment_id=experiment), pytest.raises(PodiumError, match="its own"):
        log_artifact(scorer, example, name="model", tags={})
    assert mlflow.search_registered_models() == []
    models = mlflow.search_logged_models([experiment], output_format="list")
    assert [model.status for model in models] == [LoggedModelStatus.FAILED]


def test_a_model_that_answers_otherwise_is_refused_and_marked_as_failed(experiment: str) -> None:
    honest = boosted()
    unsteady = _Unsteady(honest.canonicaliser, honest.decision, honest.pipeline)
    _refused(unsteady, example_of(honest, raw_table(3)), experiment)


def test_an_example_that_does_not_score_is_refused_and_marked_as_failed(experiment: str) -> None:
    example = example_of(boosted(), raw_table(3)).assign(at="tomorrow")
    _refused(boosted(), example, experiment)


def test_a_pipeline_with_a_class_of_ours_is_refused_and_marked_as_failed(experiment: str) -> None:
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import FunctionTransformer

    steps = [("ours", FunctionTransformer(raw_table.__class__)), ("model", boosted().pipeline)]
    broken = replace(boosted(), pipeline=Pipeline(steps))
    _refused(broken, example_of(boosted(), raw_table(3)), experiment)


def test_an_example_is_what_a_caller_would_send() -> None:
    raw = pd.DataFrame(
        {
            "distance": pd.Series(["1.5", None, "x"], dtype=object),
            "gate": [1, 2, 3],
            "carrier": pd.Series(["a", None, 7], dtype=object),
            "at": pd.Series(
                np.array(["2024-01-01T00:00:00.000000001", "NaT", "2024-01-02"], "M8[ns]")
            ),
        }
    ).set_axis([5, 6, 7])
    example = example_of(boosted(), raw)
    assert example["distance"].tolist()[0] == 1.5
    assert example["distance"].isna().tolist() == [False, True, True]
    assert example["gate"].dtype == np.float64
    assert example["carrier"].tolist() == ["a", None, "7"]
    assert example["at"].tolist() == [
        "2024-01-01T00:00:00.000000Z",
        None,
        "2024-01-02T00:00:00.000000Z",
    ]
    assert example.index.tolist() == [0, 1, 2]
    assert len(boosted().score(example)) == 3
