"""A table as MLflow's datasets show it: source, schema, rows and digest, without a copy."""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, Any

from mlflow.data.code_dataset_source import CodeDatasetSource
from mlflow.data.dataset import Dataset
from mlflow.data.dataset_source import DatasetSource
from mlflow.data.dataset_source_registry import resolve_dataset_source
from mlflow.types import ColSpec, DataType, Schema

if TYPE_CHECKING:
    import pandas as pd


def dataset_of(source: str, kind: str, name: str, digest: str, frame: pd.DataFrame) -> Dataset:
    """The table `frame` from `source`, a source of this `kind`."""
    return _Table(_dataset_source(source, kind), name, digest, frame)


class _Table(Dataset):
    """A dataset that MLflow shows, without a copy of its rows."""

    def __init__(self, source: DatasetSource, name: str, digest: str, frame: pd.DataFrame) -> None:
        self._schema = Schema([ColSpec(_type(d), str(n)) for n, d in frame.dtypes.items()])
        self._profile = {"num_rows": len(frame), "num_elements": int(frame.size)}
        super().__init__(source, name[:500], digest[:36])

    def _compute_digest(self) -> str:
        return self.digest  # abstract in MLflow; the digest is always given

    @property
    def schema(self) -> Schema:
        """Columns and types."""
        return self._schema

    @property
    def profile(self) -> dict[str, int]:
        """Rows and cells."""
        return self._profile

    def to_dict(self) -> dict[str, str]:
        schema = json.dumps({"mlflow_colspec": self._schema.to_dict()})
        return {**super().to_dict(), "schema": schema, "profile": json.dumps(self._profile)}


def _type(dtype: Any) -> DataType:
    """MLflow's word for a pandas type; everything that is no number or time is a string."""
    kinds = {"b": DataType.boolean, "i": DataType.long, "u": DataType.long, "f": DataType.double}
    return kinds.get(dtype.kind, DataType.datetime if dtype.kind == "M" else DataType.string)


def _dataset_source(source: str, kind: str) -> DatasetSource:
    """MLflow's own kind of source for a path or s3:// URI; a description for everything else."""
    if kind in ("files", "s3") and not set("*?[") & set(source):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # MLflow warns that it knows two kinds of local path
            return resolve_dataset_source(source)
    return CodeDatasetSource({"podium.source": source})
