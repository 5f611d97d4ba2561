"""Arrow columns to one pandas table, a column at a time so that two copies never meet.

Arrow's own memory pools keep what was freed, while pandas needs it next. So strings are joined in
the system's pool, CSV is read in it, and Arrow's own is told to give back.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from podium.data.types import TEXT

if TYPE_CHECKING:
    import pandas as pd

_DTYPES = {pa.int64(): "int64", pa.float64(): "float64", pa.bool_(): "bool"}


def to_frame(columns: Iterable[tuple[str, pa.ChunkedArray]]) -> pd.DataFrame:
    """The table of `columns`, each of which is taken only once the one before it is done.

    Columns are of the types that `podium.data.types.plain` makes.
    """
    import pandas as pd

    series = {}
    for name, column in columns:
        series[name] = _series(column)
        pa.default_memory_pool().release_unused()
    return pd.DataFrame(series, copy=False)


def _series(column: pa.ChunkedArray) -> pd.Series[Any]:
    import pandas as pd

    kind = column.type
    if kind == pa.int64() and column.null_count:
        kind = pa.float64()
    if pa.types.is_timestamp(kind):
        values = pd.Series(_filled(column, f"datetime64[{kind.unit}]"), copy=False)
        return values.dt.tz_localize("UTC").dt.tz_convert(kind.tz) if kind.tz else values
    if kind in _DTYPES and not (kind == pa.bool_() and column.null_count):
        return pd.Series(_filled(column, _DTYPES[kind]), copy=False)
    whole = column.combine_chunks(pa.system_memory_pool()) if kind == TEXT else column
    series: pd.Series[Any] = whole.to_pandas()
    return series


def _filled(column: pa.ChunkedArray, dtype: str) -> np.ndarray[Any, Any]:
    """The values in one writable array."""
    values = np.empty(len(column), dtype)
    start = 0
    for chunk in column.chunks:
        values[start : start + len(chunk)] = chunk.to_numpy(zero_copy_only=False)
        start += len(chunk)
    return values
