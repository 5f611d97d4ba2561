"""People of the census of 1994, out of UCI's `adult.data` and `adult.test` as published.

Neither file has a header. A blank follows each comma, `?` stands for a missing value, the labels
of `adult.test` end in a full stop, its first line is no row, and lines at the end are empty.
"""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from podium.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "age", "workclass", "fnlwgt", "education", "education_num", "marital_status", "occupation",
    "relationship", "race", "sex", "capital_gain", "capital_loss", "hours_per_week",
    "native_country", "income",
)  # fmt: skip
_NUMBERS = (
    "age", "fnlwgt", "education_num", "capital_gain", "capital_loss", "hours_per_week",
)  # fmt: skip
_WHOLE = re.compile(r"\d{1,15}", re.ASCII)
_INCOMES = ("<=50K", ">50K")


def people_columns(files: list[Path], **options: object) -> list[str]:
    """The columns of `people`, whatever the files."""
    del files, options
    return list(COLUMNS)


def people(files: list[Path], columns: list[str] | None = None) -> pd.DataFrame:
    """One row a person, in the order of the files; numbers float64, all others strings.

    Raises:
        DataError: A line has not 15 fields, a number is none, an income is another word, or a
            file has no rows.
    """
    import pandas as pd

    rows = [row for file in files for row in _rows(file)]
    frame = pd.DataFrame(rows, columns=pd.Index(COLUMNS), dtype=object)
    wanted = list(COLUMNS) if columns is None else columns
    return frame[wanted].astype({n: "float64" if n in _NUMBERS else "str" for n in wanted})


def _rows(file: Path) -> Iterator[list[object]]:
    records = list(_records(file))
    if not records:
        raise DataError(f"{file.name} holds no rows.", remedy="Fetch it again, or leave it out.")
    for number, fields in records:
        where = f"{file.name}, line {number}"
        if len(fields) != len(COLUMNS):
            raise DataError(
                f"{where}: {len(fields)} fields, and not {len(COLUMNS)}.",
                remedy="Give adult.data and adult.test of UCI, and nothing else.",
            )
        yield [_value(*pair, where) for pair in zip(COLUMNS, fields, strict=True)]


def _records(file: Path) -> Iterator[tuple[int, list[str]]]:
    """The fields of the lines that are rows, and the lines' numbers from 1 on."""
    opened = gzip.open if file.suffix == ".gz" else open
    try:
        with opened(file, "rt", encoding="utf-8-sig", newline="") as lines:
            reader = csv.reader(lines, skipinitialspace=True)
            for fields in reader:
                if any(fields) and not fields[0].startswith("|"):
                    yield reader.line_num, [field.strip() for field in fields]
    except UnicodeDecodeError as error:
        raise DataError(f"{file.name} is not UTF-8.", remedy="Fetch it again.") from error
    except (EOFError, OSError) as error:
        raise DataError(
            f"{file.name} cannot be read: {error}.", remedy="Fetch it again."
        ) from error


def _value(name: str, field: str, where: str) -> float | str | None:
    if name == "income":
        return _income(field, where)
    if field in ("", "?"):
        return None
    return _number(name, field, where) if name in _NUMBERS else field


def _income(field: str, where: str) -> str:
    income = field.removesuffix(".")
    if income not in _INCOMES:
        raise DataError(
            f"{where}: the income {field[:40]!r} is neither {' nor '.join(_INCOMES)}.",
            remedy="Correct it, or remove the line.",
        )
    return income


def _number(name: str, field: str, where: str) -> float:
    if not _WHOLE.fullmatch(field):
        raise DataError(
            f"{where}: {name} is {field[:40]!r}, and not a whole number.",
            remedy="Give files without a header, or correct the line.",
        )
    return float(field)
