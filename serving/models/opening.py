"""From the files of an assigned version to a model that answers."""

from __future__ import annotations

from pathlib import Path

from podium.artifact.scoring.manifest import MANIFEST
from serving.assignment import Assigned
from serving.models.model import Model, ModelSettings


def open_model(assigned: Assigned, settings: ModelSettings) -> Model:
    """Load and warm up what was assigned.

    Podium's own artifacts are opened without MLflow, by the installed code, after their files were
    compared with the digest; all others by MLflow, which runs their own code.
    Raises NotServable where it cannot be loaded, or does not answer its own example.
    """
    if assigned.digest is not None or (Path(assigned.folder) / MANIFEST).exists():
        from serving.models.own import open_own

        return open_own(assigned, settings)
    from serving.loader import open_pyfunc

    return open_pyfunc(assigned, settings)
