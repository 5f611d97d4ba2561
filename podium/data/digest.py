"""One digest for one content, whatever file it came from."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from podium.errors import DataError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_HEADER = b"podium content 1\n"
_BLOCK_ROWS = 1 << 17
_MISSING_TIME = np.iinfo(np.int64).min


def content_digest(df: pd.DataFrame) -> str:
    """SHA-256, in hex, of the names, kinds and values of all columns, in their order.

    Each column gives its name, its kind (number, string or time), the number of rows, and its
    values. Numbers and truth values are little-endian float64, with one NaN for all that is
    missing and 0.0 for -0.0. Strings are their lengths in bytes as int32, -1 for missing, and
    then their UTF-8. Points in time are int64 microseconds in UTC, a time without zone being
    taken for UTC. The index, and how memory is laid out, do not count.

    Raises:
        DataError: A column mixes kinds, or is of none of them.
    """
    named = ((str(name), df.iloc[:, position]) for position, name in enumerate(df.columns))
    return columns_digest(len(df), named)


def columns_digest(rows: int, columns: Iterable[tuple[str, pd.Series[Any]]]) -> str:
    """What `content_digest` gives for the table of these `columns`, each taken only once the one
    before it is done.
    """
    import pyarrow as pa

    digest = hashlib.sha256(_HEADER)
    for name, series in columns:
        try:
            kind, blocks = _content(series)
            label = name.encode()
            digest.update(struct.pack("<q", len(label)) + label + kind)
            digest.update(struct.pack("<q", rows))
            for block in blocks:
                digest.update(block)
        except (pa.ArrowException, TypeError, OverflowError) as error:
            raise DataError(
                f"Column {name!r} has no digest: {error}.",
                remedy="Give it one kind of value: numbers, strings or points in time.",
            ) from error
    return digest.hexdigest()


def _content(series: pd.Series[Any]) -> tuple[bytes, Iterator[Any]]:
    """The kind of a column, and the bytes of its values."""
    import pandas as pd

    types = pd.api.types
    if isinstance(series.dtype, np.dtype) and series.dtype.kind in "biuf":
        return b"number", _numbers(series.to_numpy())
    if types.is_datetime64_any_dtype(series.dtype) and not isinstance(series.dtype, pd.ArrowDtype):
        return b"time", _times(series)
    return _arrow_content(_to_arrow(series))


def _to_arrow(series: pd.Series[Any]) -> pa.ChunkedArray:
    import pyarrow as pa

    array = pa.array(series, from_pandas=True)
    column = array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array])
    if pa.types.is_dictionary(column.type):
        return column.cast(column.type.value_type)
    return column


def _arrow_content(column: pa.ChunkedArray) -> tuple[bytes, Iterator[Any]]:
    import pyarrow as pa

    kind, types = column.type, pa.types
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        return b"string", _strings(column.cast(pa.large_string()))
    if types.is_timestamp(kind) or types.is_date(kind):
        times = column.cast(pa.timestamp("us", getattr(kind, "tz", None)), safe=False)
        return b"time", iter((_filled_int64(times),))
    number = types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind)
    if number or types.is_decimal(kind) or types.is_null(kind):
        doubles = column.cast(pa.int8()) if types.is_boolean(kind) else column
        return b"number", _numbers(doubles.cast(pa.float64(), safe=False).to_numpy())
    raise TypeError(f"its values are {kind}")


def _numbers(values: np.ndarray[Any, Any]) -> Iterator[np.ndarray[Any, Any]]:
    for start in range(0, len(values), _BLOCK_ROWS):
        block = values[start : start + _BLOCK_ROWS].astype("<f8") + 0.0
        block[np.isnan(block)] = np.nan
        yield block


def _times(series: pd.Series[Any]) -> Iterator[np.ndarray[Any, Any]]:
    """Dates with a zone are stored as UTC already, so that only the unit has to be made one."""
    stored = series.dt.tz_convert(None) if getattr(series.dtype, "tz", None) else series
    for start in range(0, len(stored), _BLOCK_ROWS):
        block = stored.iloc[start : start + _BLOCK_ROWS].to_numpy()
        yield block.astype("datetime64[us]").astype("<i8")


def _filled_int64(times: pa.ChunkedArray) -> np.ndarray[Any, Any]:
    import pyarrow as pa

    filled = times.cast(pa.int64()).fill_null(int(_MISSING_TIME)).to_numpy()
    return np.ascontiguousarray(filled, dtype="<i8")


def _strings(column: pa.ChunkedArray) -> Iterator[Any]:
    """First all lengths, then all bytes, so that chunks leave no trace."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for chunk in column.chunks:
        lengths = pc.binary_length(chunk).cast(pa.int32()).fill_null(-1)
        yield np.ascontiguousarray(lengths.to_numpy(zero_copy_only=False), dtype="<i4")
    for chunk in column.chunks:
        # A missing value may still point at bytes; filling drops them.
        yield _bytes_of(chunk.fill_null("") if chunk.null_count else chunk)


def _bytes_of(chunk: pa.LargeStringArray) -> memoryview:
    _, offsets, content = chunk.buffers()
    if content is None or len(chunk) == 0:
        return memoryview(b"")
    ends = np.frombuffer(offsets, dtype=np.int64)
    return memoryview(content)[ends[chunk.offset] : ends[chunk.offset + len(chunk)]]
