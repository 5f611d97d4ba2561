"""Snapshots written now, and what lies at their place."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import mlflow
import pandas as pd
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from podium.data import content_digest
from projects.jobs import snapshots

CARD: dict[str, Any] = {"schema": 1}


def kept(frame: pd.DataFrame, run_id: str) -> tuple[str, str]:
    """The URI and the digest of the snapshot of `frame`, written now."""
    digest = content_digest(frame)
    place = snapshots.place_of(run_id, digest)
    snapshots.keep(frame, place, digest, CARD, "# Card\n")
    return place, digest


def store(place: str) -> Any:
    return get_artifact_repository(place, tracking_uri=mlflow.get_tracking_uri())


def names(place: str) -> set[str]:
    return {Path(info.path).name for info in store(place).list_artifacts()}


def folder_of(place: str) -> Path:
    """Where a snapshot that is kept in a folder lies."""
    return Path(url2pathname(urlsplit(place).path))
