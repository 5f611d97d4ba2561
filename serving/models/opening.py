"""From the files of an assigned version to a model that answers."""

from __future__ import annotations

import sys
from pathlib import Path

from podium.artifact.scoring.errors import BrokenArtifact
from podium.artifact.scoring.manifest import MANIFEST, build_manifest, digest_of
from serving.assignment import Assigned
from serving.errors import NotServable
from serving.models.model import Model, ModelSettings


def open_model(assigned: Assigned, settings: ModelSettings) -> Model:
    """Load and warm up what was assigned.

    Podium's own artifacts are opened without MLflow, by the installed code; all others by MLflow,
    which runs their own code. Before that all files are compared with the digest.
    Raises NotServable where they differ, where the model cannot be loaded, or does not answer its
    own example.
    """
    if assigned.files_digest is not None:
        _compare(Path(assigned.folder), assigned.files_digest)
    elif assigned.digest is not None or (Path(assigned.folder) / MANIFEST).exists():
        from serving.models.own import open_own

        return open_own(assigned, settings)
    from serving.loader import open_pyfunc

    # Also of what a model imports after it was loaded: the next worker compares its folder again.
    sys.dont_write_bytecode = True
    return open_pyfunc(assigned, settings)


def _compare(folder: Path, files_digest: str) -> None:
    try:
        found = digest_of(build_manifest(folder))
    except (BrokenArtifact, OSError) as error:
        raise NotServable(f"The files in {folder} cannot be read: {error}.") from error
    if found != files_digest:
        raise NotServable(
            f"The files in {folder} were changed since they were brought there: their digest is "
            f"{found[:12]}, not {files_digest[:12]}.",
            remedy="podium serve brings them once more when it is started again.",
        )
