"""Whether a CSV file has a header line, by its first records."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from itertools import islice, pairwise

from podium.data.csv_header import lines_of
from podium.data.datafile import DataFile
from podium.errors import DataError, UsageError
from projects.scaffolding.asked import Asked
from projects.scaffolding.missing_words import is_missing_word

_LOOKED_AT = 200
_NUMERIC_SHARE = 0.9
_CODE = re.compile(r"\s*0\d+\s*", re.ASCII)
_OTHER_DELIMITERS = ("|", "^", "~")
_DELIMITERS = (",", ";", "\t")

Records = Sequence[Sequence[str]]


def first_records(file: DataFile) -> Records:
    """The first records of a CSV file; blank lines do not count.

    Empty where they cannot be told, which the reader says better.
    """
    try:
        with lines_of(file.open()) as lines:
            text = [line for line in islice(lines, 4 * _LOOKED_AT) if line.strip("\r\n")]
    except (OSError, EOFError):
        return []
    delimiters = ("\t",) if file.format == "tsv" else _DELIMITERS
    try:
        first = next(iter(csv.reader(text)), [])
        splits = (d for d in delimiters if len(next(iter(csv.reader(text, delimiter=d)), [])) > 1)
        delimiter = next(splits, delimiters[0])
        return list(islice(csv.reader(text, delimiter=delimiter), _LOOKED_AT)) if first else []
    except csv.Error:
        return []


def given_header(asked: Asked, records: Records) -> tuple[tuple[str, ...], str]:
    """Names for the columns of a file without a header line, and why it is taken for one.

    No names where the file names them itself. Raises UsageError where --columns does not fit.
    """
    if not records:
        return (), ""
    if asked.header is True and asked.columns:
        raise UsageError(
            "--columns names the columns of a file without a header line, and --header says it "
            "has one.",
            remedy="Leave one of them out.",
        )
    if asked.columns and asked.header is None and _has_text_over_numbers(records):
        raise UsageError(
            "--columns names the columns of a file without a header line, and this file's first "
            f"line looks like one: {', '.join(records[0][:12])}.",
            remedy="Leave --columns out; or say --header no, and that line is taken for a row.",
        )
    if asked.header is False or asked.columns:
        why = "as asked for"
    else:
        why = "" if asked.header else first_line_is_a_row(records, asked.named)
    if not why:
        return (), ""
    names = _checked(asked.columns, records[0]) if asked.columns else numbered(records[0])
    return names, why


def first_line_is_a_row(records: Records, named: Sequence[str] = ()) -> str:
    """Why the first record is a row, and no header: it has numbers where the columns have.

    Empty where it is a header: where it has text over numbers, no number over numbers, whole
    numbers that count up (years as names), or one of the columns `named`.
    """
    first = records[0]
    over = [place for place in _numeric_places(records) if _number(first[place])]
    if not over or _has_text_over_numbers(records) or any(name in first for name in named):
        return ""
    if len(over) > 1 and _counts_up([first[place] for place in over]):
        return ""
    shown = f"{first[over[0]].strip()!r} in column {over[0] + 1}"
    return f"the first line has numbers where the rows have, such as {shown}"


def codes_with_zeros(records: Records, header: Sequence[str]) -> tuple[str, ...]:
    """The columns of digits of which one begins with a zero, as 00501 does: codes, no numbers.

    `header` names the columns where the file does not.
    """
    if not records:
        return ()
    rows = records if header else records[1:]
    return tuple(
        name
        for place, name in enumerate(header or records[0])
        if any(place < len(row) and _CODE.fullmatch(row[place]) for row in rows)
    )


def refuse_other_delimiters(records: Records, where: str) -> None:
    """Raises DataError for a file whose first line is `sep=;`, or whose only column holds `|` or
    `^` as other files have commas.
    """
    if not records:
        return
    first = ";".join(records[0]).strip().strip('"')
    if first.lower().startswith("sep="):
        raise DataError(
            f"{where}: the first line {first!r} is a line for Excel, and no header.",
            remedy="Remove that line: the delimiter is told from the next one.",
        )
    lines = [row[0] for row in records if len(row) == 1]
    counts = {mark: {line.count(mark) for line in lines} for mark in _OTHER_DELIMITERS}
    mark = next((mark for mark, seen in counts.items() if len(seen) == 1 and seen != {0}), None)
    if mark and len(lines) == len(records) > 1:
        raise DataError(
            f"{where}: its fields seem to have {mark!r} between them, which is not one of comma, "
            "semicolon and tab.",
            remedy="Write it with one of these.",
        )


def numbered(first: Sequence[str]) -> tuple[str, ...]:
    """column_1, column_2, …"""
    return tuple(f"column_{place + 1}" for place in range(len(first)))


def _checked(columns: tuple[str, ...], first: Sequence[str]) -> tuple[str, ...]:
    if len(columns) != len(first):
        raise UsageError(
            f"--columns names {len(columns)} columns, and the file's first line has {len(first)} "
            f"fields: {', '.join(field.strip() for field in first[:12])}"
            f"{', …' if len(first) > 12 else ''}.",
            remedy="Name each column of the file, in its order, with commas between.",
        )
    twice = sorted({name for name in columns if columns.count(name) > 1 or not name.strip()})
    if twice:
        raise UsageError(
            f"--columns: {', '.join(map(repr, twice))} is empty or there more than once.",
            remedy="Give each column a name of its own.",
        )
    return columns


def _numeric_places(records: Records) -> list[int]:
    """The columns whose values are numbers from the second record on."""
    return [place for place in range(len(records[0])) if _is_numeric(records[1:], place)]


def _has_text_over_numbers(records: Records) -> bool:
    over = (records[0][place].strip() for place in _numeric_places(records))
    return any(text and not _number(text) and not is_missing_word(text) for text in over)


def _is_numeric(rows: Records, place: int) -> bool:
    values = [row[place].strip() for row in rows if place < len(row) and row[place].strip()]
    return bool(values) and sum(map(_number, values)) >= _NUMERIC_SHARE * len(values)


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.strip().lower().lstrip("+-") not in ("nan", "inf", "infinity")


def _counts_up(texts: Sequence[str]) -> bool:
    numbers = [float(text) for text in texts]
    steps = {b - a for a, b in pairwise(numbers)}
    return len(steps) == 1 and steps.pop() > 0 and all(number % 1 == 0 for number in numbers)


def refuse_bad_names(names: Sequence[str], where: str) -> None:
    """Raises DataError for a table whose columns cannot be told apart by their names."""
    blank = sum(not name.strip() for name in names)
    if blank > 1:
        raise DataError(
            f"{where} has {blank} columns without a name.",
            remedy="Name them in the header; or, where the first line is a row already, name all "
            "columns with --columns a,b,c.",
        )
