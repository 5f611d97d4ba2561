"""One raw value at a time: the rules behind every entrance of the scoring artifact.

Null, NaN and the empty string are *missing*; no literal string means missing. Each function takes
a value that is not missing and returns what it becomes, or None where it cannot be converted.
"""

from __future__ import annotations

import datetime as dt
import decimal
import math
import numbers
import re
from typing import Any

import numpy as np
import pandas as pd

MISSING_CATEGORY = ""
LARGEST = float(np.finfo(np.float32).max)  # trees compute in float32, and refuse what is beyond
_NUMBER = re.compile(r"\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\s*")
_WHOLE = re.compile(r"-?(0|[1-9][0-9]*)\.0+")
_EPOCH = re.compile(r"[+-]?[0-9]{9,11}(\.[0-9]+)?")
_ISO = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_EPOCH_START = dt.datetime(1970, 1, 1)  # naive datetimes are UTC here
_EPOCH_LIMIT_SECONDS = 1e11  # the year 5138; what is larger are milliseconds by mistake
_KINDS: tuple[tuple[tuple[type, ...], str], ...] = (
    ((type(None),), "null"),
    ((str,), "text"),
    ((bool, np.bool_), "a boolean"),
    ((dt.date, dt.time, np.datetime64), "a date or time"),
    ((list, tuple, np.ndarray), "a list"),
    ((dict,), "an object"),
)


def is_missing(value: Any) -> bool:
    """Null of any library, NaN, or the empty string."""
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    if isinstance(value, str):
        return value == ""
    if isinstance(value, decimal.Decimal):
        return value.is_nan()
    if isinstance(value, (np.datetime64, np.timedelta64)):
        return bool(np.isnat(value))
    return isinstance(value, (float, np.floating)) and math.isnan(value)


def _is_number(value: Any) -> bool:
    numeric = isinstance(value, (numbers.Real, decimal.Decimal))
    return numeric and not isinstance(value, np.timedelta64)  # to numpy, a kind of integer


def number(value: Any) -> float | None:
    """Numbers, booleans and numeric strings, within ±LARGEST."""
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        return None
    if not (isinstance(value, (str, np.bool_)) or _is_number(value)):
        return None
    try:
        converted = float(value) + 0.0  # -0.0 becomes 0.0
    except OverflowError:
        return None
    return converted if -LARGEST <= converted <= LARGEST else None


def category(value: Any) -> str | None:
    """Text as it is, but whole numbers without their `.0`; booleans as true and false."""
    if isinstance(value, str):
        text = str.__str__(value)  # of numpy's strings and of enumerations, too
        return _whole(text.partition(".")[0]) if _WHOLE.fullmatch(text) else text
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if _is_number(value):
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
    if number.is_integer():  # of a whole decimal, every digit
        whole = isinstance(value, decimal.Decimal) and value == value.to_integral_value()
        return str(int(value if whole else number))
    # numpy writes a float32 in its own shortest form: 0.1, as its sender would
    return repr(float(str(value)) if isinstance(value, np.floating) else number)


def _whole(digits: str) -> str:
    return "0" if digits == "-0" else digits


def text(value: Any) -> str | None:
    """Strings as they are; numbers and dates as categories."""
    return str.__str__(value) if isinstance(value, str) else category(value)


def instant(value: Any) -> dt.datetime | None:
    """A naive datetime in UTC."""
    try:
        if isinstance(value, str):
            return _instant_of_text(value)
        if isinstance(value, bool):
            return None
        if _is_number(value):
            return _instant_of_epoch(value)
        if isinstance(value, np.datetime64):
            instants, bad = within_calendar(np.array([value]))
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
    seconds = float(seconds)
    if not abs(seconds) < _EPOCH_LIMIT_SECONDS:
        return None
    microseconds = round(seconds * 1e6)
    return _EPOCH_START + dt.timedelta(microseconds=microseconds)


def _naive(instant: dt.datetime) -> dt.datetime:
    return instant if instant.tzinfo is None else instant.astimezone(dt.UTC).replace(tzinfo=None)


def sort_of(value: Any) -> str:
    """What a value is, in a word that gives nothing of the value away."""
    for types, word in _KINDS:
        if isinstance(value, types):
            return word
    return "a number" if _is_number(value) else f"a value of type {type(value).__name__}"


def kind_of(value: Any) -> str:
    """The same of a value that was refused: of a number that it is too large."""
    word = sort_of(value)
    if word != "a number":
        return word
    return "infinity" if value in (math.inf, -math.inf) else "a number out of range"


def within_calendar(instants: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """datetime64 of any unit as microseconds; what lies outside the years 1 to 9999 is bad."""
    years = instants.astype("datetime64[Y]").astype(np.int64) + 1970
    bad = ~np.isnat(instants) & ((years < 1) | (years > 9999))
    kept = instants.copy()
    kept[bad] = None  # NaT, in whatever unit
    return kept.astype("datetime64[us]"), bad
