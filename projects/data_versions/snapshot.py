"""The files of a snapshot: the rows as Parquet, and what is said of them. No store is asked here.

The content's digest decides what a snapshot is worth: rows that were written by another version
of the Parquet library are other bytes and the same content.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podium.data import content_digest
from podium.documents import to_json
from podium.errors import DataError
from podium.where import without_password

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

SCHEMA = 1
ROWS, DESCRIBED = "rows.parquet", "snapshot.json"
CARD, CARD_DOCUMENT = "data_card.md", "data_card.json"
FILES = (ROWS, CARD_DOCUMENT, CARD, DESCRIBED)  # in the order in which they are written


class NewerSnapshot(DataError):
    """A snapshot that a newer version of Podium wrote: whole, but not for this one to read."""


@dataclass(frozen=True)
class Snapshot:
    """What `snapshot.json` says. columns: names and pandas types, in their order.

    bytes, sha256: of rows.parquet. created_at: UTC, ISO 8601.
    """

    digest: str
    rows: int
    columns: tuple[tuple[str, str], ...]
    bytes: int
    sha256: str
    created_at: str

    def text(self) -> str:
        """As JSON."""
        columns = [{"name": name, "type": kind} for name, kind in self.columns]
        return to_json({"schema": SCHEMA, **asdict(self), "columns": columns}, indent=1) + "\n"

    @classmethod
    def read(cls, file: Path, place: str) -> Snapshot:
        """Read what `text` wrote. Raises DataError for damage, NewerSnapshot for a newer schema.

        place: where it came from, for the message.
        """
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
            schema = int(found.pop("schema"))
            if schema > SCHEMA:
                raise _newer(place, schema)
            columns = tuple((each["name"], each["type"]) for each in found.pop("columns"))
            return cls(**found, columns=columns)
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            if isinstance(error, DataError):
                raise
            raise damaged(place, f"its {DESCRIBED} cannot be read") from error


def write_rows(frame: pd.DataFrame, folder: Path, digest: str) -> Snapshot:
    """Write `rows.parquet` and `snapshot.json` into `folder`. The same table gives the same bytes,
    while the Parquet library is the same.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = folder / ROWS
    table = pa.table({str(name): _array(series) for name, series in frame.items()})
    pq.write_table(table, file, compression="zstd")
    columns = tuple((str(name), str(dtype)) for name, dtype in frame.dtypes.items())
    now = datetime.now(UTC).isoformat(timespec="seconds")
    described = Snapshot(digest, len(frame), columns, file.stat().st_size, _sha256(file), now)
    (folder / DESCRIBED).write_text(described.text(), encoding="utf-8")
    return described


def _array(series: pd.Series[Any]) -> pa.Array:
    """A column for Parquet; missing numbers are null, as missing values of other types are."""
    import pyarrow as pa

    if getattr(series.dtype, "tz", None) is None:
        return pa.array(series, from_pandas=True)
    instants = series.dt.tz_convert(None).to_numpy()  # pandas stores them in UTC
    return pa.array(instants, type=pa.timestamp("us", tz="UTC"))


def read_rows(file: Path) -> pd.DataFrame:
    """The canonical table of a snapshot's `rows.parquet`, with the types that it was written with.

    Raises what pyarrow raises for a damaged file.
    """
    import pyarrow.parquet as pq

    frame: pd.DataFrame = pq.read_table(file).to_pandas()
    return frame


def check_rows(file: Path, described: Snapshot, digest: str, place: str) -> None:
    """Raises DataError unless the rows are whole, and have the content `digest`."""
    if described.digest != digest:
        raise DataError(
            f"The snapshot at {without_password(place)} is that of data {described.digest[:12]}, "
            f"not of {digest[:12]}.",
            remedy="Give the place that the run's tag podium.snapshot names.",
        )
    try:
        frame = read_rows(file)
        types = tuple((str(name), str(dtype)) for name, dtype in frame.dtypes.items())
        found = content_digest(frame)
    except Exception as error:  # pyarrow raises many kinds for damaged files
        raise damaged(place, f"{ROWS} cannot be read ({_bytes_said(file, described)})") from error
    said = _bytes_said(file, described)
    if types != described.columns:
        raise damaged(
            place, f"its columns, or their types, are not those that {DESCRIBED} names ({said})"
        )
    if found != digest:
        raise damaged(place, f"its rows have the content {found[:12]} ({said})")


def _bytes_said(file: Path, described: Snapshot) -> str:
    same = _sha256(file) == described.sha256
    return f"its SHA-256 is {'the one' if same else 'not the one'} that {DESCRIBED} names"


def damaged(place: str, how: str) -> DataError:
    """The error for a snapshot that is not what was written."""
    return DataError(
        f"The snapshot at {without_password(place)} is damaged: {how}.",
        remedy="Delete that folder and train again on the same data: that writes it anew.",
    )


def _newer(place: str, schema: int) -> NewerSnapshot:
    return NewerSnapshot(
        f"The snapshot at {without_password(place)} has schema {schema}; this version of Podium "
        f"reads {SCHEMA}.",
        remedy="Use the version of Podium that wrote it, or a newer one.",
    )


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
