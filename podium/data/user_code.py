"""Functions of the user's that make tables: found by `module:function`, and called."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
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
_PYTHONS = sys.stdlib_module_names
_INSTALLED = {"site-packages", "dist-packages", "lib-dynload"}


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
        if isinstance(error, UnicodeEncodeError) and error.reason == "surrogates not allowed":
            raise not_unicode(f"The {key} {reference!r} failed", error) from error
        raise DataError(
            f"The {key} {reference!r} failed with {type(error).__name__}: {error}.", remedy=how
        ) from error


def not_unicode(where: str, error: UnicodeEncodeError) -> DataError:
    """The error for text with half a surrogate pair in it."""
    return DataError(
        f"{where}: text must be valid Unicode, and {error.object[error.start : error.end]!r} "
        "is not.",
        remedy="Decode the bytes with their encoding, or with errors='replace'.",
    )


def check_table(made: object, reference: str, key: str) -> pd.DataFrame:
    """`made` where it is a table that names each column once; its names made strings.

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
    names = tuple(str(name) for name in made.columns)
    check_unique(names, f"The table of {reference}")
    for name in names:
        try:
            name.encode()
        except UnicodeEncodeError as error:
            raise not_unicode(f"The table of {reference}, column {name!r}", error) from error
    if names != tuple(made.columns):
        made = made.copy(deep=False)
        made.columns = pd.Index(names)
    return made


def check_names(made: object, reference: str, key: str) -> tuple[str, ...]:
    """`made` where it is a sequence of strings, each there once: the names of columns.

    Raises:
        DataError: It is none.
    """
    from podium.data.csv_header import check_unique

    listed = made.tolist() if hasattr(made, "tolist") else made
    if not isinstance(listed, list | tuple) or not all(isinstance(name, str) for name in listed):
        raise DataError(
            f"The {key} {reference!r} returned {made!r:.60}, not the names of columns.",
            remedy="Make the function return a list of strings.",
        )
    check_unique(tuple(listed), f"The list of {reference}")
    return tuple(listed)


@contextmanager
def importable(base: Path, reference: str) -> Iterator[None]:
    """`base` in front of the import path, for the module in `reference` and those it imports.

    Modules that were imported from elsewhere under a name that `base` has too (two projects may
    each have a `loader.py` and a `cleaning.py`) are set aside for the time being. What is imported
    from `base` meanwhile is forgotten afterwards, so that no other project gets it.
    """
    path, top = str(base.absolute()), reference.partition(":")[0].partition(".")[0]
    importlib.invalidate_caches()
    aside = _take(_strangers(path, top))
    before = _tops()
    sys.path.insert(0, path)
    try:
        yield
    finally:
        _take({name for name in _tops() - before if _is_below(sys.modules[name], path)})
        sys.path.remove(path)
        sys.modules.update(aside)


def _tops() -> set[str]:
    return {name for name in list(sys.modules) if "." not in name}


def _strangers(path: str, top: str) -> set[str]:
    """Names of imported modules that the folder `path` has too. Of Python's own, only `top`."""
    here = {module.name for module in pkgutil.iter_modules([path])}
    names = here - (_PYTHONS - {top}) - {"__main__", "podium"}
    return {name for name in names & _tops() if path not in map(str, _places(sys.modules[name]))}


def _is_below(module: ModuleType, path: str) -> bool:
    """Whether it comes from the folder `path`; packages installed below it do not count."""
    below = [place.relative_to(path) for place in _places(module) if place.is_relative_to(path)]
    return any(not _INSTALLED & set(place.parts) for place in below)


def _places(module: ModuleType) -> list[Path]:
    """The folders in which a module of one word, or a package, was found."""
    found = list(getattr(module, "__path__", ())) or [getattr(module, "__file__", None)]
    return [Path(each).absolute().parent for each in found if each]


def _take(names: set[str]) -> dict[str, ModuleType]:
    """Takes the modules called so, and those within them, out of the imported ones."""
    found = {n: m for n, m in list(sys.modules.items()) if n.partition(".")[0] in names}
    for name in found:
        del sys.modules[name]
    return found
