"""Parquet to Arrow: the schema, or only the columns wanted."""

from __future__ import annotations

from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from podium.data.csv_header import check_unique
from podium.data.datafile import DataFile, gone
from podium.errors import DataError


def read_schema_names(stream: IO[bytes], name: str) -> tuple[str, ...]:
    """The column names in file order; closes `stream`.

    Raises:
        DataError: It is not a whole Parquet file, or it names a column twice.
    """
    try:
        with stream:
            names = tuple(pq.read_schema(stream).names)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(name, error) from error
    check_unique(names, name)
    return names


def read_parquet(file: DataFile, names: tuple[str, ...]) -> pa.Table:
    """The columns `names` of a file, in that order.

    Raises:
        DataError: It is not a whole Parquet file.
        NotFound: It is gone.
    """
    try:
        with pq.ParquetFile(file.path, pre_buffer=False) as opened:
            return opened.read(columns=list(names)).select(list(names))
    except FileNotFoundError:
        raise gone(file.name) from None
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(file.name, error) from error


def _unreadable(name: str, error: Exception) -> DataError:
    return DataError(
        f"{name} cannot be read as Parquet: {error}.",
        remedy="It may be cut off, or not Parquet; fetch or write it again.",
    )
