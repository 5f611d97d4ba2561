"""Tables that a function beside project.yaml makes of the files of the source."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podium.data.columns import Columns
from podium.data.filed import FiledSource
from podium.data.source import TableSource
from podium.data.user_code import call, check_names, check_table, function_named, importable
from podium.errors import DataError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

_KEY = "loader"
_NAMES = "It is called with files and what data.options holds; make it return a list of names."
_OWN = ("files", "columns")


@dataclass(frozen=True)
class LoadedSource(TableSource):
    """The files of a source, and `loader`, which makes a table of them.

    It is called with `files` (local paths, in order), `columns` (the names wanted, None meaning
    all) and `options`. Where its module has a function of its name with `_columns` at the end,
    that one names the columns, from `files` and `options`; else the whole table is read for it.
    """

    inner: FiledSource = field(kw_only=True)
    loader: str = field(kw_only=True)
    folder: Path = field(kw_only=True)
    options: Mapping[str, Any] = field(kw_only=True)

    def column_names(self) -> tuple[str, ...]:
        with importable(self.folder, self.loader), self.inner.on_disk() as files:
            names = self._function(f"{self.loader}_columns")
            if names is None:
                return tuple(self._table(files, None).columns)
            asked = f"{self.loader}_columns"
            made = call(names, {"files": files, **self.options}, asked, _KEY, _NAMES)
        return check_names(made, asked, _KEY)

    def read(self, columns: Columns | None) -> pd.DataFrame:
        from podium.data.tabular import only

        with importable(self.folder, self.loader), self.inner.on_disk() as files:
            table = self._table(files, None if columns is None else list(columns.names))
        return only(table, columns, self.loader)

    def _table(self, files: list[Path], columns: list[str] | None) -> pd.DataFrame:
        function = function_named(self.loader, _KEY)
        given = {"files": files, "columns": columns, **self.options}
        return check_table(call(function, given, self.loader, _KEY, self._how()), self.loader, _KEY)

    def _function(self, reference: str) -> Any:
        try:
            return function_named(reference, _KEY)
        except DataError:
            return None

    def _how(self) -> str:
        options = "".join(f", {name}={value!r}" for name, value in self.options.items())
        return f"It is called with files and columns{options}; make it return a table."


def loaded(
    inner: FiledSource, loader: str, options: Mapping[str, Any], folder: Path
) -> LoadedSource:
    """The table that `loader`, a function of a module in `folder`, makes of the files of `inner`.

    Raises:
        DataError: There is no such function, or it takes no such options.
    """
    with importable(folder, loader):
        parameters = inspect.signature(function_named(loader, _KEY)).parameters
    known = [name for name in parameters if name not in _OWN]
    anything = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    for name in (*_OWN, *options):
        if name not in parameters and not anything:
            raise DataError(
                f"The loader {loader!r} takes no {name!r}.",
                remedy=did_you_mean(name, known)
                if name in options
                else "It is called with files=, columns= and what data.options holds.",
            )
    return LoadedSource(
        inner.source,
        inner.kind,
        inner.uri,
        inner.files,
        inner=inner,
        loader=loader,
        folder=folder,
        options=dict(options),
    )
