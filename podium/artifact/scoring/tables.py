"""The entrances besides pandas: what callers send as JSON, Arrow or CSV, as a raw table.

Whichever entrance the same raw values come by, `Canonicaliser.transform` makes the same features
of them: nothing is cast, guessed or taken as missing here. Rows are told by position, from 0.
"""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .convert import sort_of
from .errors import InvalidTable

if TYPE_CHECKING:
    import pyarrow as pa

_SPLIT_KEYS = {"columns", "data", "index"}
# What pyarrow raises for values that Python has no type for: a date in the year 10000, a zone that
# is not known here, bytes that are no text. (pa.ArrowException is none of these.)
_NOT_IN_PYTHON = (ValueError, OverflowError, LookupError, NotImplementedError)


def table_of_records(
    records: Sequence[Mapping[str, Any]], only: Collection[str] | None = None
) -> pd.DataFrame:
    """The table of MLflow's `dataframe_records`: one object per row; a missing key is null.

    The columns are all that any row names, in the order in which they first come; where `only` is
    given, those of them that it names. A server should give it: of rows that each name another
    column, a small body makes a table of rows times rows.
    Raises InvalidTable for what is no list, and for a row that is no object.
    """
    for row, record in enumerate(_list(records, "the records")):
        if not isinstance(record, Mapping):
            raise InvalidTable(f"row {row}: expected an object, found {sort_of(record)}")
    sent = dict.fromkeys(name for record in records for name in record)
    names = [name for name in sent if only is None or name in only]
    values = (record.get(name) for name in names for record in records)
    return _table_of_objects(names, values, len(records))


def table_of_split(document: Mapping[str, Any]) -> pd.DataFrame:
    """The table of MLflow's `dataframe_split`: `columns` (names) and `data` (a list per row).

    `index` may be given, one entry per row, and is not used: the answer's rows are in order.
    Raises InvalidTable for another or a missing key, a name that is not text or comes twice, and a
    row that is no list or not as long as `columns`.
    """
    if not isinstance(document, Mapping):
        raise InvalidTable(f"expected an object, found {sort_of(document)}")
    if not {"columns", "data"} <= document.keys() <= _SPLIT_KEYS:
        raise InvalidTable('expected "columns", "data" and perhaps "index", and no other key')
    names, rows = _list(document["columns"], '"columns"'), _list(document["data"], '"data"')
    index = document.get("index")
    if index is not None and len(_list(index, '"index"')) != len(rows):
        raise InvalidTable(f'"index" has {len(index)} entries for {len(rows)} rows')
    return _table_of_rows(names, rows)


def table_of_arrow(table: pa.Table) -> pd.DataFrame:
    """The columns of an Arrow table, without loss: integers with nulls stay integers, a float32
    stays one, dates and decimals are Python's.

    The schema's columns are the columns: what pandas noted in it about an index is not heeded.
    A value that Python cannot hold (text that is not UTF-8, a date beyond the year 9999) stays
    Arrow's own scalar, which the canonicaliser refuses by column and row, as it does a list.
    Raises InvalidTable for a column name that comes twice.
    """
    names, index = _names(table.column_names), pd.RangeIndex(table.num_rows)
    columns = dict(enumerate(map(_series_of_arrow, table.columns)))
    return pd.DataFrame(columns, index, copy=False).set_axis(names, axis="columns")


def table_of_csv(content: bytes | str) -> pd.DataFrame:
    """The table of a CSV text (RFC 4180, UTF-8, BOM or not), whose first line names the columns.

    CSV has no types, so every value is text and is taken as text is by the other entrances. No
    word means missing, only emptiness does, quoted or not. Hence:
    - numbers are numbers in a numeric column, and 7, 7.0 and "7" are one category;
    - in a *category* a number is spelled without exponent if it is whole (1e16 is the category
      "1e16"), in a *text* column as it shall read ("7.0" stays "7.0");
    - `true` is the category that JSON's true is; `True` is another one, as the word says; in a
      numeric column write 1 and 0;
    - epoch seconds have nine digits or more, as in all text.

    A line is a row. In a table of one column a blank line is a row whose value is missing, also at
    the end (some writers write null so; to skip it would shift all later answers by one row); what
    follows the last line break is no line. In a wider table blank lines at the end are ignored, and
    one between rows is refused.
    Raises InvalidTable for another encoding, a name that comes twice, a row that is shorter or
    longer than the header, unbalanced quotes and a value beyond `csv.field_size_limit()`.
    """
    return _table_of_rows(*rows_of_csv(content))


