"""The manifest: which files an artifact consists of, to the byte."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .errors import BrokenArtifact

MANIFEST = "podium.manifest.json"
_NOT_OURS = {MANIFEST, "registered_model_meta"}  # MLflow writes the second one on download
_BLOCK_BYTES = 1 << 20


def build_manifest(folder: Path) -> bytes:
    """The manifest of `folder` as canonical JSON: path, size and SHA-256 of every other file."""
    files = {path: _entry(folder / path) for path in _paths(folder)}
    return json.dumps({"schema": 1, "files": files}, sort_keys=True, indent=1).encode() + b"\n"


def write_manifest(folder: Path) -> str:
    """Write the manifest of `folder` into it and return its digest."""
    content = build_manifest(folder)
    (folder / MANIFEST).write_bytes(content)
    return digest_of(content)


def digest_of(manifest: bytes) -> str:
    """The digest of a version: SHA-256 of its manifest, in hex."""
    return hashlib.sha256(manifest).hexdigest()


def verify_manifest(folder: Path, *, compiled: bool = False) -> str:
    """The digest of `folder`, after every file was compared with the manifest.

    `compiled` lets pass what Python leaves in `__pycache__` when it imports the shipped code from
    there. Whoever is going to import it must not: Python would run such a file unseen.
    Raises BrokenArtifact, naming the first file that was changed, added, removed or swapped.
    """
    try:
        content = (folder / MANIFEST).read_bytes()
        document = json.loads(content)
    except (OSError, ValueError) as error:
        raise BrokenArtifact(f"{MANIFEST} cannot be read: {error}") from None
    files = _files_of(document)
    present = {path for path in _paths(folder) if not (compiled and _is_compiled(path))}
    for path in sorted(present | set(files)):
        if path not in present:
            raise BrokenArtifact(f"{path} is missing")
        if path not in files:
            raise BrokenArtifact(f"{path} is not in the manifest")
        if _entry(folder / path) != files[path]:
            raise BrokenArtifact(f"{path} is not the file that was logged")
    return digest_of(content)


def _files_of(document: Any) -> dict[str, Any]:
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != 1:
        raise BrokenArtifact(f"{MANIFEST} has schema {schema!r}; this code reads 1")
    files = document.get("files")
    if not isinstance(files, dict):
        raise BrokenArtifact(f"{MANIFEST} lists no files")
    return files


def _paths(folder: Path) -> list[str]:
    return sorted(_plain_files(folder, ""))


def _plain_files(folder: Path, inside: str) -> Iterator[str]:
    for item in sorted(os.scandir(folder), key=lambda item: item.name):
        path = inside + item.name
        if item.is_symlink():
            raise BrokenArtifact(f"{path} is a link; an artifact holds plain files only")
        if item.is_dir():
            yield from _plain_files(Path(item.path), f"{path}/")
        elif not item.is_file():
            raise BrokenArtifact(f"{path} is not a plain file")
        elif path not in _NOT_OURS:
            yield path


def _is_compiled(path: str) -> bool:
    """What Python leaves beside code that it imports from a folder that it may write to."""
    return path.endswith(".pyc") and path.split("/")[-2:-1] == ["__pycache__"]


def _entry(path: Path) -> dict[str, Any]:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return {"size": path.stat().st_size, "sha256": digest.hexdigest()}
