"""The header of a CSV file, and what separates its fields."""

from __future__ import annotations

import csv
import io
import zlib
from collections import Counter
from dataclasses import dataclass
from typing import IO

from podium.errors import DataError

_CANDIDATES = (",", ";", "\t")
_LONGEST = 1 << 20


@dataclass(frozen=True)
class CsvHeader:
    """The column names in file order, the delimiter, whether rows follow, and whether the names
    stand in the file.
    """

    names: tuple[str, ...]
    delimiter: str
    has_rows: bool = True
    has_header: bool = True


def lines_of(stream: IO[bytes]) -> io.TextIOWrapper:
    """`stream` as text whose line ends are kept; a byte that is not UTF-8 becomes a surrogate."""
    return io.TextIOWrapper(stream, "utf-8-sig", errors="surrogateescape", newline="")


def not_utf8(text: str) -> bool:
    return any("\udc80" <= character <= "\udcff" for character in text)


def read_header(stream: IO[bytes], name: str, given: tuple[str, ...] = ()) -> CsvHeader:
    """The header of the decompressed bytes of the file called `name`; closes `stream`.

    `given` are the names of columns where the first line is a row already.

    Fields of .tsv are separated by tabs. Fields of .csv are separated by the first of comma,
    semicolon and tab that the header holds.

    Raises:
        DataError: The file is empty, is not UTF-8 or not gzip, or names a column twice.
    """
    tab = name.lower().removesuffix(".gz").endswith(".tsv")
    try:
        with lines_of(stream) as lines:
            header = _first_record(lines, ("\t",) if tab else _CANDIDATES)
    except (EOFError, zlib.error, OSError) as error:
        raise cannot_be_read(name, error) from error
    except csv.Error as error:
        raise DataError(
            f"{name}, line 1: the header is broken ({error}).", remedy="Close the quote."
        ) from error
    if header is None:
        raise DataError(f"{name} is empty.", remedy="Give it a header and rows, or remove it.")
    if given:
        return _given_header(given, header, name)
    _check(header.names, name)
    return header


def _given_header(given: tuple[str, ...], first: CsvHeader, name: str) -> CsvHeader:
    """The header that is `given` for a file whose first record is `first`."""
    if len(first.names) != len(given):
        raise DataError(
            f"{name}, line 1: found {len(first.names)} fields, and data.header names "
            f"{len(given)} columns.",
            remedy="Name each column of the file, in its order, once.",
        )
    if first.names == given:
        raise DataError(
            f"{name}, line 1: the file has a header line, with the very names of data.header.",
            remedy="Remove data.header.",
        )
    return CsvHeader(given, first.delimiter, has_header=False)


def cannot_be_read(name: str, error: Exception) -> DataError:
    """The error for a file whose bytes cannot be had: cut off, or not what its name says."""
    return DataError(
        f"{name} cannot be read to its end: {error}.",
        remedy="It may be cut off, or not gzip; fetch or write it again.",
    )


def _first_record(lines: io.TextIOWrapper, delimiters: tuple[str, ...]) -> CsvHeader | None:
    """The first record that is not a blank line, split by the first delimiter that splits it."""
    text = _first_text(lines)
    if not text:
        return None
    delimiter = next(
        (one for one in delimiters if len(_split(text, one, strict=False)) > 1), delimiters[0]
    )
    has_rows = any(line.strip("\r\n") for line in lines)
    return CsvHeader(tuple(_split(text, delimiter, strict=True)), delimiter, has_rows)


def _first_text(lines: io.TextIOWrapper) -> str:
    """Lines up to the one where all quotes are closed."""
    text: list[str] = []
    length = quotes = 0
    for line in lines:
        if text or line.strip("\r\n"):
            text.append(line)
            length, quotes = length + len(line), quotes + line.count('"')
            if quotes % 2 == 0 or length > _LONGEST:
                break
    return "".join(text)


def _split(text: str, delimiter: str, *, strict: bool) -> list[str]:
    return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=strict))


def _check(names: tuple[str, ...], name: str) -> None:
    if any(not_utf8(column) for column in names):
        raise DataError(
            f"{name}, line 1: the header is not UTF-8.", remedy="Save the file as UTF-8."
        )
    check_unique(names, name)


def check_unique(names: tuple[str, ...], where: str) -> None:
    """Refuses a table that names a column twice.

    Raises:
        DataError: With the names that occur more than once.
    """
    twice = [repr(column) for column, times in Counter(names).items() if times > 1]
    if twice:
        raise DataError(
            f"{where} names columns more than once: {', '.join(twice)}.",
            remedy="Rename or drop all but one of each.",
        )
