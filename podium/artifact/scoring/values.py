"""Canonical values: the one place that turns raw values into what a pipeline sees.

Null, NaN, a missing key and the empty string are *missing*; no literal string means missing.
Each function takes a pandas Series and returns an array of canonical values and a boolean array
that marks what could not be converted (those places hold a missing value). What a value becomes
depends on the value alone, never on its neighbours: each distinct one is converted once.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from .convert import (
    LARGEST,
    MISSING_CATEGORY,
    category,
    instant,
    is_missing,
    number,
    text,
    within_calendar,
)

__all__ = [
    "MISSING_CATEGORY",
    "category_values",
    "datetime_values",
    "numeric_values",
    "text_values",
]

Converted = tuple[np.ndarray, np.ndarray]

_FEW = 256  # rows up to which Python is faster than pandas at telling values apart
# Half of a pair, or what looks like pandas' way of writing one: it takes the two for the same.
_SURROGATE = re.compile("[\ud800-\udfff]|\\\\ud[89a-f]")


def numeric_values(raw: pd.Series) -> Converted:
    """float64 with NaN for missing. Numbers within LARGEST, booleans, and strings of them."""
    if raw.dtype.kind in "biuf":
        with np.errstate(over="ignore"):
            values = raw.to_numpy(dtype=np.float64, na_value=np.nan) + 0.0  # -0.0 becomes 0.0
        beyond = np.abs(values) > LARGEST
        values[beyond] = np.nan
        return values, beyond
    return _by_distinct_value(raw, number, np.nan, _floats)


def category_values(raw: pd.Series) -> Converted:
    """Strings (object array) with `""` for missing. 7, 7.0 and "7.0" become "7"; true "true"."""
    return _by_distinct_value(raw, category, MISSING_CATEGORY, _objects)


def text_values(raw: pd.Series) -> Converted:
    """Strings (object array) with `""` for missing; strings are taken as they are."""
    return _by_distinct_value(raw, text, MISSING_CATEGORY, _objects)


def datetime_values(raw: pd.Series) -> Converted:
    """datetime64[us] in UTC with NaT for missing. Takes ISO 8601, epoch seconds and timestamps.

    A time without a zone is taken as UTC; what is finer than a microsecond is cut off. Epoch
    seconds are below 1e11; a string of them has nine digits or more (eight would be a date).
    ISO 8601 is taken in its usual spelling: a date, or date and time with optional zone.
    """
    if pd.api.types.is_datetime64_any_dtype(raw.dtype):
        return within_calendar(pd.to_datetime(raw, utc=True).dt.tz_localize(None).to_numpy())
    return _by_distinct_value(raw, instant, None, _instants)


def _by_distinct_value(
    raw: pd.Series,
    convert: Callable[[Any], Any],
    missing: Any,
    gather: Callable[[list[Any]], np.ndarray],
) -> Converted:
    codes, distinct = _distinct(raw)
    converted = [None if value is None else convert(value) for value in distinct]
    bad = np.array([value is None for value in converted] + [False], dtype=bool)
    values = gather([missing if value is None else value for value in converted] + [missing])
    return values[codes], bad[codes]


def _floats(values: list[Any]) -> np.ndarray:
    return np.array(values, dtype=np.float64)


def _objects(values: list[Any]) -> np.ndarray:
    return np.array(values, dtype=object)


def _instants(values: list[Any]) -> np.ndarray:
    return np.asarray(pd.array(values, dtype="datetime64[us]"))  # ten times as fast as numpy's own


def _distinct(raw: pd.Series) -> tuple[np.ndarray, list[Any]]:
    """Codes into a list of distinct values; missing ones have the code -1 (and are None)."""
    if raw.dtype == object:
        values = raw.tolist()
        plain = len(raw) > _FEW and _is_of_one_type(raw, values)
        codes, distinct = _factorized(raw.to_numpy()) if plain else _distinct_of_mixed(values)
    elif isinstance(raw.dtype, (pd.CategoricalDtype, pd.StringDtype)) or raw.dtype.kind in "biufM":
        codes, distinct = _factorized(raw)
    else:
        codes, distinct = _distinct_of_mixed(raw.astype(object).tolist())
    if any(isinstance(value, str) and _SURROGATE.search(value) for value in distinct):
        codes, distinct = _distinct_of_mixed(raw.astype(object).tolist())
    present = [None if is_missing(value) else value for value in distinct]
    absent = np.array([value is None for value in present] + [True], dtype=bool)
    return np.where(absent[codes], -1, codes), present


def _is_of_one_type(raw: pd.Series, values: list[Any]) -> bool:
    """Whether `pd.factorize` tells the values apart as we do: to it True, 1 and 1.0 are one."""
    types = set(map(type, values)) - {type(None)}
    if types <= {str, float}:  # text, perhaps with NaN for missing
        return types == {float} or pd.api.types.infer_dtype(raw, skipna=True) == "string"
    return types in ({int}, {bool})


def _factorized(raw: Any) -> tuple[np.ndarray, list[Any]]:
    if raw.dtype == np.float16:  # which pandas would make float32
        return _distinct_of_mixed(list(raw.to_numpy()))
    codes, distinct = pd.factorize(raw)
    # pandas would hand out the numbers of a float32 column as Python floats
    return codes, list(distinct.to_numpy() if raw.dtype.kind == "f" else distinct)


def _distinct_of_mixed(raw: list[Any]) -> tuple[np.ndarray, list[Any]]:
    codes = np.empty(len(raw), dtype=np.int64)
    seen: dict[Any, int] = {}
    values: list[Any] = []
    for place, value in enumerate(raw):
        key = (type(value), value) if isinstance(value, (str, int, float)) else place
        code = seen.setdefault(key, len(values))
        if code == len(values):
            values.append(value)
        codes[place] = code
    return codes, values
