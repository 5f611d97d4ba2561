"""Reads the table that was asked for, as training will; finds header and words for missing."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from podium.data import BUNDLED, TableSource, declared_source
from podium.data.columns import Columns
from podium.data.datafile import DataFile
from podium.data.filed import FiledSource
from podium.errors import DataError, UsageError
from podium.spec.names import is_function
from podium.spec.parts import Data
from projects.scaffolding.asked import Asked
from projects.scaffolding.findings import Read
from projects.scaffolding.first_lines import (
    Records,
    codes_with_zeros,
    first_records,
    given_header,
    refuse_bad_names,
    refuse_other_delimiters,
)
from projects.scaffolding.missing_words import words_for_missing
from projects.scaffolding.place import home, is_path
from projects.scaffolding.target import target_column

_OTHERWISE = (
    "A file that is written otherwise is read by a function of yours that returns a DataFrame: "
    "--data module:function."
)


def read_table(asked: Asked, base: Path) -> tuple[pd.DataFrame, Read]:
    """The whole table, and how it is read. Relative sources start at `base`.

    Raises what `declared_source` and reading raise, and UsageError for a target that is no column.
    """
    if is_path(asked.source):
        home(asked.source, "--data")
    try:
        return _read(asked, base)
    except DataError as error:
        is_files = not is_function(asked.source) and asked.source not in BUNDLED
        remedy = f"{error.remedy} {_OTHERWISE if is_files else ''}".strip()
        raise DataError(error.what, remedy=remedy) from error


def _read(asked: Asked, base: Path) -> tuple[pd.DataFrame, Read]:
    data = Data(source=asked.source)
    source = declared_source(data, base=base, folder=base)
    records = _records(asked, source)
    refuse_other_delimiters(records, asked.source)
    header, why = _header(asked, records)
    source = declared_source(_of(asked, header), base=base, folder=base)
    frame = None if source.kind != "function" else source.read(None)
    names = source.column_names() if frame is None else tuple(map(str, frame.columns))
    refuse_bad_names(names, asked.source)
    target = target_column(asked, names, made_up=bool(header) and not asked.columns)
    if not isinstance(source, FiledSource):
        return (source.read(None) if frame is None else frame), Read()
    codes = [name for name in codes_with_zeros(records, header) if name != target]
    wanted = Columns(text=tuple(codes), other=tuple(name for name in names if name not in codes))
    frame = source.read(wanted)
    gaps = words_for_missing(frame, target)
    if gaps.words:
        source = declared_source(_of(asked, header, gaps.words), base=base, folder=base)
        frame = source.read(wanted)
    frame = frame[list(names)]
    return frame, Read(header, gaps.words, (*filter(None, [why, _of_codes(codes)]), *gaps.why))


def _of_codes(codes: list[str]) -> str:
    named = ", ".join(codes)
    return f"numbers that begin with a zero are codes, and no numbers: {named}" if codes else ""


def _of(asked: Asked, header: tuple[str, ...], missing: tuple[str, ...] = ()) -> Data:
    return Data(source=asked.source, header=header, missing=missing)


def _records(asked: Asked, source: TableSource) -> Records:
    """The first records of CSV files; none of other sources, for which UsageError is raised where
    something was asked for that is about CSV.
    """
    if isinstance(source, FiledSource) and not source.files[0].endswith((".parquet", ".pq")):
        with source.on_disk() as paths:
            return first_records(DataFile(paths[0], source.files[0]))
    if asked.columns or asked.header is False:
        raise UsageError(
            f"--columns and --header are about CSV files; {asked.source!r} names its columns.",
            remedy="Leave them out.",
        )
    return []


def _header(asked: Asked, records: Records) -> tuple[tuple[str, ...], str]:
    """Names for the columns of files that do not name them, and a sentence on that."""
    names, why = given_header(asked, records)
    named = "" if asked.columns else "; the names of the columns are made up"
    return names, f"the file has no header line ({why}){named}" if names else ""
