"""The two versions that are compared: what is known of each before it is asked anything."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from podium.artifact.scoring.manifest import MANIFEST
from podium.artifact.scoring.output import Decision
from podium.artifact.scoring.scorer import DECISION
from podium.errors import NotFound, PodiumError, Unreachable
from podium.spec.parts import Label
from projects.evaluating.models import DoesNotAnswer, Opened, open_model
from projects.training.training_rows import FILE_NAME as TRAINING_ROWS
from projects.training.training_rows import TrainingRows
from registry_tools.examine import Files, examine_files
from registry_tools.port import Registry, Run, Version


@dataclass(frozen=True, eq=False)
class Side:
    """One version. folder: its files; None where they cannot be had, and `problem` says why.

    run: what trained it, where that is known. trained_on: the rows that it was trained on, where
    its run kept them.
    """

    version: Version
    files: Files
    folder: Path | None
    run: Run | None
    trained_on: TrainingRows | None

    @property
    def label(self) -> str:
        """What it is called in words."""
        return f"version {self.version.number}"

    @property
    def title(self) -> str:
        """What it is called where its model is not named besides."""
        return f"{self.label} of {self.version.name}"

    @property
    def number(self) -> int | None:
        """The version's number; None for a model that is not registered."""
        return self.version.number or None

    @property
    def uri(self) -> str:
        """Where MLflow has it."""
        if self.number is None:
            return self.version.source
        return f"models:/{self.version.name}/{self.number}"

    @property
    def problem(self) -> str:
        """Why its files are not to be trusted, or not there; empty where they are in order."""
        return self.files.problem

    @property
    def estimator(self) -> str | None:
        """What kind of model it is, as far as it says so."""
        return self.version.tags.get("podium.estimator")

    @property
    def labels(self) -> tuple[Label, ...] | None:
        """The labels that it was trained with, in its order; None where its files do not say."""
        if self.folder is None or not (self.folder / DECISION).is_file():
            return None
        try:
            document = json.loads((self.folder / DECISION).read_text(encoding="utf-8"))
            return tuple(Decision.from_json(document).labels)
        except (ValueError, LookupError, TypeError, AttributeError):
            return None  # what is wrong with its files is said where they are examined

    def opened(self) -> Opened:
        """Loaded, by the code that came with it. Raises DoesNotAnswer."""
        if self.folder is None or self.problem:
            raise DoesNotAnswer(self.problem)
        return open_model(self.folder)


def open_side(registry: Registry, name: str, number: int, opened: ExitStack) -> Side:
    """Version `number` of `name`, its files downloaded for as long as `opened` lasts.

    Files that cannot be had are a finding, not an error; raises NotFound for a version that is not
    there, and Unreachable.
    """
    version = registry.version(name, number)
    run = _run(registry, version)
    content = None if run is None else registry.run_bytes(run.run_id, TRAINING_ROWS)
    trained_on = None if content is None else TrainingRows.from_bytes(content)
    try:
        folder = opened.enter_context(registry.files(name, number))
    except Unreachable:
        raise
    except PodiumError as error:
        return Side(version, Files("", None, error.what, "", None), None, run, trained_on)
    strange = not (folder / MANIFEST).is_file()  # first in a process of its own: it may hang
    return Side(version, examine_files(folder, answering=strange), folder, run, trained_on)


def _run(registry: Registry, version: Version) -> Run | None:
    if version.run_id is None:
        return None
    try:
        return registry.run(version.run_id)
    except NotFound:
        return None
