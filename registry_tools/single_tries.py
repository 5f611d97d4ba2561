"""Requests that MLflow's HTTP client makes once, where it would repeat them by itself."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_inside = 0
_before: dict[str, str | None] = {}
_TIMEOUT = "MLFLOW_HTTP_REQUEST_TIMEOUT"
_SETTINGS = {
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    _TIMEOUT: "30",
}


@contextmanager
def single_tries() -> Iterator[None]:
    """Within the block MLflow's HTTP client tries once: it would repeat a POST whose reply was
    lost, and wait for minutes. A shorter time than ours that the environment sets holds. The
    setting is the process's; the last thread out restores it.
    """
    global _inside
    with _lock:
        if not _inside:
            _before.update({name: os.environ.get(name) for name in _SETTINGS})
            os.environ.update(_SETTINGS)
            os.environ[_TIMEOUT] = _shorter(_SETTINGS[_TIMEOUT], _before[_TIMEOUT])
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                for name, value in _before.items():
                    if value is None:
                        os.environ.pop(name, None)
                    else:
                        os.environ[name] = value


def _shorter(ours: str, theirs: str | None) -> str:
    if theirs is None or not theirs.isdecimal() or int(theirs) == 0:
        return ours
    return min(ours, theirs, key=int)
