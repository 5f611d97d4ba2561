"""A folder for what the trials of a search read, which does not outlive its process for long."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = "podium-search-"
_NAME = re.compile(rf"{_PREFIX}(\d+)-.*")


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder that only this user may read, removed with the block.

    Also removes those of processes that were killed before they could: they may hold much data,
    and data that is nobody's business.
    """
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        found = _NAME.fullmatch(left.name)
        if found is not None and not _is_there(int(found[1])):
            shutil.rmtree(left, ignore_errors=True)  # may be another user's
    with tempfile.TemporaryDirectory(prefix=f"{_PREFIX}{os.getpid()}-") as folder:
        yield Path(folder)


def _is_there(pid: int) -> bool:
    with suppress(PermissionError):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
    return True
