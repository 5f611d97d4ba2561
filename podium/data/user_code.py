"""Functions of the user's that make tables: found by `module:function`, and called."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from podium.errors import DataError, PodiumError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

_WHERE = (
    "Modules are looked for beside project.yaml, or with --data in the current folder, before "
    "anywhere else; correct the name or the module."
)


def function_named(reference: str, key: str) -> Callable[..., object]:
    """The function that `reference`, the value of `key`, names. Import it within `importable`.

    Raises:
        DataError: Its module cannot be imported, or holds no such function.
    """
    module_name, _, name = reference.partition(":")
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        raise DataError(
            f"The {key} {reference!r}: importing {module_name!r} failed with "
            f"{type(error).__name__}: {error}.",
            remedy=_WHERE,
        ) from error
    function = getattr(module, name, None)
    if not callable(function):
        known = [name for name, value in vars(module).items() if inspect.isfunction(value)]
        raise DataError(
            f"The {key} {reference!r}: {module_name!r} has no function {name!r}.",
            remedy=did_you_mean(name, known) or "Correct the name, or write the function.",
        )
    return function  # type: ignore[no-any-return]


def call(
    function: Callable[..., object], given: Mapping[str, Any], reference: str, key: str, how: str
) -> Any:
    """What the function returns for `given`, as keyword arguments. `how` it is meant to be called.

    Raises:
        DataError: It fails. A PodiumError that it raises is passed on as it is.
    """
    try:
        return function(**given)
    except PodiumError:
        raise
    except Exception as error:
        raise DataError(
            f"The {key} {reference!r} failed with {type(error).__name__}: {error}.", remedy=how
        ) from error


def check_table(made: object, reference: str, key: str) -> pd.DataFrame:
    """`made` where it is a table that names each column once.

    Raises:
        DataError: It is none.
    """
    import pandas as pd

    from podium.data.csv_header import check_unique

    if not isinstance(made, pd.DataFrame):
        raise DataError(
            f"The {key} {reference!r} returned {type(made).__name__}, not a pandas DataFrame.",
            remedy="Make the function return a DataFrame.",
        )
    check_unique(tuple(str(name) for name in made.columns), f"The table of {reference}")
    return made


@contextmanager
def importable(base: Path, reference: str) -> Iterator[None]:
    """`base` in front of the import path, for the module in `reference`.

    Where another module of that name than the one in `base` was imported before (two projects may
    each have a `loader.py`), it is set aside for the time being.
    """
    path, top = str(base.absolute()), reference.partition(":")[0].partition(".")[0]
    aside = _set_aside(path, top)
    sys.path.insert(0, path)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(path)
        if aside:
            _modules_of(top, forget=True)
            sys.modules.update(aside)


def _set_aside(path: str, top: str) -> dict[str, ModuleType]:
    loaded = getattr(sys.modules.get(top), "__spec__", None)
    own = PathFinder.find_spec(top, [path])
    if loaded is None or own is None or own.origin is None or loaded.origin == own.origin:
        return {}
    return _modules_of(top, forget=True)


def _modules_of(top: str, *, forget: bool) -> dict[str, ModuleType]:
    found = {n: m for n, m in sys.modules.items() if n == top or n.startswith(f"{top}.")}
    if forget:
        for name in found:
            del sys.modules[name]
    return found
