"""The compiled form of a version as a folder of its own, for where there is no Podium."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from podium.artifact.edge.contents import write_contents
from podium.artifact.edge.guide import Facts
from podium.artifact.example import example_rows
from podium.artifact.scoring import AnyScorer, BrokenArtifact
from podium.artifact.scoring.compiled import CompiledScorer
from podium.artifact.scoring.manifest import MANIFEST, CheckedFiles
from podium.artifact.scoring.opening import MODEL, MODEL_LIMIT_BYTES, open_checked, parity_in
from podium.artifact.scoring.proof import Parity
from podium.errors import PodiumError, UsageError


@dataclass(frozen=True)
class Origin:
    """Which registered version is exported, and the digest that it is registered with, if any."""

    name: str
    version: int
    digest: str | None = None

    def __str__(self) -> str:
        return f"{self.name} version {self.version}"


@dataclass(frozen=True)
class Exported:
    """What was written: `sizes_bytes` by file name, and `parity`: what parity.json says."""

    folder: Path
    digest: str
    sizes_bytes: Mapping[str, int]
    parity: Parity


def export(artifact: Path, origin: Origin, folder: Path) -> Exported:
    """Write the compiled form of the artifact in `artifact` to `folder`, with all it takes to use.

    `folder` appears whole or not at all. Raises PodiumError where the artifact is not the one that
    was registered or has no proved compiled form, and UsageError where `folder` is taken.
    """
    check_free(folder)
    try:
        files = _checked(artifact, origin)
        parity = _proof(files, origin)
        scorer = _compiled(open_checked(files), origin, parity)
        model, example = files.read(MODEL, MODEL_LIMIT_BYTES), example_rows(files)
    except BrokenArtifact as error:
        raise PodiumError(
            f"The files of {origin} cannot be trusted: {error}.",
            remedy="Nothing was written. Restore them in the artifact store, or train anew.",
        ) from error
    facts = Facts(origin.name, origin.version, files.digest, model, scorer, parity)
    with _appearing(folder) as partial:
        write_contents(partial, facts, example)
        sizes = {path.name: path.stat().st_size for path in sorted(partial.iterdir())}
    return Exported(folder, files.digest, sizes, parity)


def check_free(folder: Path) -> None:
    """Raises UsageError where something is at `folder` already; an empty folder may be."""
    remedy = "Name a folder that is not there yet."
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file.", remedy=remedy)
    if folder.is_dir() and any(folder.iterdir()):
        raise UsageError(
            f"The folder {folder} is not empty; nothing is overwritten.", remedy=remedy
        )
    if folder.resolve() == Path.cwd():  # it is replaced, which leaves a shell nowhere
        raise UsageError(f"{folder} is the current folder.", remedy=remedy)


def _checked(artifact: Path, origin: Origin) -> CheckedFiles:
    if not (artifact / MANIFEST).exists():
        raise PodiumError(
            f"{origin} has no {MANIFEST}: Podium did not log it, or somebody removed the file.",
            remedy="Nothing was written. Export a version that podium train has registered.",
        )
    files = CheckedFiles.open(artifact)
    if origin.digest is not None and origin.digest != files.digest:
        raise PodiumError(
            f"The files of {origin} have the digest {files.digest[:12]}, but it is registered with "
            f"{origin.digest[:12]}.",
            remedy="Nothing was written. Somebody replaced the files or changed podium.digest.",
        )
    return files


def _proof(files: CheckedFiles, origin: Origin) -> Parity:
    """What parity.json says. Raises PodiumError where it says that there is no proof."""
    parity = parity_in(files)
    if not parity.reason:
        return parity
    raise PodiumError(
        f"{origin} has no compiled form: {parity.reason}.",
        remedy="Train another: with another --estimator, or calibration: sigmoid instead of "
        "isotonic; train says whether it could compile. "
        "This version runs wherever Python does: its model folder holds all it takes.",
    )


def _compiled(scorer: AnyScorer, origin: Origin, parity: Parity) -> CompiledScorer:
    if isinstance(scorer, CompiledScorer):
        return scorer
    proved = parity.onnxruntime
    raise PodiumError(
        f"The compiled form of {origin} was proved with onnxruntime {proved}; here it does not "
        "load, or answers otherwise.",
        remedy=f"pip install onnxruntime=={proved}, or train the version anew on this machine.",
    )


@contextmanager
def _appearing(folder: Path) -> Iterator[Path]:
    """A folder beside `folder`, which becomes it at the end of the block."""
    target = folder.resolve()
    partial = target.with_name(f".{target.name}.{uuid.uuid4().hex[:12]}.partial")
    partial.mkdir(parents=True)
    try:
        yield partial
        if target.exists():
            target.rmdir()
        partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
