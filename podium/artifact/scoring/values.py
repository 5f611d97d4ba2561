"""Canonical values: the one place that turns raw values into what a pipeline sees.

Null, NaN, a missing key and the empty string are *missing*; no literal string means missing.
Each function takes a pandas Series and returns an array of canonical values and a boolean array
that marks what could not be converted (those places hold a missing value). What a value becomes
depends on the value alone, never on its neighbours: each distinct one is converted once.
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
_NUMBER = re.compile(r"\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\s*")
_WHOLE = re.compile(r"-?(0|[1-9][0-9]*)\.0+")
_EPOCH = re.compile(r"[+-]?[0-9]{9,11}(\.[0-9]+)?")
_ISO = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_EPOCH_START = dt.datetime(1970, 1, 1)  # naive datetimes are UTC here
_EPOCH_LIMIT_SECONDS = 1e11  # the year 5138; what is larger are milliseconds by mistake
_FEW = 256  # rows up to which Python is faster than pandas at telling values apart
# What `pd.factorize` can tell apart as we do: it takes True, 1 and 1.0 for the same value.
_OF_ONE_TYPE = {"string", "integer", "floating", "boolean"}
_KINDS: tuple[tuple[tuple[type, ...], str], ...] = (
    ((str,), "text"),
    ((bool, np.bool_), "a boolean"),
    ((dt.date, dt.time, np.datetime64), "a date or time"),
    ((list, tuple, np.ndarray), "a list"),
    ((dict,), "an object"),
)


def numeric_values(raw: pd.Series) -> Converted:
    """float64 with NaN for missing. Takes numbers, booleans and numeric strings; not infinity."""
    if raw.dtype.kind in "biuf":
        with np.errstate(over="ignore"):
            values = raw.to_numpy(dtype=np.float64, na_value=np.nan) + 0.0  # -0.0 becomes 0.0
        infinite = np.isinf(values)
        values[infinite] = np.nan
        return values, infinite
    return _by_distinct_value(raw, _number, np.nan, _floats)


def category_values(raw: pd.Series) -> Converted:
    """Strings (object array) with `""` for missing. 7, 7.0 and "7.0" become "7"; true "true"."""
    return _by_distinct_value(raw, _category, MISSING_CATEGORY, _objects)


def text_values(raw: pd.Series) -> Converted:
    """Strings (object array) with `""` for missing; strings are taken as they are."""
    return _by_distinct_value(raw, _text, MISSING_CATEGORY, _objects)


def datetime_values(raw: pd.Series) -> Converted:
    """datetime64[us] in UTC with NaT for missing. Takes ISO 8601, epoch seconds and timestamps.

    A time without a zone is taken as UTC; what is finer than a microsecond is cut off. Epoch
    seconds are below 1e11; a string of them has nine digits or more (eight would be a date).
    ISO 8601 is taken in its usual spelling: a date, or date and time with optional zone.
    """
    if pd.api.types.is_datetime64_any_dtype(raw.dtype):
        return _within_calendar(pd.to_datetime(raw, utc=True).dt.tz_localize(None).to_numpy())
    return _by_distinct_value(raw, _instant, None, _instants)


def kind_of(value: Any) -> str:
    """What a refused value is, in a word that gives nothing of the value away."""
    for types, word in _KINDS:
        if isinstance(value, types):
            return word
    if isinstance(value, (numbers.Real, decimal.Decimal)):
        return "infinity" if abs(value) == math.inf else "a number out of range"
    return f"a value of type {type(value).__name__}"


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
    if raw.dtype == object and len(raw) <= _FEW:
        codes, values = _distinct_of_mixed(raw.tolist())
    elif isinstance(raw.dtype, (pd.CategoricalDtype, pd.StringDtype)) or raw.dtype.kind in "biufM":
        codes, values = _factorized(raw)
    elif pd.api.types.infer_dtype(raw, skipna=True) in _OF_ONE_TYPE:
        codes, values = _factorized(raw.to_numpy(dtype=object))
    else:
        codes, values = _distinct_of_mixed(raw.astype(object).tolist())
    present = [None if _is_missing(value) else value for value in values]
    absent = np.array([value is None for value in present] + [True], dtype=bool)
    return np.where(absent[codes], -1, codes), present


def _factorized(raw: Any) -> tuple[np.ndarray, list[Any]]:
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


def _is_missing(value: Any) -> bool:
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    if isinstance(value, str):
        return value == ""
    if isinstance(value, decimal.Decimal):
        return value.is_nan()
    if isinstance(value, (np.datetime64, np.timedelta64)):
        return bool(np.isnat(value))
    return isinstance(value, (float, np.floating)) and math.isnan(value)


def _number(value: Any) -> float | None:
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        return None
    if not isinstance(value, (str, numbers.Real, decimal.Decimal, np.bool_)):
        return None
    try:
        number = float(value) + 0.0
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _category(value: Any) -> str | None:
    if isinstance(value, str):
        text = str.__str__(value)  # of numpy's strings and of enumerations, too
        return _whole(text.partition(".")[0]) if _WHOLE.fullmatch(text) else text
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (numbers.Real, decimal.Decimal)):
        return _category_of_number(value)
    if isinstance(value, np.datetime64):
        return pd.Timestamp(value).isoformat()
    return value.isoformat() if isinstance(value, (dt.date, dt.time)) else None


def _category_of_number(value: Any) -> str | None:
    try:
        if isinstance(value, numbers.Integral):
            return str(int(value))
        number = float(value)
    except (OverflowError, ValueError):  # Python refuses to write more than 4,300 digits
        return None
    if not math.isfinite(number):
        return None
    if number.is_integer():
        return str(int(number))
    # numpy writes a float32 in its own shortest form: 0.1, as its sender would
    return repr(float(str(value)) if isinstance(value, np.floating) else number)


def _whole(digits: str) -> str:
    return "0" if digits == "-0" else digits


def _text(value: Any) -> str | None:
    return str.__str__(value) if isinstance(value, str) else _category(value)


def _instant(value: Any) -> dt.datetime | None:
    """A naive datetime in UTC."""
    try:
        if isinstance(value, str):
            return _instant_of_text(value)
        if isinstance(value, bool):
            return None
        if isinstance(value, (numbers.Real, decimal.Decimal)):
            return _instant_of_epoch(value)
        if isinstance(value, np.datetime64):
            instants, bad = _within_calendar(np.array([value]))
            return None if bad[0] else instants[0].item()
        if isinstance(value, pd.Timestamp):
            value = value.to_pydatetime(warn=False)
        if isinstance(value, dt.datetime):
            return _naive(value)
        return dt.datetime(value.year, value.month, value.day) if type(value) is dt.date else None
    except (ValueError, OverflowError):
        return None


def _instant_of_text(value: str) -> dt.datetime | None:
    if _ISO.fullmatch(value):
        return _naive(dt.datetime.fromisoformat(value))
    return _instant_of_epoch(float(value)) if _EPOCH.fullmatch(value) else None


def _instant_of_epoch(seconds: Any) -> dt.datetime | None:
    if not abs(seconds) < _EPOCH_LIMIT_SECONDS:
        return None
    microseconds = round(float(seconds) * 1e6)
    return _EPOCH_START + dt.timedelta(microseconds=microseconds)


def _naive(instant: dt.datetime) -> dt.datetime:
    return instant if instant.tzinfo is None else instant.astimezone(dt.UTC).replace(tzinfo=None)


def _within_calendar(instants: np.ndarray) -> Converted:
    """datetime64 of any unit as microseconds; what lies outside the years 1 to 9999 is bad."""
    years = instants.astype("datetime64[Y]").astype(np.int64) + 1970
    bad = ~np.isnat(instants) & ((years < 1) | (years > 9999))
    kept = instants.copy()
    kept[bad] = None  # NaT, in whatever unit
    return kept.astype("datetime64[us]"), bad
