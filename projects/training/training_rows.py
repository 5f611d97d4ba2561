"""Which rows a model was made from, kept with its run: a hash a row, and no row itself."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from podium.errors import DataError
from podium.spec import Project
from projects.training.identity import (
    ColumnKind,
    Hashes,
    RowColumns,
    identity_columns,
    row_hashes,
)
from projects.training.split import Parts
from projects.training.table import Table

FILE_NAME = "training_rows.parquet"
SCHEMA = 1
_REMEDY = "Train again: every training writes the file."


@dataclass(frozen=True, eq=False)
class TrainingRows:
    """Hashes of the rows that shaped a model, sorted, and the columns that were hashed."""

    columns: RowColumns
    hashes: Hashes

    def __len__(self) -> int:
        return len(self.hashes)

    @classmethod
    def of(cls, project: Project, table: Table, parts: Parts) -> TrainingRows:
        """Of the training rows and of the validation rows: these decide when to stop, how to
        calibrate and where the threshold is.
        """
        columns = identity_columns(project, table.declared)
        rows = np.concatenate([parts.train, parts.validation])
        return cls(columns, np.sort(row_hashes(table.raw.iloc[rows], columns)))

    def to_bytes(self) -> bytes:
        """As a Parquet file: the column `hash`, and `podium.schema`, `podium.columns` (JSON) and
        `podium.rows` as metadata. About 6 bytes a row.
        """
        described = {
            "podium.schema": str(SCHEMA),
            "podium.columns": json.dumps(self.columns),
            "podium.rows": str(len(self)),
        }
        table = pa.table({"hash": np.sort(self.hashes)}).replace_schema_metadata(described)
        file = io.BytesIO()
        pq.write_table(
            table,
            file,
            use_dictionary=False,
            column_encoding={"hash": "DELTA_BINARY_PACKED"},
            compression="none",  # what is left after the encoding is random
            write_page_checksum=True,
        )
        return file.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> TrainingRows:
        """Read what `to_bytes` wrote. Raises DataError for a newer schema and for damage."""
        try:
            with pq.ParquetFile(io.BytesIO(content), page_checksum_verification=True) as file:
                described = _described(file.schema_arrow.metadata or {})
                hashes = _hashes(file.read())
        except (pa.ArrowException, OSError, ValueError, LookupError, TypeError) as error:
            if isinstance(error, DataError):
                raise
            raise _damaged(" ".join(str(error).split())) from error
        columns, rows = described
        if len(hashes) != rows:
            raise _damaged(f"it holds {len(hashes):,} rows and says {rows:,}")
        return cls(columns, np.sort(hashes))


def _described(metadata: Mapping[bytes, bytes]) -> tuple[RowColumns, int]:
    schema = int(metadata[b"podium.schema"])
    if schema > SCHEMA:
        raise DataError(
            f"{FILE_NAME} has schema {schema}; this version of Podium reads {SCHEMA}.",
            remedy="Use the version of Podium that the model was trained with, or a newer one.",
        )
    columns = tuple(_column(each) for each in json.loads(metadata[b"podium.columns"]))
    return columns, int(metadata[b"podium.rows"])


def _column(written: Any) -> tuple[str, ColumnKind]:
    name, kind = written
    if not isinstance(name, str) or kind not in get_args(ColumnKind):
        raise ValueError(f"{written!r} is no column")
    return name, kind


def _hashes(table: pa.Table) -> Hashes:
    column = table.column("hash")
    if column.type != pa.uint64() or column.null_count:
        raise ValueError(f"its column hash is {column.type}, or has missing values")
    return np.asarray(column.to_numpy(), dtype=np.uint64)


def _damaged(how: str) -> DataError:
    return DataError(f"{FILE_NAME} is damaged: {how}.", remedy=_REMEDY)
