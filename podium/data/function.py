"""Tables that a function of the user's makes: `module:function`."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podium.data.columns import Columns
from podium.data.source import TableSource
from podium.data.user_code import call, check_table, function_named, importable

if TYPE_CHECKING:
    import pandas as pd

_HOW = "It is called without arguments, or with columns=; make it return a table."


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
        from podium.data.tabular import only

        with importable(self.base, self.source):
            function = function_named(self.source, "source")
            given: dict[str, Any] = {}
            if "columns" in inspect.signature(function).parameters:
                given["columns"] = None if columns is None else list(columns.names)
            made = call(function, given, self.source, "source", _HOW)
        return only(check_table(made, self.source, "source"), columns, self.source)


def resolve_function(source: str, base: Path) -> FunctionSource:
    """The function that `source` names.

    Raises:
        DataError: Its module cannot be imported, or holds no such function.
    """
    with importable(base, source):
        function_named(source, "source")
    return FunctionSource(source, "function", source, base=base)
