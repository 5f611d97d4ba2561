"""Small files to read in tests."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from podium.data import Columns, resolve_source


def write(path: Path, text: str | bytes) -> Path:
    """Writes exactly these bytes, gzipped where the name says so."""
    content = text.encode() if isinstance(text, str) else text
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def write_parquet(path: Path, **columns: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)
    return path


def read(path: Path, columns: Columns | None = None) -> pd.DataFrame:
    return resolve_source(str(path), Path.cwd()).read(columns)
