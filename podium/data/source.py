"""What a declared source of data is: something that has columns and can be read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from podium.data.columns import Columns

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["files", "s3", "bundled", "function"]


@dataclass(frozen=True)
class TableSource(ABC):
    """A table that was declared as `source` and found.

    `uri` says where it is, in full. `files` holds the paths or URIs behind it in the order in
    which their rows are read, and is empty where the table does not come from files.
    """

    source: str
    kind: Kind
    uri: str
    files: tuple[str, ...] = ()

    @abstractmethod
    def column_names(self) -> tuple[str, ...]:
        """The names of all columns, from headers and schemas alone where there are files.

        Where files differ, all their names in order of first appearance.

        Raises:
            DataError: A header cannot be read or names a column twice.
        """

    @abstractmethod
    def read(self, columns: Columns | None) -> pd.DataFrame:
        """The rows, with only the columns wanted in the order of their names; None means all.

        Numbers are int64 or float64 (where some are missing, float64), truth values bool,
        strings `str`, points in time datetime64; the index is 0 to n-1.

        Raises:
            DataError: A row is broken, a wanted column is missing, or there are no rows.
            NotFound: What was found when the source was resolved is gone.
        """
