"""The manifest: which files an artifact consists of, to the byte."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import BrokenArtifact
from .names import fault_of, first_twin, shown
from .plain_files import MOST_FILES, entry_of, open_file, paths_in, read_at_most
from .strict_json import read_json

MANIFEST = "podium.manifest.json"
MANIFEST_LIMIT_BYTES = 16 << 20
TOTAL_LIMIT_BYTES = 16 << 30
_NOT_OURS = {MANIFEST, "registered_model_meta"}  # MLflow writes the second one on download
_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class CheckedFiles:
    """The files of an artifact's folder, all of which were compared with its manifest once.

    folder: where they lie. digest: SHA-256 of the manifest, in hex. entries: size in bytes and
    SHA-256 of every listed file, by its path inside the folder.
    """

    folder: Path
    digest: str
    entries: Mapping[str, Mapping[str, Any]]

    @classmethod
    def open(cls, folder: Path, *, imported: bool = False) -> CheckedFiles:
        """Compare every file of `folder` with the manifest.

        `imported` lets pass what Python leaves in `__pycache__` when it imports the shipped code
        from there. Whoever is going to import it must not: Python would run such a file unseen.
        Raises BrokenArtifact, naming the first file that was changed, added, removed or swapped.
        """
        content = _read_manifest(folder)
        files = cls(folder, digest_of(content), _entries_of(read_json(content, MANIFEST)))
        present = {path for path in _ours(folder) if not (imported and _is_bytecode(path))}
        for path in sorted(present | set(files.entries)):
            if path not in present:
                raise BrokenArtifact(f"{path} is missing")
            if path not in files:
                raise BrokenArtifact(f"{path} is not in the manifest")
            files._check(path)
        return files

    def __contains__(self, path: object) -> bool:
        return path in self.entries

    def read(self, path: str, limit_bytes: int) -> bytes:
        """The bytes of a listed file, compared with the manifest again.

        The comparison is of the very bytes that are returned, so that a file that was swapped
        since the folder was checked is refused. Raises BrokenArtifact, naming the file.
        """
        if path not in self.entries:
            raise BrokenArtifact(f"{shown(path)} is not in the manifest")
        size = self.entries[path]["size"]
        if size > limit_bytes:
            raise BrokenArtifact(f"{path} has {size} bytes; at most {limit_bytes} are read")
        content = read_at_most(self.folder, path, size)
        if len(content) != size or digest_of(content) != self.entries[path]["sha256"]:
            raise _not_logged(path)
        return content

    def _check(self, path: str) -> None:
        """Like `read`, but for a file of any size, none of which is kept."""
        with open_file(self.folder, path) as file:
            if entry_of(file, self.entries[path]["size"]) != self.entries[path]:
                raise _not_logged(path)


def build_manifest(folder: Path) -> bytes:
    """The manifest of `folder` as canonical JSON: path, size and SHA-256 of every other file."""
    files = {}
    for path in _ours(folder):
        with open_file(folder, path) as file:
            files[path] = entry_of(file)
    return json.dumps({"schema": 1, "files": files}, sort_keys=True, indent=1).encode() + b"\n"


def write_manifest(folder: Path) -> str:
    """Write the manifest of `folder` into it and return its digest."""
    content = build_manifest(folder)
    (folder / MANIFEST).write_bytes(content)
    return digest_of(content)


def digest_of(manifest: bytes) -> str:
    """The digest of a version: SHA-256 of its manifest, in hex."""
    return hashlib.sha256(manifest).hexdigest()


def verify_manifest(folder: Path, *, imported: bool = False) -> str:
    """The digest of `folder`, after every file was compared with the manifest.

    `imported` and what is raised: as in `CheckedFiles.open`.
    """
    return CheckedFiles.open(folder, imported=imported).digest


def _read_manifest(folder: Path) -> bytes:
    content = read_at_most(folder, MANIFEST, MANIFEST_LIMIT_BYTES)
    if len(content) > MANIFEST_LIMIT_BYTES:
        raise BrokenArtifact(f"{MANIFEST} has more than {MANIFEST_LIMIT_BYTES} bytes")
    return content


def _entries_of(document: Any) -> dict[str, dict[str, Any]]:
    schema = document.get("schema") if isinstance(document, dict) else None
    if type(schema) is not int or schema != 1:
        raise BrokenArtifact(f"{MANIFEST} has schema {schema!r}; this code reads 1")
    files = document.get("files")
    if not isinstance(files, dict):
        raise BrokenArtifact(f"{MANIFEST} lists no files")
    if len(files) > MOST_FILES:
        raise BrokenArtifact(f"{MANIFEST} lists more than {MOST_FILES} files")
    for path, entry in files.items():
        fault = fault_of(path) or _fault_of_entry(entry)
        if fault:
            raise BrokenArtifact(f"{MANIFEST}: {path!r} {fault}")
    if (twin := first_twin(files)) is not None:
        raise BrokenArtifact(f"{MANIFEST}: {twin!r} differs from another path by spelling only")
    if sum(entry["size"] for entry in files.values()) > TOTAL_LIMIT_BYTES:
        raise BrokenArtifact(f"{MANIFEST} lists more than {TOTAL_LIMIT_BYTES} bytes")
    return files


def _fault_of_entry(entry: Any) -> str | None:
    if not isinstance(entry, dict) or set(entry) != {"size", "sha256"}:
        return "needs size and sha256, and nothing else"
    if type(entry["size"]) is not int or entry["size"] < 0:
        return "has a size that is no number of bytes"
    digest = entry["sha256"]
    if not isinstance(digest, str) or not _SHA256.fullmatch(digest):
        return "has a sha256 that is none"
    return None


def _ours(folder: Path) -> list[str]:
    return [path for path in paths_in(folder) if path not in _NOT_OURS]


def _is_bytecode(path: str) -> bool:
    """What Python leaves beside code that it imports from a folder that it may write to."""
    return path.endswith(".pyc") and path.split("/")[-2:-1] == ["__pycache__"]


def _not_logged(path: str) -> BrokenArtifact:
    return BrokenArtifact(f"{path} is not the file that was logged")
