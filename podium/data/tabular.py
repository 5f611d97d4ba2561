"""Files of one table to one pandas table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from podium.data.columns import Columns
from podium.data.csv_header import CsvHeader, read_header
from podium.data.csv_read import read_as_text, read_csv
from podium.data.datafile import DataFile
from podium.data.frame import to_frame
from podium.data.parquet_read import read_parquet, read_schema_names
from podium.data.types import TEXT, final_type, plain
from podium.data.user_code import not_unicode
from podium.errors import DataError, UsageError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class _Part:
    """One file of the table, and its header."""

    file: DataFile
    header: CsvHeader

    @property
    def is_csv(self) -> bool:
        return self.file.format != "parquet"


def read_files(files: Sequence[DataFile], columns: Columns | None) -> pd.DataFrame:
    """The rows of all files, in the order of the files.

    Raises:
        DataError: A row is broken, a wanted column is missing in a file, or there are no rows.
        UsageError: No column is wanted.
        NotFound: A file is gone.
    """
    parts = [_Part(file, header_of(file)) for file in files]
    names = wanted(columns, union([part.header.names for part in parts]))
    for part in parts:
        require(names, part.header.names, part.file.name)
    tables = [_read(part, names, columns) for part in parts]
    check_rows(sum(table.num_rows for table in tables), _all_names(files))
    return to_frame(_columns(parts, tables, names, columns))


def header_of(file: DataFile) -> CsvHeader:
    """The header of a file; a Parquet file's has no delimiter."""
    if file.format == "parquet":
        if file.reading.header:
            raise DataError(
                f"{file.name} is Parquet, which names its columns; data.header is for CSV.",
                remedy="Remove data.header.",
            )
        return CsvHeader(read_schema_names(file.open(), file.name), "")
    return read_header(file.open(), file.name, file.reading.header)


def union(headers: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Every name once, in order of first appearance."""
    return tuple(dict.fromkeys(name for names in headers for name in names))


def wanted(columns: Columns | None, found: tuple[str, ...]) -> tuple[str, ...]:
    """The names to read: those of `columns`, or all that were `found`.

    Raises:
        UsageError: `columns` names none.
    """
    names = found if columns is None else columns.names
    if not names:
        raise UsageError("No column is wanted from the table.", remedy="Name at least one.")
    return names


def require(names: tuple[str, ...], found: tuple[str, ...], where: str) -> None:
    """Refuses a table that lacks one of the columns `names`.

    Raises:
        DataError: With the first one missing, and the names that come near it.
    """
    for name in names:
        if name not in found:
            raise DataError(
                f"{where} has no column {name!r}.",
                remedy=did_you_mean(name, found) or "Correct the name, or add the column.",
            )


def only(table: pd.DataFrame, columns: Columns | None, where: str) -> pd.DataFrame:
    """The columns wanted of a table that somebody's code made, its index from 0.

    Raises:
        DataError: One of them is missing or not Unicode, or there are no rows.
    """
    found = tuple(table.columns)
    names = wanted(columns, found)
    require(names, found, f"The table of {where}")
    check_rows(len(table), f"the table of {where}")
    for name in names:
        _check_unicode(name, table[name], f"The table of {where}")
    return table[list(names)].reset_index(drop=True)


def _check_unicode(name: str, series: pd.Series[Any], where: str) -> None:
    """Refuses half a surrogate pair, which Python's strings may hold and no file can."""
    import pandas as pd

    values = series.cat.categories if isinstance(series.dtype, pd.CategoricalDtype) else series
    in_python = values.dtype.kind == "O" and getattr(values.dtype, "storage", "") != "pyarrow"
    try:
        for value in values if in_python else ():
            if isinstance(value, str) and not value.isascii():
                value.encode()
    except UnicodeEncodeError as error:
        raise not_unicode(f"{where}, column {name!r}", error) from error


def check_rows(rows: int, where: str) -> None:
    """Refuses a table without rows.

    Raises:
        DataError: `rows` is 0.
    """
    if rows == 0:
        raise DataError(f"There are no rows in {where}.", remedy="Name a table that has rows.")


def _read(part: _Part, names: tuple[str, ...], columns: Columns | None) -> pa.Table:
    if part.is_csv:
        return read_csv(part.file, part.header, names, columns)
    return _without_words(read_parquet(part.file, names), part.file.reading.missing)


def _without_words(table: pa.Table, missing: tuple[str, ...]) -> pa.Table:
    """The table with its strings and numbers that are among `missing` as missing values."""
    for place, name in enumerate(table.column_names if missing else ()):
        column = plain(table[name])
        words = _words_as(column.type, table[name].type, missing)
        if words is not None:
            kept = pc.if_else(pc.is_in(column, words), pa.scalar(None, column.type), column)
            table = table.set_column(place, name, kept)
    return table


def _words_as(kind: pa.DataType, stored: pa.DataType, words: tuple[str, ...]) -> pa.Array | None:
    """The `words` that values of the type `kind` can be, in it; None where it takes none.

    Numbers `stored` with fewer bits are compared as such: -99.9 is another one in 32 than in 64.
    """
    if kind == TEXT:
        return pa.array(words, TEXT)
    numbers = [number for number in map(_number, words) if number is not None]
    if kind == pa.int64():
        whole = [int(number) for number in numbers if number == number.to_integral_value()]
        return pa.array([number for number in whole if abs(number) < 1 << 63], kind)
    if kind != pa.float64():
        return None
    doubles = pa.array(map(float, numbers), kind)
    bits = stored.value_type if pa.types.is_dictionary(stored) else stored
    return doubles.cast(bits, safe=False).cast(kind) if pa.types.is_floating(bits) else doubles


def _number(word: str) -> Decimal | None:
    try:
        number = Decimal(word)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _columns(
    parts: list[_Part], tables: list[pa.Table], names: tuple[str, ...], columns: Columns | None
) -> Iterator[tuple[str, pa.ChunkedArray]]:
    """Each column of all `tables` in one type; takes it out of the tables."""
    for name in names:
        pieces = [plain(table[name]) for table in tables]
        tables[:] = [table.drop_columns([name]) for table in tables]
        yield name, _joined(parts, pieces, name, final_type(name, pieces, columns))


def _joined(
    parts: list[_Part], pieces: list[pa.ChunkedArray], name: str, kind: pa.DataType
) -> pa.ChunkedArray:
    """The `pieces`, which it empties, as one column of the type `kind`."""
    cast = [_cast(part, pieces.pop(0), name, kind) for part in parts]
    return pa.chunked_array([chunk for piece in cast for chunk in piece.chunks], kind)


def _cast(part: _Part, piece: pa.ChunkedArray, name: str, kind: pa.DataType) -> pa.ChunkedArray:
    """`piece` in the type `kind`; what a CSV file wrote is read again rather than rewritten."""
    if part.is_csv and kind == TEXT and piece.type not in (TEXT, pa.null()):
        return read_as_text(part.file, part.header, (name,))[name]
    try:
        return piece.cast(kind, safe=kind != pa.float64())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(
            f"{part.file.name}: column {name!r} is {piece.type}, and {kind} in another file.",
            remedy="Write the column with one type in all files.",
        ) from error


def _all_names(files: Sequence[DataFile]) -> str:
    first = files[0].name
    return first if len(files) == 1 else f"{first} and {len(files) - 1} more files"
