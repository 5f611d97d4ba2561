"""Looks at a version's files before it is promoted: intact, loading, answering, compatible."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from podium.errors import NotFound, PodiumError
from registry_tools.entry import Evidence
from registry_tools.gates import Candidate
from registry_tools.port import Registry, Version
from registry_tools.signature import Signature, incompatible, signature_of
from registry_tools.state import State

_MOST_FILES_KEPT = 300  # of a version without a manifest; an entry has room for no more


@dataclass(frozen=True)
class Files:
    """What the files of a version are. listed: SHA-256 by path where they bear no manifest."""

    digest: str
    listed: Mapping[str, str] | None
    problem: str
    answered: str
    signature: Signature | None

    @property
    def evidence(self) -> Evidence:
        """What of it is kept in the ledger."""
        few = self.listed is not None and len(self.listed) <= _MOST_FILES_KEPT
        return Evidence(files=self.listed if few else None)


@dataclass(frozen=True)
class Examined:
    """A version that was looked at: what the gates ask about, and what its files are."""

    candidate: Candidate
    files: Files


def examine(registry: Registry, version: Version, state: State) -> Examined:
    """Download `version`, load it, and have it answer its example; nothing is written."""
    with registry.files(version.name, version.number) as folder:
        files = examine_files(folder)
    champion = state.champion
    signature = None
    if champion is not None and champion != version.number:
        signature = signature_of(registry.mlmodel(version.name, champion))
    candidate = Candidate(
        version.number,
        files.digest,
        version.digest,
        files.problem,
        files.answered,
        incompatible(signature, files.signature),
        author_of(registry, version),
    )
    return Examined(candidate, files)


def author_of(registry: Registry, version: Version) -> str | None:
    """Who trained `version`, as it or its run says; None where neither does."""
    if "podium.author" in version.tags:
        return version.tags["podium.author"]
    if version.run_id is None:
        return None
    try:
        return registry.run(version.run_id).user
    except NotFound:
        return None


def examine_files(folder: Path, *, answering: bool = True) -> Files:
    """What the files in `folder` are; `answering`: load them, and have them answer."""
    from podium.artifact.scoring.manifest import MANIFEST

    signature = _signature(folder)
    if (folder / MANIFEST).is_file():
        return _with_manifest(folder, signature, answering=answering)
    return _without_manifest(folder, signature, answering=answering)


def _with_manifest(folder: Path, signature: Signature | None, *, answering: bool) -> Files:
    from podium.artifact.example import example_rows
    from podium.artifact.scoring.errors import BrokenArtifact
    from podium.artifact.scoring.manifest import MANIFEST, CheckedFiles, digest_of
    from podium.artifact.scoring.opening import open_checked

    digest = digest_of((folder / MANIFEST).read_bytes())
    try:
        files = CheckedFiles.open(folder)
        answered = "intact"
        if answering:
            scorer, rows = open_checked(files), example_rows(files)
            scorer.score_rows(rows)
            answered = f"loads and answers {len(rows)} example rows"
    except (BrokenArtifact, ValueError) as error:
        return Files(digest, None, str(error), "", signature)
    return Files(digest, None, "", answered, signature)


def _without_manifest(folder: Path, signature: Signature | None, *, answering: bool) -> Files:
    from podium.artifact.mlflow_model import answer_example
    from podium.artifact.scoring.errors import BrokenArtifact
    from podium.artifact.scoring.manifest import build_manifest, digest_of

    try:
        manifest = build_manifest(folder)
    except BrokenArtifact as error:
        return Files("", None, str(error), "", signature)
    listed = {path: file["sha256"] for path, file in json.loads(manifest)["files"].items()}
    digest = digest_of(manifest)
    try:
        answered = answer_example(folder) if answering else "there"
    except PodiumError as error:
        return Files(digest, listed, error.what, "", signature)
    return Files(digest, listed, "", answered, signature)


def _signature(folder: Path) -> Signature | None:
    file = folder / "MLmodel"
    keys: Any = yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else None
    return signature_of(keys) if isinstance(keys, dict) else None
