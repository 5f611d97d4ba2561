"""Saves a scorer as an MLflow pyfunc model made from code. The artifact's only use of MLflow."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import pandas as pd
from mlflow.entities import LoggedModelStatus
from mlflow.models import Model, ModelSignature
from mlflow.types import ColSpec, DataType, Schema, TensorSpec

from podium.artifact.package import write_package
from podium.artifact.parity import NOT_TRIED
from podium.artifact.requirements import pinned_requirements
from podium.artifact.scoring import AnyScorer, Decision, Scorer, open_scorer
from podium.artifact.scoring.manifest import write_manifest
from podium.artifact.scoring.opening import MODEL, PARITY
from podium.artifact.scoring.proof import TOLERANCE, Parity
from podium.errors import PodiumError


@dataclass(frozen=True)
class LoggedArtifact:
    """Where MLflow keeps a logged model, and the digest of its manifest."""

    model_id: str
    uri: str
    digest: str


def signature_of(scorer: AnyScorer) -> ModelSignature:
    """All inputs optional, `double` for numbers and `string` for everything else."""
    inputs: list[ColSpec | TensorSpec] = [
        ColSpec(
            DataType.double if column.kind == "numeric" else DataType.string,
            column.name,
            required=False,
        )
        for column in scorer.canonicaliser.columns
    ]
    first, *others = scorer.decision.output_names
    outputs: list[ColSpec | TensorSpec] = [ColSpec(_label_type(scorer.decision), first)]
    outputs += [ColSpec(DataType.double, name) for name in others]
    return ModelSignature(inputs=Schema(inputs), outputs=Schema(outputs))


def save_artifact(
    scorer: Scorer,
    example: pd.DataFrame,
    folder: Path,
    *,
    parity: Parity = NOT_TRIED,
    model: Model | None = None,
) -> str:
    """Write the whole artifact into the empty or new `folder`; returns its digest.

    `parity`: what the proof of the compiled form found; the form is saved where it holds.
    """
    model = Model() if model is None else model
    model.artifact_path = "model"  # MLflow would write the path of this machine's store
    with tempfile.TemporaryDirectory() as scratch:
        package = write_package(Path(scratch))
        mlflow.pyfunc.save_model(
            path=str(folder),
            mlflow_model=model,
            loader_module=package.name,
            code_paths=[str(package)],
            signature=signature_of(scorer),
            input_example=example,
            pip_requirements=pinned_requirements(scorer.pipeline, compiled=bool(parity.model)),
        )
    scorer.save(folder)
    (folder / PARITY).write_text(json.dumps(parity.to_json(), indent=1) + "\n", encoding="utf-8")
    if parity.model:
        (folder / MODEL).write_bytes(parity.model)
    _remove_bytecode(folder)
    return write_manifest(folder)


def log_artifact(
    scorer: Scorer,
    example: pd.DataFrame,
    *,
    name: str,
    tags: Mapping[str, str],
    parity: Parity = NOT_TRIED,
) -> LoggedArtifact:
    """Log the artifact as an MLflow model of the active run, and see it answer from there.

    Raises PodiumError where the logged model does not give what `scorer` gives for `example`.
    """
    flavour = _Flavour(scorer, example, parity)
    info = Model.log(
        artifact_path=None,
        flavor=flavour,
        name=name,
        tags=dict(tags),
        flavor_name="podium",
        validate_serving_input=False,  # only warns; `_check_answers` refuses
    )
    logged = LoggedArtifact(info.model_id, f"models:/{info.model_id}", flavour.digest)
    try:
        _check_answers(logged.uri, scorer, example)
    except PodiumError:
        mlflow.MlflowClient().finalize_logged_model(info.model_id, LoggedModelStatus.FAILED)
        raise
    return logged


@contextmanager
def downloaded(uri: str) -> Iterator[Path]:
    """The artifact at `uri`, in a folder of its own for the length of the block."""
    with tempfile.TemporaryDirectory() as scratch:
        yield download(uri, Path(scratch))


def download(uri: str, scratch: Path) -> Path:
    """Download the artifact at `uri` into `scratch`; returns its folder there."""
    folder = Path(mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=str(scratch)))
    _remove_bytecode(folder)
    return folder


def load_scorer(uri: str) -> AnyScorer:
    """Download the artifact at `uri`, check its files and open it with the installed code."""
    with downloaded(uri) as folder:
        return open_scorer(folder)


@dataclass(frozen=True)
class ModelInput:
    """A named input of a model's signature; `type` is MLflow's word, such as `double`."""

    name: str
    type: str
    required: bool = True


def load_pyfunc(folder: Path) -> Any:
    """The MLflow model in `folder`, whoever made it, by the code that came with it."""
    return mlflow.pyfunc.load_model(str(folder), suppress_warnings=True)


def inputs_of(model: Any) -> tuple[ModelInput, ...] | None:
    """The named inputs that a loaded model's signature asks for; None where it names none."""
    schema = model.metadata.get_input_schema()
    if schema is None or not schema.has_input_names():
        return None
    return tuple(
        ModelInput(
            spec.name,
            spec.type.name if isinstance(spec.type, DataType) else "other",
            bool(spec.required),
        )
        for spec in schema.inputs
    )


def _remove_bytecode(folder: Path) -> None:
    """MLflow imports the code of local models where they lie, and Python leaves caches there."""
    for cache in folder.rglob("__pycache__"):
        if cache.is_dir() and not cache.is_symlink():
            shutil.rmtree(cache)


class _Flavour:
    """What `Model.log` calls to save: MLflow owns the run and the upload, Podium the files."""

    def __init__(self, scorer: Scorer, example: pd.DataFrame, parity: Parity) -> None:
        self._scorer = scorer
        self._example = example
        self._parity = parity
        self.digest = ""

    def save_model(self, path: str, mlflow_model: Model, **_: Any) -> None:
        self.digest = save_artifact(
            self._scorer, self._example, Path(path), parity=self._parity, model=mlflow_model
        )


def _check_answers(uri: str, scorer: Scorer, example: pd.DataFrame) -> None:
    try:
        answer = mlflow.pyfunc.load_model(uri).predict(example)
        expected = scorer.score(example)
        pd.testing.assert_frame_equal(answer, expected, rtol=TOLERANCE, atol=TOLERANCE)
    except Exception as error:
        raise PodiumError(
            f"The logged model {uri} does not answer its own example as the trained one does: "
            f"{error}",
            remedy="Nothing was registered. Please report this with the project.yaml.",
        ) from error


def _label_type(decision: Decision) -> DataType:
    if decision.task == "regression":
        return DataType.double
    kinds = {type(label) for label in decision.labels}
    names = {bool: DataType.boolean, int: DataType.long, float: DataType.double}
    return names.get(kinds.pop(), DataType.string) if len(kinds) == 1 else DataType.string
