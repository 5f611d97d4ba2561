"""Few types instead of Arrow's many, and one type for a column that several files hold."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from podium.data.columns import Columns

TEXT = pa.large_string()
_UNITS = ("s", "ms", "us", "ns")


def plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The same values as int64, double, boolean, large string or timestamp where they can be.

    Dictionaries are decoded, decimals become doubles, dates timestamps, times of day strings and
    binary values strings where they are UTF-8. Anything else (lists, durations) stays.
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        return plain(pc.cast(column, kind.value_type))
    target = _plain_type(kind)
    try:
        return column if target == kind else column.cast(target)
    except pa.ArrowInvalid:
        integer = pa.types.is_integer(kind)
        return column.cast(pa.float64(), safe=False) if integer else column


def _plain_type(kind: pa.DataType) -> pa.DataType:
    checks = pa.types
    if checks.is_integer(kind):
        return pa.int64()
    if checks.is_floating(kind) or checks.is_decimal(kind):
        return pa.float64()
    if checks.is_date(kind):
        return pa.timestamp("ms" if kind == pa.date64() else "s")
    if checks.is_string(kind) or checks.is_time(kind) or _is_binary(kind):
        return TEXT
    return TEXT if checks.is_string_view(kind) else kind


def _is_binary(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def common_type(kinds: Sequence[pa.DataType], *, numeric: bool) -> pa.DataType:
    """The one type for values of all `kinds`, which `plain` made.

    Nothing but missing values gives way to anything; integers and doubles meet in double, truth
    values and numbers too where the column is wanted as numbers; points in time meet in the
    finer unit, in UTC where their zones differ; all else meets in strings.
    """
    known = list(dict.fromkeys(kind for kind in kinds if kind != pa.null()))
    if len(known) <= 1:
        return known[0] if known else pa.null()
    numbers = {pa.int64(), pa.float64(), *([pa.bool_()] if numeric else [])}
    if set(known) <= numbers:
        return pa.float64()
    if all(map(pa.types.is_timestamp, known)) and len({kind.tz is None for kind in known}) == 1:
        unit = max((kind.unit for kind in known), key=_UNITS.index)
        zones = {kind.tz for kind in known}
        return pa.timestamp(unit, zones.pop() if len(zones) == 1 else "UTC")
    return TEXT


def final_type(
    name: str, pieces: Sequence[pa.ChunkedArray], columns: Columns | None
) -> pa.DataType:
    """The type in which pandas is to get the column `name`, which comes in `pieces`.

    pandas would turn truth values with gaps into objects, and integers with gaps into floats,
    which a long number among texts does not survive.
    """
    numeric = columns is not None and name in columns.numeric
    text = columns is not None and name in columns.text and not numeric
    kind = common_type([piece.type for piece in pieces], numeric=numeric)
    if kind == pa.null():
        return TEXT if text else pa.float64()
    gaps = any(piece.null_count for piece in pieces)
    if gaps and text and (kind == pa.bool_() or kind == pa.int64()):
        return TEXT
    return pa.float64() if gaps and numeric and kind == pa.bool_() else kind
