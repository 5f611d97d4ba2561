"""Finds a project by name or by folder."""

from __future__ import annotations

from pathlib import Path

import projects
from podium.errors import NotFound, did_you_mean
from podium.spec import FILE_NAME


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
            remedy="Write one there; the README shows the smallest.",
        )
    raise NotFound(
        f"There is no project {project!r}: no folder with a {FILE_NAME}, and no bundled project.",
        remedy=did_you_mean(project, known),
    )