def rows_of_csv(content: bytes | str) -> tuple[list[str], list[list[str]]]:
    """The names in the first line of a CSV text, and the values of each row, as `table_of_csv`
    reads them. Names and lengths of rows are not checked. Raises InvalidTable for the rest.
    """
    lines = _lines_of_csv(_decoded(content))
    names, rows = next(lines, []), list(lines)
    if not names or any("\0" in name for name in names):
        raise InvalidTable("the first line does not name the columns (in UTF-8)")
    if len(names) == 1:
        rows = [row or [""] for row in rows]
    while rows and not rows[-1]:
        rows.pop()
    return names, rows


def _list(value: Any, what: str) -> Sequence[Any]:
    if not isinstance(value, (list, tuple)):
        raise InvalidTable(f"{what}: expected a list, found {sort_of(value)}")
    return value


def _names(names: Sequence[Any]) -> pd.Index:
    """Column names, which may be any text (pandas alone would encode them as UTF-8)."""
    seen: dict[str, None] = {}
    for place, name in enumerate(names):
        if not isinstance(name, str):
            raise InvalidTable(f"the name of column {place}: expected text, found {sort_of(name)}")
        if name in seen:
            raise InvalidTable(f"column {name!r} is named twice")
        seen[name] = None
    return pd.Index(list(seen), dtype=object)


def _table_of_rows(names: Sequence[Any], rows: Sequence[Any]) -> pd.DataFrame:
    for number, row in enumerate(rows):
        found = len(_list(row, f"row {number}"))
        if found != len(names):
            raise InvalidTable(f"row {number}: expected {len(names)} values, found {found}")
    values = (row[place] for place in range(len(names)) for row in rows)
    return _table_of_objects(names, values, len(rows))


def _table_of_objects(names: Sequence[Any], values: Iterator[Any], rows: int) -> pd.DataFrame:
    """A table of `values`, which come column by column and stay what they are."""
    columns = _names(names)
    block = np.fromiter(values, dtype=object, count=len(names) * rows)
    by_row = block.reshape(len(names), rows).T
    return pd.DataFrame(by_row, pd.RangeIndex(rows), columns, dtype=object, copy=False)


def _series_of_arrow(column: pa.ChunkedArray) -> pd.Series:
    import pyarrow as pa

    try:
        return _typed_series(column)
    except (pa.ArrowException, *_NOT_IN_PYTHON):
        return pd.Series([_in_python(scalar) for scalar in column], dtype=object)


def _typed_series(column: pa.ChunkedArray) -> pd.Series:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_run_end_encoded(column.type):
        column = pc.run_end_decode(column)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_integer(column.type) or pa.types.is_boolean(column.type):
        return pd.Series(pd.arrays.ArrowExtensionArray(column))
    if pa.types.is_floating(column.type):
        return pd.Series(column.to_numpy())
    if pa.types.is_timestamp(column.type):
        return pd.Series(column.to_pandas())
    return pd.Series(column.to_pylist(), dtype=object)


def _in_python(scalar: pa.Scalar) -> Any:
    import pyarrow as pa

    try:
        return scalar.as_py()
    except (pa.ArrowException, *_NOT_IN_PYTHON):
        return scalar


def _decoded(content: bytes | str) -> str:
    if isinstance(content, str):
        return content.removeprefix("\ufeff")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidTable(f"CSV must be UTF-8; byte {error.start} is not") from None


def _lines_of_csv(text: str) -> Iterator[list[str]]:
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    for number in itertools.count(-1):
        try:
            yield next(lines)
        except StopIteration:
            return
        except csv.Error as error:
            where = f"row {number}" if number >= 0 else "the first line"
            raise InvalidTable(f"{where}: {error}") from None
