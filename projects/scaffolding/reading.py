"""Reads the table that was asked for, as training will; finds header and words for missing."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from podium.data import BUNDLED, TableSource, declared_source
from podium.data.datafile import DataFile
from podium.data.filed import FiledSource
from podium.errors import DataError, UsageError
from podium.spec.names import is_function
from podium.spec.parts import Data
from projects.scaffolding.asked import Asked
from projects.scaffolding.findings import Read
from projects.scaffolding.first_lines import first_records, given_header, refuse_bad_names
from projects.scaffolding.missing_words import missing_words
from projects.scaffolding.target import target_column

_SHOWN = 5


_OTHERWISE = (
    "A file that is written otherwise is read by a function of yours that returns a DataFrame: "
    "--data module:function."
)


def read_table(asked: Asked, base: Path) -> tuple[pd.DataFrame, Read]:
    """The whole table, and how it is read. Relative sources start at `base`.

    Raises what `declared_source` and reading raise, and UsageError for a target that is no column.
    """
    try:
        return _read(asked, base)
    except DataError as error:
        is_files = not is_function(asked.source) and asked.source not in BUNDLED
        remedy = f"{error.remedy} {_OTHERWISE if is_files else ''}".strip()
        raise DataError(error.what, remedy=remedy) from error


def _read(asked: Asked, base: Path) -> tuple[pd.DataFrame, Read]:
    data = Data(source=asked.source)
    source = declared_source(data, base=base, folder=base)
    header, why = _header(asked, source)
    source = declared_source(_of(asked, header), base=base, folder=base)
    frame = None if source.kind != "function" else source.read(None)
    names = source.column_names() if frame is None else tuple(map(str, frame.columns))
    refuse_bad_names(names, asked.source)
    target = target_column(asked, names, made_up=bool(header) and not asked.columns)
    frame = source.read(None) if frame is None else frame
    words, where = _missing(frame, target) if isinstance(source, FiledSource) else ((), "")
    if words:
        source = declared_source(_of(asked, header, words), base=base, folder=base)
        frame = source.read(None)
    return frame, Read(header, words, tuple(filter(None, (why, where))))


def _of(asked: Asked, header: tuple[str, ...], missing: tuple[str, ...] = ()) -> Data:
    return Data(source=asked.source, header=header, missing=missing)


def _header(asked: Asked, source: TableSource) -> tuple[tuple[str, ...], str]:
    """Names for the columns of files that do not name them, and a sentence on that."""
    if not isinstance(source, FiledSource) or source.files[0].endswith((".parquet", ".pq")):
        if asked.columns or asked.header is False:
            raise UsageError(
                f"--columns and --header are about CSV files; {asked.source!r} names its columns.",
                remedy="Leave them out.",
            )
        return (), ""
    with source.on_disk() as paths:
        records = first_records(DataFile(paths[0], source.files[0]))
    names, why = given_header(asked, records)
    named = "" if asked.columns else "; the names of the columns are made up"
    return names, f"the file has no header line ({why}){named}" if names else ""


def _missing(frame: pd.DataFrame, target: str) -> tuple[tuple[str, ...], str]:
    """The words that stand for missing in any column but the target, and a sentence on them."""
    found = {
        str(name): counts
        for name in frame.columns
        if name != target and (counts := missing_words(frame[name]))
    }
    words = sorted({word for counts in found.values() for word in counts})
    if not words:
        return (), ""
    places = [f"{name} ({sum(counts.values()):,})" for name, counts in found.items()]
    more = f" and {len(places) - _SHOWN} more columns" if len(places) > _SHOWN else ""
    return tuple(words), (
        f"{', '.join(map(repr, words))} {'stands' if len(words) == 1 else 'stand'} for missing, "
        f"as in {', '.join(places[:_SHOWN])}{more}"
    )
