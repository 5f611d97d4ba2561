"""Looks at a version's files before it is promoted: intact, loading, answering, compatible."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from podium.errors import DataError, NotFound, PodiumError, Unreachable
from registry_tools.entry import Evidence
from registry_tools.errors import Forbidden
from registry_tools.gates import Candidate
from registry_tools.port import Registry, Version
from registry_tools.signature import Signature, incompatible, keys_of, signature_of
from registry_tools.state import State

_AUTHOR = "podium.author"
_MOST_CHARACTERS_KEPT = 30_000  # of the list of files: an entry has to hold more than that


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
        few = len(json.dumps(dict(self.listed or {}))) <= _MOST_CHARACTERS_KEPT
        return Evidence(files=self.listed if few else None)


@dataclass(frozen=True)
class Examined:
    """A version that was looked at: what the gates ask about, and what its files are."""

    candidate: Candidate
    files: Files


def examine(
    registry: Registry, version: Version, state: State, *, answering: bool = True
) -> Examined:
    """Download `version`, load it, and have it answer its example; nothing is written.

    answering: else only what its files are is looked at, and whether they are intact: it is not
    run, and not compared with the champion. Whatever is wrong with the files, or with those of the
    champion, is in what is returned; raises Unreachable.
    """
    files = _downloaded(registry, version, answering=answering)
    breaks: tuple[str, ...] = ()
    compared = "nothing"
    if answering:
        breaks, compared = _compared(registry, version, state.champion, files)
    candidate = Candidate(
        version.number,
        files.digest,
        version.digest,
        files.problem,
        files.answered,
        breaks,
        compared,
        author=author_of(registry, version),
        author_is_certain=author_is_certain(version),
    )
    return Examined(candidate, files)


def author_of(registry: Registry, version: Version) -> str | None:
    """Who trained `version`, as it or its run says; None where neither does, or may be read."""
    if author_is_certain(version):
        return version.tags[_AUTHOR]
    if version.run_id is None:
        return None
    try:
        return registry.run(version.run_id).user
    except (NotFound, Forbidden):
        return None


def author_is_certain(version: Version) -> bool:
    """Whether `version` itself says who trained it; the user of a run is another kind of name."""
    return bool(version.tags.get(_AUTHOR))


def examine_files(folder: Path, *, answering: bool = True) -> Files:
    """What the files in `folder` are; `answering`: load them, and have them answer."""
    from podium.artifact.scoring.manifest import MANIFEST

    look = _with_manifest if (folder / MANIFEST).is_file() else _without_manifest
    return look(folder, answering=answering)


def _downloaded(registry: Registry, version: Version, *, answering: bool) -> Files:
    try:
        with registry.files(version.name, version.number) as folder:
            return examine_files(folder, answering=answering)
    except Unreachable:
        raise
    except PodiumError as error:
        return Files("", None, error.what, "", None)


def _compared(
    registry: Registry, version: Version, champion: int | None, files: Files
) -> tuple[tuple[str, ...], str]:
    """What callers of the champion could not go on with, a sentence each; and what was compared."""
    if champion is None or champion == version.number:
        return (), "no champion to compare with"
    try:
        promised = signature_of(registry.mlmodel(version.name, champion))
    except Unreachable:
        raise
    except PodiumError as error:
        return (f"the champion's signature cannot be read: {error.what}",), ""
    if promised is None:
        return (), "the champion has none to compare with"
    if files.signature is None and files.problem:
        return ("its own signature cannot be read",), ""
    return incompatible(promised, files.signature), "compatible"


def _with_manifest(folder: Path, *, answering: bool) -> Files:
    from podium.artifact.example import example_rows
    from podium.artifact.scoring.errors import BrokenArtifact
    from podium.artifact.scoring.manifest import MANIFEST, CheckedFiles, digest_of
    from podium.artifact.scoring.opening import open_checked

    found = Files(digest_of((folder / MANIFEST).read_bytes()), None, "", "intact", None)
    try:
        files = CheckedFiles.open(folder)
        found = replace(found, signature=_signature(folder))
        if answering:
            scorer, rows = open_checked(files), example_rows(files)
            scorer.score_rows(rows)
            found = replace(found, answered=f"loads and answers {len(rows)} example rows")
    except DataError as error:
        return _with_problem(found, error.what)
    except (BrokenArtifact, ValueError) as error:
        return _with_problem(found, str(error))
    return found


def _without_manifest(folder: Path, *, answering: bool) -> Files:
    from podium.artifact.answering import answer_example
    from podium.artifact.scoring.errors import BrokenArtifact
    from podium.artifact.scoring.manifest import build_manifest, digest_of

    try:
        manifest = build_manifest(folder)
    except BrokenArtifact as error:
        return Files("", None, str(error), "", None)
    listed = {path: file["sha256"] for path, file in json.loads(manifest)["files"].items()}
    found = Files(digest_of(manifest), listed, "", "there", None)
    try:
        found = replace(found, signature=_signature(folder))
        return replace(found, answered=answer_example(folder)) if answering else found
    except PodiumError as error:
        return _with_problem(found, error.what)


def _with_problem(files: Files, problem: str) -> Files:
    return replace(files, problem=problem, answered="")


def _signature(folder: Path) -> Signature | None:
    """Raises DataError for one that cannot be read."""
    file = folder / "MLmodel"
    return signature_of(keys_of(file.read_bytes())) if file.is_file() else None
