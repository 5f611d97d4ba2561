"""The files of a folder that somebody else may have filled: plain files only, and not too many."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from .errors import BrokenArtifact
from .names import MOST_LEVELS, shown

MOST_FILES = 1_000  # and folders; MLflow and Podium write about thirty
_BLOCK_BYTES = 1 << 20
# A link in the place of a file is not followed, and a pipe is not waited for.
_OPEN_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_BINARY", 0)
)


def paths_in(folder: Path) -> list[str]:
    """The path of every file below `folder`, with `/` between its parts, in order.

    Raises BrokenArtifact, naming it, for anything that is no plain file or folder.
    """
    found = list(islice(_found(folder, ""), MOST_FILES + 1))
    if len(found) > MOST_FILES:
        raise BrokenArtifact(f"the folder holds more than {MOST_FILES} files")
    return sorted(path for path in found if not path.endswith("/"))


def open_file(folder: Path, path: str) -> BinaryIO:
    """A file of `folder`, open for reading. Raises BrokenArtifact for what is no plain file."""
    try:
        number = os.open(folder / path, _OPEN_FLAGS)
    except (OSError, ValueError) as error:
        raise BrokenArtifact(f"{path} cannot be read: {error}") from None
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise BrokenArtifact(f"{path} is not a plain file")
    return os.fdopen(number, "rb")


def read_at_most(folder: Path, path: str, limit_bytes: int) -> bytes:
    """The bytes of a file, or one byte more than the limit where there are more."""
    with open_file(folder, path) as file:
        try:
            return file.read(limit_bytes + 1)
        except OSError as error:
            raise BrokenArtifact(f"{path} cannot be read: {error}") from None


def entry_of(file: BinaryIO, size: int | None = None) -> dict[str, Any]:
    """Size and SHA-256 of an open file; without the SHA-256 where the size is not `size`.

    No more is read than the size that the file had at first, even if it grows meanwhile.
    """
    found, digest = os.fstat(file.fileno()).st_size, hashlib.sha256()
    if size is not None and size != found:
        return {"size": found}
    left = found
    while block := file.read(min(left, _BLOCK_BYTES)):
        digest.update(block)
        left -= len(block)
    return {"size": found - left, "sha256": digest.hexdigest()}


def _found(folder: Path, inside: str) -> Iterator[str]:
    """Files, and folders with a `/` at the end."""
    if inside.count("/") > MOST_LEVELS:
        raise BrokenArtifact(f"{inside} lies more than {MOST_LEVELS} folders deep")
    for item in _items(folder, inside):
        path = inside + item.name
        if not path.isprintable():
            raise BrokenArtifact(f"{shown(path)} has characters that cannot be printed")
        if item.is_symlink():
            raise BrokenArtifact(f"{path} is a link; an artifact holds plain files only")
        if item.is_dir(follow_symlinks=False):
            yield f"{path}/"
            yield from _found(Path(item.path), f"{path}/")
        elif item.is_file(follow_symlinks=False):
            yield path
        else:
            raise BrokenArtifact(f"{path} is not a plain file")


def _items(folder: Path, inside: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as items:
            found = list(islice(items, MOST_FILES + 1))
    except OSError as error:
        raise BrokenArtifact(f"{inside or 'the folder'} cannot be read: {error}") from None
    return sorted(found, key=lambda item: item.name)
