"""The code that comes with a version: each runs its own, also where names are the same."""

from __future__ import annotations

import importlib
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import ModuleType

# MLflow puts a version's code folder in front of `sys.path`, and what was imported from it stays in
# `sys.modules` under its plain name. Both belong to the whole process, hence one at a time.
_lock = threading.Lock()
_folders: dict[str, str] = {}


@contextmanager
def importing(model: str, folder: str | None) -> Iterator[None]:
    """Within the block a version of `model` imports its own code, from `folder`; None: has none.

    Modules of an earlier version are forgotten, so that their names mean this one's, and so are
    those of other models that have the same name. Where the block fails all is as it was.
    """
    # Who has no code of its own need not wait for others that load.
    with nullcontext() if folder is None else _lock:
        path, bytecode, folders = list(sys.path), sys.dont_write_bytecode, dict(_folders)
        forgotten = _forget(model, folder)
        sys.dont_write_bytecode = True  # the folder's files are those that were pinned, and no more
        try:
            yield
        except BaseException:
            _forget_from(folder)
            _folders.clear()
            _folders.update(folders)
            sys.path[:] = path
            sys.modules.update(forgotten)
            raise
        finally:
            sys.dont_write_bytecode = bytecode


def _forget(model: str, folder: str | None) -> dict[str, ModuleType]:
    before = _folders.pop(model, None)
    forgotten = _forget_from(before)
    sys.path[:] = [entry for entry in sys.path if entry not in (before, folder)]
    if folder is not None:
        tops = {path.stem for path in Path(folder).iterdir()}
        for other in _folders.values():
            forgotten |= _forget_from(other, tops)
        _folders[model] = folder
    importlib.invalidate_caches()
    return forgotten


def _forget_from(folder: str | None, tops: set[str] | None = None) -> dict[str, ModuleType]:
    """Take modules whose files lie in `folder` out of `sys.modules`, or those under `tops` only."""
    if folder is None:
        return {}
    gone = {
        name: module
        for name, module in list(sys.modules.items())
        if (tops is None or name.partition(".")[0] in tops) and _is_from(module, folder)
    }
    for name in gone:
        del sys.modules[name]
    return gone


def _is_from(module: ModuleType, folder: str) -> bool:
    own = getattr(module, "__dict__", {})  # not by its attributes, which some modules compute
    places = [own.get("__file__"), *(own.get("__path__") or ())]
    within = folder + os.sep
    return any(isinstance(place, str) and f"{place}{os.sep}".startswith(within) for place in places)
