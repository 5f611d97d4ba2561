"""Who is compared when MLflow evaluates: the model that it passes, and the champion of a URI."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from podium.artifact.scoring.manifest import MANIFEST
from podium.errors import NotFound, PodiumError, UsageError
from projects.evaluating.given import GivenSide
from projects.evaluating.named import named_by
from projects.evaluating.sides import Side, open_side
from projects.jobs import tracking
from projects.training.training_rows import FILE_NAME as TRAINING_ROWS
from projects.training.training_rows import TrainingRows
from registry_tools.examine import Files, examine_files
from registry_tools.port import Registry, Version
from registry_tools.which_version import LATEST, pointed_at

_NO_FILES = Files("", None, "", "", None)
_UNNAMED = "model"
_URIS = "Give a model's URI, such as models:/NAME@production, models:/NAME/3 or runs:/ID/model."


def champion_side(uri: str, registry: Registry, opened: ExitStack) -> Side:
    """The model at `uri`, its files downloaded for as long as `opened` lasts.

    An alias is what MLflow says. Raises NotFound, Unreachable, and PodiumError for what MLflow
    refuses.
    """
    named = named_by(uri)
    if named is not None and named.model is not None:
        number = _number(registry, named.model, named.which)
        return open_side(registry, named.model, number, opened)
    nowhere = _folder(opened)
    try:
        folder = tracking.fetch_model(uri, _folder(opened))
    except PodiumError as error:
        raise type(error)(f"The champion {uri!r}: {error.what}", remedy=_URIS) from error
    strange = not (folder / MANIFEST).is_file()  # first in a process of its own: it may hang
    files = examine_files(folder, answering=strange)
    version = Version(_UNNAMED, 0, "", source=uri)
    return GivenSide(version, files, folder, None, None, "the champion", None, nowhere)


def _number(registry: Registry, name: str, which: int | str) -> int:
    if isinstance(which, int):
        return which
    if which != LATEST:
        return pointed_at(registry.model(name), which.removeprefix("@"))
    versions = registry.versions(name)
    if not versions:
        raise NotFound(f"{name} has no versions.", remedy=_URIS)
    return max(version.number for version in versions)


def candidate_side(
    model: Any, asked: Any, champion: Side | None, registry: Registry, opened: ExitStack
) -> GivenSide:
    """The model that MLflow passed, None for answers alone; with its files where it stores them.

    asked: what answers, by `predict(table)`. Of the champion's registered model it is the version
    that has the same files, if any. Raises UsageError where that is the champion itself.
    """
    nowhere = _folder(opened)
    model_id = getattr(model, "model_id", None)
    folder = _stored(model_id, opened)
    files = _NO_FILES if folder is None else examine_files(folder, answering=False)
    version = _version(model, model_id, champion, registry)
    if champion is not None and version.number and version.number == champion.number:
        raise UsageError(
            f"{champion.title[0].upper()}{champion.title[1:]} would be compared with itself.",
            remedy="Name another champion in the config, or evaluate another model.",
        )
    trained_on = _trained_on(registry, version.run_id)
    return GivenSide(version, files, folder, None, trained_on, "the candidate", asked, nowhere)


def _stored(model_id: str | None, opened: ExitStack) -> Path | None:
    """A copy of the model's files; None where MLflow stores none, or cannot give them."""
    if model_id is None:
        return None
    try:
        return tracking.fetch_model(f"models:/{model_id}", _folder(opened))
    except PodiumError:
        return None  # it is loaded, and answers all the same


def _version(
    model: Any, model_id: str | None, champion: Side | None, registry: Registry
) -> Version:
    run_id = getattr(getattr(model, "metadata", None), "run_id", None)
    source = "" if model_id is None else f"models:/{model_id}"
    if champion is None or champion.number is None:
        return Version(_UNNAMED, 0, "", run_id, source)
    name = champion.version.name
    same = [v for v in registry.versions(name) if source and v.source == source]
    return same[-1] if same else Version(name, 0, "", run_id, source)


def _trained_on(registry: Registry, run_id: str | None) -> TrainingRows | None:
    content = None if run_id is None else registry.run_bytes(run_id, TRAINING_ROWS)
    return None if content is None else TrainingRows.from_bytes(content)


def _folder(opened: ExitStack) -> Path:
    return Path(opened.enter_context(tempfile.TemporaryDirectory()))
