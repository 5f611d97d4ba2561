"""Canonical values: the one place that turns raw values into what a pipeline sees.

Null, NaN, a missing key and the empty string are *missing*; no literal string means missing.
Each function takes a pandas Series and returns an array of canonical values and a boolean array
that marks what could not be converted (those places hold a missing value).
"""

from __future__ import annotations

import datetime as dt
import decimal
import math
import numbers
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

Converted = tuple[np.ndarray, np.ndarray]

MISSING_CATEGORY = ""
_NUMBER = re.compile(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*")
_WHOLE = re.compile(r"-?\d+\.0+")
_EPOCH = re.compile(r"[+-]?\d{9,}(\.\d+)?")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})?)?")
_NAT = np.datetime64("NaT", "us")
_BULK = 256  # from here on pandas parses many at once faster than Python one by one


def numeric_values(raw: pd.Series) -> Converted:
    """float64 with NaN for missing. Takes numbers, booleans and numeric strings; not infinity."""
    if pd.api.types.is_bool_dtype(raw.dtype) or pd.api.types.is_numeric_dtype(raw.dtype):
        if pd.api.types.is_complex_dtype(raw.dtype):
            return np.full(len(raw), np.nan), np.ones(len(raw), dtype=bool)
        values = raw.to_numpy(dtype=np.float64, na_value=np.nan)
        infinite = np.isinf(values)
        return (
            (np.where(infinite, np.nan, values), infinite)
            if infinite.any()
            else (
                values,
                infinite,
            )
        )
    values, bad = _by_distinct_value(raw, _number)
    return values.astype(np.float64), bad


def category_values(raw: pd.Series) -> Converted:
    """Strings (object array) with `""` for missing. 7, 7.0 and "7.0" become "7"; true "true"."""
    return _by_distinct_value(raw, _category)


def text_values(raw: pd.Series) -> Converted:
    """Strings (object array) with `""` for missing; strings are taken as they are."""
    return _by_distinct_value(
        raw, lambda value: value if isinstance(value, str) else _category(value)
    )


def datetime_values(raw: pd.Series) -> Converted:
    """datetime64[us] in UTC with NaT for missing. Takes ISO 8601, epoch seconds and timestamps.

    A time without a zone is taken as UTC. A string of nine digits or more is epoch seconds.
    ISO 8601 is taken in its usual spelling: a date, or date and time with optional zone.
    """
    if pd.api.types.is_datetime64_any_dtype(raw.dtype):
        return _microseconds(pd.to_datetime(raw, utc=True)), np.zeros(len(raw), dtype=bool)
    codes, distinct = _distinct(raw)
    instants = _instants(distinct)
    bad = np.append(np.isnat(instants), False)
    return np.append(instants, _NAT)[codes], bad[codes]


def kind_of(value: Any) -> str:
    """What a refused value is, in a word that gives nothing of the value away."""
    if isinstance(value, str):
        return "text"
    if isinstance(value, numbers.Real) and not isinstance(value, numbers.Rational):
        return "infinity" if math.isinf(float(value)) else "a number"
    if isinstance(value, (dt.date, dt.time, np.datetime64)):
        return "a date or time"
    if isinstance(value, (list, tuple, np.ndarray)):
        return "a list"
    return "an object" if isinstance(value, dict) else f"a value of type {type(value).__name__}"


def _by_distinct_value(raw: pd.Series, convert: Callable[[Any], Any]) -> Converted:
    codes, distinct = _distinct(raw)
    missing = np.nan if convert is _number else MISSING_CATEGORY
    converted = [convert(value) for value in distinct]
    bad = np.array([value is None for value in converted] + [False], dtype=bool)
    values = np.empty(len(converted) + 1, dtype=object)
    values[:] = [missing if value is None else value for value in converted] + [missing]
    return values[codes], bad[codes]


def _distinct(raw: pd.Series) -> tuple[np.ndarray, list[Any]]:
    """Codes into a list of distinct values; missing ones have the code -1."""
    if raw.dtype != object:
        codes, distinct = pd.factorize(raw, use_na_sentinel=True)
        values = list(distinct)
        return _without_empty(np.asarray(codes), values), values
    codes = np.empty(len(raw), dtype=np.int64)
    seen: dict[Any, int] = {}
    values = []
    for place, value in enumerate(raw.tolist()):
        key = (type(value), value) if isinstance(value, (str, int, float)) else place
        code = seen.get(key)
        if code is None:
            code = seen[key] = -1 if _is_missing(value) else len(values)
            if code >= 0:
                values.append(value)
        codes[place] = code
    return codes, values


def _without_empty(codes: np.ndarray, values: list[Any]) -> np.ndarray:
    empty = [code for code, value in enumerate(values) if isinstance(value, str) and value == ""]
    return np.where(codes == empty[0], -1, codes) if empty else codes


def _is_missing(value: Any) -> bool:
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    if isinstance(value, str):
        return value == ""
    return isinstance(value, (float, decimal.Decimal, np.floating)) and math.isnan(value)


def _number(value: Any) -> float | None:
    if isinstance(value, (str, numbers.Real, decimal.Decimal, np.bool_)):
        if isinstance(value, str) and not _NUMBER.fullmatch(value):
            return None
        try:
            number = float(value)
        except OverflowError:
            return None
        return number if math.isfinite(number) else None
    return None


def _category(value: Any) -> str | None:
    if isinstance(value, str):
        return str(int(value.split(".")[0])) if _WHOLE.fullmatch(value) else value
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, numbers.Integral):
        return str(int(value))
    if isinstance(value, (numbers.Real, decimal.Decimal)):
        number = float(value)
        if not math.isfinite(number):
            return None
        return str(int(number)) if number.is_integer() else repr(number)
    return value.isoformat() if isinstance(value, (dt.date, dt.time)) else None


def _instants(distinct: list[Any]) -> np.ndarray:
    """datetime64[us] in UTC; NaT for what is none."""
    if len(distinct) < _BULK:
        return np.array([_instant(value) for value in distinct], dtype="datetime64[us]")
    is_iso = [isinstance(value, str) and _ISO.fullmatch(value) is not None for value in distinct]
    instants = np.full(len(distinct), _NAT)
    iso = [value for value, is_one in zip(distinct, is_iso, strict=True) if is_one]
    bulk = pd.to_datetime(pd.Series(iso, dtype=object), format="ISO8601", utc=True, errors="coerce")
    instants[np.array(is_iso)] = _microseconds(bulk)
    for place in np.flatnonzero(~np.array(is_iso)):
        instants[place] = _instant(distinct[place])
    return instants


def _instant(value: Any) -> np.datetime64:
    if isinstance(value, (bool, np.bool_)):
        return _NAT
    try:
        if isinstance(value, numbers.Real) or (isinstance(value, str) and _EPOCH.fullmatch(value)):
            instant = pd.Timestamp(round(float(value) * 1e6), unit="us", tz="UTC")
        elif isinstance(value, str) and _ISO.fullmatch(value):
            instant = pd.Timestamp(dt.datetime.fromisoformat(value))
        elif isinstance(value, (dt.date, np.datetime64)):
            instant = pd.Timestamp(value)
        else:
            return _NAT
        if instant.tzinfo is not None:
            instant = instant.tz_convert("UTC").tz_localize(None)
        return instant.as_unit("us").to_datetime64()
    except (ValueError, OverflowError):
        return _NAT


def _microseconds(instants: pd.Series) -> np.ndarray:
    naive = instants.dt.tz_localize(None).to_numpy()
    return np.asarray(naive, dtype="datetime64[us]")
