"""The folder that workers keep their counters in, so that each of them can tell those of all."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = "podium-metrics-"
_YOUNG_SECONDS = 60.0


@contextmanager
def metrics_folder(below: Path) -> Iterator[Path]:
    """A new folder in `below`, or where temporary files are if that cannot be written to.

    It is locked while the block lasts, and gone after it; those that killed servers left in `below`
    go too.
    """
    folder = _made(below)
    lock = os.open(folder, os.O_RDONLY)
    try:
        _lock(lock)
        _sweep(below)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _made(below: Path) -> Path:
    try:
        below.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=_PREFIX, dir=below))
    except OSError:
        return Path(tempfile.mkdtemp(prefix=_PREFIX))


def _lock(folder: int) -> bool:
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _sweep(below: Path) -> None:
    with suppress(OSError):
        for folder in below.glob(f"{_PREFIX}*"):
            if time.time() - folder.stat().st_mtime > _YOUNG_SECONDS:  # else not yet locked, maybe
                _remove_if_left(folder)


def _remove_if_left(folder: Path) -> None:
    lock = os.open(folder, os.O_RDONLY)
    try:
        if _lock(lock):
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)
