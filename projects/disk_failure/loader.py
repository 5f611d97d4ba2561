"""Drive-days with a label, out of the daily CSV files that Backblaze publishes.

A row is a drive on a day. Its label `fails` is 1 where the drive fails within `horizon_days` of
that day (0 <= failure day - day <= horizon), else 0. A row is kept only where its label is known:

* Rows after a drive's first failure are left out, whether it came back repaired or by mistake.
* Rows whose horizon reaches beyond the last day of the data are left out, those of drives that
  fail among them: the last days would else hold failures only.
* A drive that is no longer seen, and did not fail, is censored and not healthy: it may have been
  taken out because it was failing. Its rows whose horizon reaches beyond the day when it was last
  seen are left out. What it showed earlier is known to have been followed by no failure.

Files may have other columns than one another: what a file lacks is missing. Of a drive that is
in one file twice on one day, the first row counts, and a failure in any of them.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from podium.data.csv_header import read_header
from podium.errors import DataError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

LABEL = "fails"
_NEEDED = ("date", "serial_number", "failure")
_SMART = (1, 5, 7, 9, 10, 12, 184, 187, 188, 190, 193, 194, 196, 197, 198, 199)
STANDARD = (*_NEEDED, "model", "capacity_bytes", *(f"smart_{number}_raw" for number in _SMART))
_NUMBERS = re.compile(r"smart_\d+_(raw|normalized)|capacity_bytes|pod_slot_num")
_TYPES = {"date": pa.date32(), "serial_number": pa.string(), "failure": pa.int8()}
_CODED = pa.dictionary(pa.int32(), pa.string())
_DAY_NAME = re.compile(r"\d{4}-\d{2}-\d{2}")
_DENSE = 4  # drives are seen on most days: counting is then quicker than hashing
_LONGEST_DAYS = 3650
_NEVER = np.int32(np.iinfo(np.int32).max // 2)


@dataclass(frozen=True)
class Known:
    """What is known of rows: `kept` marks those with a label, `fails` holds it (one a row)."""

    kept: np.ndarray
    fails: np.ndarray


def drive_days_columns(files: list[Path], **options: object) -> list[str]:
    """The columns of `drive_days`: those in any header, the standard ones, and the label."""
    del options
    found = (name for file in files for name in _header(file))
    return list(dict.fromkeys((*found, *STANDARD, LABEL)))


def drive_days(
    files: list[Path], columns: list[str] | None = None, *, horizon_days: int = 7
) -> pd.DataFrame:
    """One row a drive and day whose label is known, in the order of the files.

    `columns` are those wanted, None meaning all. Days are datetime64, SMART values and capacity
    float64, `failure` and the label integers, all others categories that are strings.

    Raises:
        DataError: A file is broken or no drive statistics; a day is in two files, or not the one
            that its file is named after; or no row has a label that is known yet.
    """
    _check_horizon(horizon_days)
    headers = {file: _header(file) for file in files}
    known = list(dict.fromkeys((*(n for names in headers.values() for n in names), *STANDARD)))
    wanted = [*known, LABEL] if columns is None else columns
    _refuse_unknown(wanted, [*known, LABEL])
    table = _read_all(headers, [name for name in known if name in {*wanted, *_NEEDED}])
    serials = table["serial_number"].dictionary_encode()
    drive, day = _joined(_codes(serials)), _joined(table["date"].cast(pa.int32()))
    found = label_days(drive, day, _failed(table), horizon_days)
    kept = found.kept & ~_repeated(drive, day)
    if not kept.any():
        raise _no_labels(day, horizon_days)
    made = {
        "serial_number": pa.DictionaryArray.from_arrays(drive, serials.chunk(0).dictionary),
        LABEL: pa.array(found.fails.astype(np.int64)),
    }
    made = {name: pa.chunked_array([column]) for name, column in made.items()}
    return _frame({name: made[name] if name in made else table[name] for name in wanted}, kept)


def label_days(drive: np.ndarray, day: np.ndarray, failed: np.ndarray, horizon_days: int) -> Known:
    """Labels of rows, and which of them are known: see the head of this module.

    `drive` holds codes from 0 on, `day` whole days, `failed` truth values; one entry a row.
    """
    drives = int(drive.max(initial=-1)) + 1
    failure, seen = np.full(drives, _NEVER), np.full(drives, -_NEVER)
    np.minimum.at(failure, drive[failed], day[failed])
    np.maximum.at(seen, drive, day)
    known_until = np.where(failure < _NEVER, day.max(initial=-_NEVER), seen)
    kept = (day <= failure[drive]) & (day <= (known_until - np.int32(horizon_days))[drive])
    return Known(kept, day >= (failure - np.int32(horizon_days))[drive])


def _check_horizon(horizon_days: object) -> None:
    whole = isinstance(horizon_days, int) and not isinstance(horizon_days, bool)
    if not whole or not 1 <= horizon_days <= _LONGEST_DAYS:  # type: ignore[operator]
        raise DataError(
            f"horizon_days is {horizon_days!r}.",
            remedy="Write under data.options how many whole days ahead to look, 1 to 3650.",
        )


def _header(file: Path) -> tuple[str, ...]:
    with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as stream:
        names = read_header(cast("IO[bytes]", stream), file.name).names
    lacking = [name for name in _NEEDED if name not in names]
    if lacking:
        raise DataError(
            f"{file.name} has no column {', '.join(map(repr, lacking))}.",
            remedy="Give daily files of Backblaze's drive statistics, and nothing else.",
        )
    return names


def _refuse_unknown(wanted: Iterable[str], known: list[str]) -> None:
    for name in wanted:
        if name not in known:
            raise DataError(
                f"The drive statistics have no column {name!r}.", remedy=did_you_mean(name, known)
            )


def _read_all(headers: dict[Path, tuple[str, ...]], names: list[str]) -> pa.Table:
    """The columns `names` of all files, in their types; what no file has is missing throughout."""
    with ThreadPoolExecutor(pa.cpu_count()) as pool:
        tables = list(pool.map(lambda one: _read(one[0], one[1], names), headers.items()))
    _refuse_shared_days(headers, tables)
    table = pa.concat_tables(tables, promote_options="default")
    for name in names:
        if name not in table.column_names:
            table = table.append_column(name, pa.nulls(len(table), _type_of(name)))
    return table


def _read(file: Path, header: tuple[str, ...], names: list[str]) -> pa.Table:
    present = [name for name in names if name in header]
    options = pacsv.ConvertOptions(
        include_columns=present,
        column_types={name: _type_of(name) for name in present},
        null_values=[""],
        strings_can_be_null=True,
    )
    read = pacsv.ReadOptions(use_threads=False)
    try:
        table = pacsv.read_csv(str(file), read_options=read, convert_options=options)
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(
            f"{file.name} cannot be read: {error}.", remedy="Repair it, or fetch it again."
        ) from error
    for name in _NEEDED:
        if table[name].null_count:
            raise DataError(
                f"{file.name}: {name} is missing in {table[name].null_count:,} rows.",
                remedy="Fill it, or remove those rows.",
            )
    _refuse_other_day(file, table["date"])
    return table


def _type_of(name: str) -> pa.DataType:
    if name in _TYPES:
        return _TYPES[name]
    return pa.float64() if _NUMBERS.fullmatch(name) else _CODED


def _refuse_other_day(file: Path, days: pa.ChunkedArray) -> None:
    """Refuses rows of another day than the one that the file is named after, if it is."""
    named = file.name.partition(".")[0]
    other = [f"{day}" for day in days.unique().to_pylist() if f"{day}" != named]
    if other and _DAY_NAME.fullmatch(named):
        raise DataError(
            f"{file.name} holds rows of {other[0]}.",
            remedy="The name and the column date must agree: correct the one that is wrong.",
        )


def _refuse_shared_days(files: Iterable[Path], tables: list[pa.Table]) -> None:
    first: dict[date, Path] = {}
    for file, table in zip(files, tables, strict=True):
        for day in table["date"].unique().to_pylist():
            if first.setdefault(day, file) is not file:
                raise DataError(
                    f"{first[day].name} and {file.name} both hold {day:%Y-%m-%d}.",
                    remedy="Give each day once, for example without unpacked copies of .csv.gz.",
                )


def _failed(table: pa.Table) -> np.ndarray:
    failure: np.ndarray = _joined(table["failure"])
    others = failure[(failure != 0) & (failure != 1)]
    if len(others):
        raise DataError(
            f"The column failure holds {int(others[0])}.",
            remedy="It is 1 on the day when a drive fails, and else 0.",
        )
    failed: np.ndarray = failure == 1
    return failed


def _repeated(drive: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Whether the same drive and day came before."""
    import pandas as pd

    start, days = int(day.min(initial=0)), int(np.ptp(day)) + 1 if len(day) else 1
    place = drive.astype(np.int64) * days + (day - start)
    if place.max(initial=0) < _DENSE * len(place):
        seen = np.zeros(_DENSE * len(place), dtype=bool)
        seen[place] = True
        if np.count_nonzero(seen) == len(place):
            return np.zeros(len(place), dtype=bool)
    repeated: np.ndarray = pd.Series(place).duplicated().to_numpy(dtype=bool)
    return repeated


