"""Tables that a function of the user's makes: `module:function`."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from podium.data.columns import Columns
from podium.data.source import TableSource
from podium.errors import DataError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

_FORM = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


def is_function(source: str) -> bool:
    """Whether `source` has the form `module:function`."""
    return _FORM.fullmatch(source) is not None


@dataclass(frozen=True)
class FunctionSource(TableSource):
    """A function found on the import path with `base` in front of it.

    It takes no arguments, or `columns`: the names wanted, None meaning all.
    """

    base: Path = field(default_factory=Path)

    def column_names(self) -> tuple[str, ...]:
        """The names of all columns, for which the function has to be called."""
        return tuple(self.read(None).columns)

    def read(self, columns: Columns | None) -> pd.DataFrame:
        from podium.data.tabular import check_rows, require, wanted

        with _importable(self.base, self.source.partition(".")[0].partition(":")[0]):
            frame = _call(_function(self.source), self.source, columns)
        found = tuple(frame.columns)
        names = wanted(columns, found)
        require(names, found, f"The table of {self.source}")
        check_rows(len(frame), f"the table of {self.source}")
        return frame[list(names)].reset_index(drop=True)


def resolve_function(source: str, base: Path) -> FunctionSource:
    """The function that `source` names.

    Raises:
        DataError: Its module cannot be imported, or holds no such function.
    """
    with _importable(base, source.partition(".")[0].partition(":")[0]):
        _function(source)
    return FunctionSource(source, "function", source, base=base)


def _function(source: str) -> Callable[..., object]:
    module_name, _, name = source.partition(":")
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        raise DataError(
            f"The source {source!r}: importing {module_name!r} failed with "
            f"{type(error).__name__}: {error}.",
            remedy="Modules are looked for beside project.yaml, or with --data in the current "
            "folder, before anywhere else; correct the name or the module.",
        ) from error
    function = getattr(module, name, None)
    if not callable(function):
        known = [key for key, value in vars(module).items() if inspect.isfunction(value)]
        raise DataError(
            f"The source {source!r}: {module_name!r} has no function {name!r}.",
            remedy=did_you_mean(name, known) or "Correct the name, or write the function.",
        )
    return function  # type: ignore[no-any-return]


def _call(function: Callable[..., object], source: str, columns: Columns | None) -> pd.DataFrame:
    import pandas as pd

    from podium.data.csv_header import check_unique

    try:
        given: dict[str, Any] = {}
        if "columns" in inspect.signature(function).parameters:
            given["columns"] = None if columns is None else list(columns.names)
        frame = function(**given)
    except Exception as error:
        raise DataError(
            f"The source {source!r} failed with {type(error).__name__}: {error}.",
            remedy="It is called without arguments, or with columns=; make it return a table.",
        ) from error
    if not isinstance(frame, pd.DataFrame):
        raise DataError(
            f"The source {source!r} returned {type(frame).__name__}, not a pandas DataFrame.",
            remedy="Make the function return a DataFrame.",
        )
    check_unique(tuple(str(name) for name in frame.columns), f"The table of {source}")
    return frame


@contextmanager
def _importable(base: Path, top: str) -> Iterator[None]:
    """`base` in front of the import path.

    Where another `top` than the one in `base` was imported before (two projects may each have a
    `loader.py`), it is set aside for the time being.
    """
    path = str(base.absolute())
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
