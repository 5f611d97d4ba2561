"""Files that are there whole or not at all, and locks between processes."""

from __future__ import annotations

import fcntl
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_STALE_SECONDS = 3600.0


def make_private(folder: Path) -> None:
    """Make `folder`, readable by its owner only."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def write_whole(file: Path, text: str, scratch: Path) -> None:
    """Write `file` so that a crash at any time leaves the old one or the new one.

    `scratch` is a folder of the same file system, for what is not whole yet.
    """
    make_private(scratch)
    make_private(file.parent)
    temporary = scratch / f"{file.name}.{uuid.uuid4().hex}"
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(descriptor)
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)
    _sync(file.parent)


def names_in(folder: Path) -> list[str]:
    """The names of the notices in `folder`, sorted; none where there is no folder."""
    try:
        return sorted(name for name in os.listdir(folder) if name.endswith(".json"))
    except FileNotFoundError:
        return []


def sweep(scratch: Path, now: float | None = None) -> None:
    """Remove from `scratch` what processes left there that ended in the middle of writing."""
    stale = (time.time() if now is None else now) - _STALE_SECONDS
    with suppress(FileNotFoundError):
        for file in scratch.iterdir():
            with suppress(FileNotFoundError):
                if file.stat().st_mtime < stale:
                    file.unlink()


@contextmanager
def locked(file: Path, *, is_patient: bool) -> Iterator[bool]:
    """Within the block this process holds the lock on `file`; it ends with the process too.

    Yields whether it does: always after waiting for it where `is_patient`.
    """
    make_private(file.parent)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if is_patient else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
