"""Finds a project by name or by folder."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import projects
from podium.errors import NotFound, UsageError, did_you_mean
from podium.spec import FILE_NAME

DEFAULT_PROJECT = "flight_delay"
PROJECT_HELP = (
    "Bundled name, or a folder with a project.yaml.  "
    f"[default: this folder if it has one, else {DEFAULT_PROJECT}]"
)


def bundled_projects() -> dict[str, Path]:
    """Name and folder of every project that ships with Podium, in order."""
    roots = [Path(root) for root in projects.__path__]
    found = {
        path.parent.name: path.parent for root in roots for path in root.glob(f"*/{FILE_NAME}")
    }
    return dict(sorted(found.items()))


def project_folder(project: str) -> Path:
    """The folder (or file) of `project`: a folder that has a project.yaml, or a bundled name.

    Raises NotFound, with the nearest bundled name, where there is neither.
    """
    path = Path(project).expanduser()
    if (path / FILE_NAME).is_file() or (path.is_file() and path.suffix in (".yaml", ".yml")):
        return path.resolve()
    known = bundled_projects()
    if project in known:
        return known[project]
    if path.is_dir():
        raise NotFound(
            f"The folder {path.resolve()} has no {FILE_NAME}.",
            remedy="podium new writes one for a table.",
        )
    raise NotFound(
        f"There is no project {project!r}: no folder with a {FILE_NAME}, and no bundled project.",
        remedy=did_you_mean(project, known),
    )


def default_project(model: str | None = None) -> str:
    """The project that is meant where none is named: the folder one is in, where it is one; the
    folder or the bundled one that the registered model `model` is called like; else the default.

    Raises UsageError for a model that none is called like.
    """
    if Path(FILE_NAME).is_file():
        return "."
    if model is None:
        return DEFAULT_PROJECT
    if Path(model, FILE_NAME).is_file() or model in bundled_projects():
        return model
    raise unknown_project(model)


def unknown_project(model: str) -> UsageError:
    """Nothing says which project a registered model is of."""
    return UsageError(
        f"It is not known which project the model {model!r} is of.",
        remedy="Name its folder with --project: it says what the target is, and which rows judge.",
    )


def project_words(folder: Path) -> str:
    """How a command names the project in this folder, a space after it; nothing where it goes
    without. Under `mlflow run` the current folder is not the one that the user is in.
    """
    for name, bundled in bundled_projects().items():
        if folder == bundled:
            return "" if name == DEFAULT_PROJECT else f"--project {name} "
    if "MLFLOW_RUN_ID" in os.environ:
        return f"--project {shlex.quote(str(folder))} "
    if folder == Path.cwd():
        return ""
    near = folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder
    return f"--project {shlex.quote(str(near))} "
