"""From a table of raw values to the table that the pipeline was fitted on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from .convert import kind_of
from .errors import InvalidValue
from .values import category_values, datetime_values, numeric_values, text_values

Kind = Literal["numeric", "categorical", "text", "datetime"]

_CONVERT = {
    "numeric": numeric_values,
    "categorical": category_values,
    "text": text_values,
    "datetime": datetime_values,
}
PARTS = (
    "year",
    "quarter",
    "month",
    "week",
    "day",
    "day_of_year",
    "weekday",
    "hour",
    "minute",
    "second",
    "epoch_days",
)
EXPECTED = {
    "numeric": "a number within ±3.4e38",
    "categorical": "a string, number or boolean",
    "text": "a string",
    "datetime": "ISO 8601 or epoch seconds",
}


@dataclass(frozen=True)
class InputColumn:
    """A column that callers send. `parts` are the numbers made of a datetime, in order."""

    name: str
    kind: Kind
    parts: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> InputColumn:
        """Read one column of features.json. Raises ValueError for an unknown kind or part."""
        column = cls(str(document["name"]), document["kind"], tuple(document["parts"]))
        unknown = [part for part in column.parts if part not in PARTS]
        if column.kind not in _CONVERT or unknown:
            what = ", ".join(map(repr, unknown)) or repr(column.kind)
            raise ValueError(f"features.json: column {column.name!r} has an unknown {what}")
        return column

    @property
    def features(self) -> tuple[str, ...]:
        """The feature columns made of this one."""
        if self.kind == "datetime":
            return tuple(f"{self.name}_{part}" for part in self.parts)
        return (self.name,)


@dataclass(frozen=True)
class Canonicaliser:
    """Turns raw columns into features, the same way in training and in every kind of scoring."""

    columns: tuple[InputColumn, ...]

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Canonicaliser:
        """Read what `to_json` wrote. Raises ValueError for a newer schema, kind or part."""
        if document["schema"] != 1:
            raise ValueError(f"features.json has schema {document['schema']}; this code reads 1")
        return cls(tuple(InputColumn.from_json(column) for column in document["columns"]))

    def to_json(self) -> dict[str, Any]:
        """The declaration as JSON: `schema`, and per column `name`, `kind` and `parts`."""
        columns = [{"name": c.name, "kind": c.kind, "parts": list(c.parts)} for c in self.columns]
        return {"schema": 1, "columns": columns}

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Columns of the feature table, in order."""
        return tuple(name for column in self.columns for name in column.features)

    def transform(self, raw: pd.DataFrame) -> pd.DataFrame:
        """The feature table of `raw`, row by row: float64 numbers and object strings.

        A column that `raw` lacks is missing throughout; columns not declared are ignored.
        Raises InvalidValue, naming column and row, at the first value that cannot be converted.
        """
        features: dict[str, np.ndarray] = {}
        for column, values, bad in self._converted(raw):
            if bad.any():
                row = int(np.argmax(bad))
                found = _kind_in(raw[column.name], row)
                raise InvalidValue(column.name, row, EXPECTED[column.kind], found)
            features.update(_features(column, values))
        return _table(features, raw.index)

    def transform_tolerantly(self, raw: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
        """Like `transform`, with values that cannot be converted taken as missing.

        Also returns how many there were in each column that had any.
        """
        features: dict[str, np.ndarray] = {}
        invalid: dict[str, int] = {}
        for column, values, bad in self._converted(raw):
            if bad.any():
                invalid[column.name] = int(bad.sum())
            features.update(_features(column, values))
        return _table(features, raw.index), invalid

    def _converted(self, raw: pd.DataFrame) -> Iterator[tuple[InputColumn, np.ndarray, np.ndarray]]:
        absent = pd.Series(None, index=raw.index, dtype=object)
        for column in self.columns:
            series = raw[column.name] if column.name in raw.columns else absent
            if series.ndim > 1:
                raise InvalidValue(column.name, 0, "one column of this name", "several")
            values, bad = _CONVERT[column.kind](series)
            yield column, values, bad


def _kind_in(raw: pd.Series, row: int) -> str:
    try:
        return kind_of(raw.iloc[row])
    except (NotImplementedError, ValueError, OverflowError):  # a time that pandas cannot hand out
        return "a date or time"


def _table(features: dict[str, np.ndarray], index: pd.Index) -> pd.DataFrame:
    """A table that keeps strings as objects (pandas would infer its own string type)."""
    columns = {
        name: pd.Series(values, index=index, dtype=values.dtype, copy=False)
        for name, values in features.items()
    }
    return pd.DataFrame(columns, index=index, copy=False)


def _features(column: InputColumn, values: np.ndarray) -> dict[str, np.ndarray]:
    if column.kind != "datetime":
        return {column.name: values}
    instants = pd.DatetimeIndex(values)
    return {
        name: datetime_part(instants, part)
        for name, part in zip(column.features, column.parts, strict=True)
    }


def datetime_part(instants: pd.DatetimeIndex, part: str) -> np.ndarray:
    """One number per instant (UTC), NaN where missing. `weekday` counts from Monday = 0."""
    if part == "epoch_days":
        seconds = instants.as_unit("s").asi8.astype(np.float64)
        return np.where(instants.isna(), np.nan, seconds / 86400)
    if part == "week":
        return np.asarray(instants.isocalendar().week.to_numpy(dtype=np.float64, na_value=np.nan))
    attribute = "day_of_week" if part == "weekday" else part
    return np.asarray(getattr(instants, attribute), dtype=np.float64)
