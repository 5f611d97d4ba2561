"""Where a CSV file is broken: the slow second look, taken only after the fast one failed."""

from __future__ import annotations

import csv
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from podium.data.csv_header import CsvHeader, cannot_be_read, lines_of, not_utf8
from podium.data.datafile import DataFile
from podium.errors import DataError


def find_broken_row(
    file: DataFile, header: CsvHeader, names: tuple[str, ...], limit_bytes: int
) -> DataError | None:
    """The error for the first broken row, or None where every row is in order.

    A row is broken by too many or too few fields, a quote that is not closed or closes inside a
    field, a field longer than `limit_bytes`, or, in one of the columns `names`, bytes that are
    not UTF-8. Lines count from 1, the header's first, and a row that spans lines has the
    number of its first.
    """
    try:
        with _field_limit(limit_bytes), lines_of(file.open()) as lines:
            return _first_broken(lines, file.name, header, names)
    except (EOFError, zlib.error, OSError) as error:
        return cannot_be_read(file.name, error)


def _first_broken(
    lines: io.TextIOWrapper, name: str, header: CsvHeader, names: tuple[str, ...]
) -> DataError | None:
    reader = csv.reader(lines, delimiter=header.delimiter, strict=True)
    wanted = [header.names.index(column) for column in names]
    line = 1
    try:
        for row in reader:
            if row and (error := _problem(row, header, wanted, f"{name}, line {line}")):
                return error
            line = reader.line_num + 1
    except csv.Error as error:
        return DataError(
            f"{name}, line {line}: a quoted field is not closed where it should be ({error}).",
            remedy='Close the quote; a quote in a quoted field is written twice (""). Where quotes '
            "mean nothing, let a function read the file: data.loader in project.yaml, or --data "
            "module:function.",
        )
    return None


def _problem(row: list[str], header: CsvHeader, wanted: list[int], where: str) -> DataError | None:
    expected = len(header.names)
    if len(row) != expected:
        return DataError(
            f"{where}: found {len(row)} fields, expected {expected} as in the header.",
            remedy="Repair or remove the line; a field that holds the separator "
            f"{header.delimiter!r} or a line break stands in double quotes.",
        )
    for position in wanted:
        if not_utf8(row[position]):
            return DataError(
                f"{where}: column {header.names[position]!r} holds bytes that are not UTF-8.",
                remedy="Save the file as UTF-8.",
            )
    return None


@contextmanager
def _field_limit(limit_bytes: int) -> Iterator[None]:
    """An open quote must not swallow a whole big file, nor a long text be called broken."""
    before = csv.field_size_limit(limit_bytes)
    try:
        yield
    finally:
        csv.field_size_limit(before)
