"""Reads project.yaml, and says in one error everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from podium.errors import NotFound, SpecError
from podium.spec.problems import problem_sentences
from podium.spec.project import Project
from podium.spec.yaml_file import read_yaml

FILE_NAME = "project.yaml"


@dataclass(frozen=True)
class Declaration:
    """A project and the file that declares it (`path` is absolute)."""

    project: Project
    path: Path

    @property
    def folder(self) -> Path:
        """Where relative sources and modules are looked for."""
        return self.path.parent


def load_declaration(path: Path, overrides: Mapping[str, Any] | None = None) -> Declaration:
    """Read and validate the project.yaml at `path` (or in the folder `path`).

    `overrides` replace top-level keys, or `section.key`, before validation.
    Raises NotFound where there is no such file and SpecError for everything that is wrong in it.
    """
    file = path / FILE_NAME if path.is_dir() else path
    if not file.is_file():
        raise NotFound(f"There is no {FILE_NAME} at {path}.", remedy="Give a project's folder.")
    raw = read_yaml(file)
    for key, value in (overrides or {}).items():
        _override(raw, key, value)
    try:
        project = Project.model_validate(raw)
    except ValidationError as error:
        raise SpecError(f"{file}: " + "; ".join(problem_sentences(error, raw))) from None
    return Declaration(project, file.resolve())


def _override(raw: dict[str, Any], key: str, value: Any) -> None:
    section, _, leaf = key.rpartition(".")
    if not section:
        raw[leaf] = value
    elif isinstance(raw.get(section) or {}, Mapping):  # else refused as a wrong type
        raw[section] = {**(raw.get(section) or {}), leaf: value}
