"""The code that comes with a version: the next version of a model runs its own."""

from __future__ import annotations

import importlib
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import ModuleType

from serving.errors import NotServable

# MLflow puts a version's code folder in front of `sys.path`, and what was imported from it stays in
# `sys.modules` under its plain name. Both belong to the whole process, hence one at a time, and one
# model only with a name: else what a model imports later could be another model's.
_lock = threading.Lock()
_LOCK_SECONDS = 120.0
_folders: dict[str, str] = {}


@contextmanager
def importing(model: str, folder: str | None) -> Iterator[None]:
    """Within the block a version of `model` imports its own code, from `folder`; None: has none.

    Modules of an earlier version are forgotten, so that their names mean this one's. Where the
    block fails all is as it was. Raises NotServable where another model's code has the same name,
    and where the import of another one does not come to its end.
    """
    # Who has no code of its own need not wait for others that load.
    with nullcontext() if folder is None else _alone():
        _check_names(model, folder)
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


@contextmanager
def _alone() -> Iterator[None]:
    if not _lock.acquire(timeout=_LOCK_SECONDS):
        raise NotServable(
            "The code of another version hangs while it is imported.",
            remedy="Start the server again without that version.",
        )
    try:
        yield
    finally:
        _lock.release()


def _check_names(model: str, folder: str | None) -> None:
    own = _names_in(folder)
    for other, its_folder in _folders.items():
        shared = own & _names_in(its_folder) if other != model else set()
        if shared:
            raise NotServable(
                f"The code of {model} and of {other} both hold {', '.join(sorted(shared))}, and a "
                "process has one module of a name.",
                remedy=f"Serve {model} by a podium serve of its own.",
            )


def _names_in(folder: str | None) -> set[str]:
    """What can be imported from the code of a version."""
    if folder is None or not Path(folder).is_dir():
        return set()
    return {path.stem for path in Path(folder).iterdir()} - {"__pycache__"}


def _forget(model: str, folder: str | None) -> dict[str, ModuleType]:
    before = _folders.pop(model, None)
    forgotten = _forget_from(before)
    sys.path[:] = [entry for entry in sys.path if entry not in (before, folder)]
    if folder is not None:
        _folders[model] = folder
    importlib.invalidate_caches()
    return forgotten


def _forget_from(folder: str | None) -> dict[str, ModuleType]:
    """Take modules whose files lie in `folder` out of `sys.modules`."""
    if folder is None:
        return {}
    gone = {name: module for name, module in list(sys.modules.items()) if _is_from(module, folder)}
    for name in gone:
        del sys.modules[name]
    return gone


def _is_from(module: ModuleType, folder: str) -> bool:
    own = getattr(module, "__dict__", {})  # not by its attributes, which some modules compute
    places = [own.get("__file__"), *(own.get("__path__") or ())]
    within = folder + os.sep
    return any(isinstance(place, str) and f"{place}{os.sep}".startswith(within) for place in places)
