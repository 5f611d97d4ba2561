"""CSV to Arrow: only the columns wanted, strictly, and with nothing but the empty field missing.

Types are inferred from the first block and then fixed, because pyarrow keeps the raw text of the
whole file in memory for as long as it has to guess. Where a later value does not fit, the file
is read once more with every type left open.
"""

from __future__ import annotations

from typing import IO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from podium.data.columns import Columns
from podium.data.csv_broken import find_broken_row
from podium.data.csv_header import CsvHeader, cannot_be_read
from podium.data.datafile import DataFile, gone
from podium.errors import DataError

_BLOCK_BYTES = 4 << 20
_TEXT = pa.large_string()


def read_csv(
    file: DataFile, header: CsvHeader, names: tuple[str, ...], columns: Columns | None
) -> pa.Table:
    """The columns `names` of a file; those in `columns.text` as strings.

    A column holds strings too where it holds the literal "nan", which is not missing, and where
    it is wanted as numbers but looks like dates.

    Raises:
        DataError: A row is broken, or the file ends too early; with the line.
        NotFound: The file is gone.
    """
    if not header.has_rows:
        return pa.table({name: pa.nulls(0) for name in names})
    text = set(columns.text) - set(columns.numeric) if columns else set()
    try:
        table = _typed_or_inferred(file, header, names, dict.fromkeys(text & set(names), _TEXT))
        unsuited = _unsuited(table, set(columns.numeric) if columns else set())
        return _replaced(table, read_as_text(file, header, unsuited)) if unsuited else table
    except FileNotFoundError:
        raise gone(file.name) from None
    except pa.ArrowInvalid as error:
        raise _broken(file, header, names, str(error)) from error
    except OSError as error:
        raise cannot_be_read(file.name, error) from error


def read_as_text(file: DataFile, header: CsvHeader, names: tuple[str, ...]) -> pa.Table:
    """The columns `names` as the strings that the file holds."""
    return _parse(file, header, names, dict.fromkeys(names, _TEXT))


def _typed_or_inferred(
    file: DataFile, header: CsvHeader, names: tuple[str, ...], text: dict[str, pa.DataType]
) -> pa.Table:
    try:
        return _parse(file, header, names, _first_types(file, header, names, text))
    except pa.ArrowInvalid as error:
        if "conversion error" not in str(error):
            raise
    return _parse(file, header, names, text)


def _first_types(
    file: DataFile, header: CsvHeader, names: tuple[str, ...], text: dict[str, pa.DataType]
) -> dict[str, pa.DataType]:
    """The types that the first block suggests; a column without values there is left open."""
    with (
        _CountingStream(file) as stream,
        pacsv.open_csv(stream, **_options(file, header, names, text)) as reader,
    ):
        return {field.name: field.type for field in reader.schema if field.type != pa.null()}


def _parse(
    file: DataFile, header: CsvHeader, names: tuple[str, ...], types: dict[str, pa.DataType]
) -> pa.Table:
    with _CountingStream(file) as stream:
        options = _options(file, header, names, types)
        table = pacsv.read_csv(stream, **options, memory_pool=pa.system_memory_pool())
        odd = stream.quotes % 2 == 1
    binary = any(pa.types.is_binary(field.type) for field in table.schema)
    if (odd or binary) and (error := find_broken_row(file, header, names, _BLOCK_BYTES)):
        raise error
    return table


def _options(
    file: DataFile, header: CsvHeader, names: tuple[str, ...], types: dict[str, pa.DataType]
) -> dict[str, object]:
    given = None if header.has_header else list(header.names)
    return {
        "read_options": pacsv.ReadOptions(block_size=_BLOCK_BYTES, column_names=given),
        "parse_options": pacsv.ParseOptions(delimiter=header.delimiter, newlines_in_values=True),
        "convert_options": pacsv.ConvertOptions(
            include_columns=list(names),
            column_types=types,
            null_values=["", *file.reading.missing],
            strings_can_be_null=True,
            true_values=["true", "True", "TRUE"],
            false_values=["false", "False", "FALSE"],
        ),
    }


def _unsuited(table: pa.Table, numeric: set[str]) -> tuple[str, ...]:
    """The columns that have to be read again as strings."""
    return tuple(
        field.name
        for field in table.schema
        if (field.name in numeric and pa.types.is_temporal(field.type))
        or (pa.types.is_floating(field.type) and pc.any(pc.is_nan(table[field.name])).as_py())
    )


def _replaced(table: pa.Table, other: pa.Table) -> pa.Table:
    for name in other.column_names:
        table = table.set_column(table.column_names.index(name), name, other[name])
    return table


def _broken(file: DataFile, header: CsvHeader, names: tuple[str, ...], said: str) -> DataError:
    return find_broken_row(file, header, names, _BLOCK_BYTES) or DataError(
        f"{file.name} cannot be read as CSV: {said}.",
        remedy=f"Repair the file; a row may hold at most {_BLOCK_BYTES >> 20} MiB.",
    )


class _CountingStream:
    """The decompressed bytes for pyarrow, counting quotes as they pass.

    pyarrow takes a quote that is never closed for a field that goes on to the end of the file.
    An odd number of quotes gives such a file away.
    """

    def __init__(self, file: DataFile) -> None:
        raw = pa.OSFile(str(file.path))
        self._stream: IO[bytes] = pa.CompressedInputStream(raw, "gzip") if file.gzipped else raw
        self.closed = False
        self.quotes = 0

    def read(self, size: int = -1) -> bytes:
        block = self._stream.read(size)
        self.quotes += block.count(b'"')
        return block

    def close(self) -> None:
        self._stream.close()
        self.closed = True

    def __enter__(self) -> _CountingStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