def _frame(columns: Mapping[str, pa.ChunkedArray], kept: np.ndarray) -> pd.DataFrame:
    """The rows kept. Strings become categories, of which there are few: a code takes less memory
    than a string, and fresh memory is most of what reading costs.
    """
    import pandas as pd

    made: dict[str, Any] = {}
    for name, column in columns.items():
        if pa.types.is_dictionary(column.type):
            coded = column.unify_dictionaries()
            words = coded.chunk(0).dictionary.to_pandas()
            made[name] = pd.Categorical.from_codes(_joined(_codes(coded), kept), words)
        else:
            made[name] = _joined(column, kept)
    if "date" in made:
        made["date"] = made["date"].astype("datetime64[s]")
    if "capacity_bytes" in made:  # -1 where a drive did not tell
        made["capacity_bytes"][made["capacity_bytes"] <= 0] = np.nan
    return pd.DataFrame(made, copy=False)


def _codes(coded: pa.ChunkedArray) -> pa.ChunkedArray:
    """The codes of a dictionary-encoded column, -1 for missing."""
    return pa.chunked_array([chunk.indices.fill_null(-1) for chunk in coded.chunks], pa.int32())


def _joined(column: pa.ChunkedArray, kept: np.ndarray | None = None) -> np.ndarray:
    """The values, or those of the rows kept, in one array of their own."""
    dtype = column.type.to_pandas_dtype()
    values = np.empty(len(column) if kept is None else np.count_nonzero(kept), dtype)
    row = place = 0
    for chunk in column.chunks:
        found = chunk.to_numpy(zero_copy_only=False)
        found = found if kept is None else found[kept[row : row + len(chunk)]]
        values[place : place + len(found)] = found
        row, place = row + len(chunk), place + len(found)
    return values


def _no_labels(day: np.ndarray, horizon_days: int) -> DataError:
    days = len(np.unique(day))
    return DataError(
        f"No row of the {days} days has a label that is known {horizon_days} days ahead.",
        remedy="Give more days than horizon_days, or look fewer days ahead.",
    )
