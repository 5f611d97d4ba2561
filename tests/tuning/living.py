"""Whether processes are there, and waiting until they are not."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

_PATIENCE_SECONDS = 30.0


def is_alive(process: int) -> bool:
    """Whether the process runs; one that has ended and was not asked for by its parent does not."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait until it holds; the test fails where it does not come to that."""
    end = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, f"waited in vain until {what}"
        time.sleep(0.02)


def until_gone(processes: Iterable[int]) -> None:
    """Wait until none of them runs."""
    numbers = list(processes)
    until(lambda: not any(map(is_alive, numbers)), "the processes were gone")
