"""What the values of a column are: texts, other plain values, or objects that no feature takes."""

from __future__ import annotations

import datetime as dt
import decimal
from typing import Any

import numpy as np
import pandas as pd

_PLAIN = (str, bool, int, float, decimal.Decimal, dt.date, dt.time, np.generic)


def is_plain(series: pd.Series[Any]) -> bool:
    """Whether every value is a text, number, truth value, date or time, or missing.

    Lists, mappings, bytes and durations are none of these.
    """
    kind = series.dtype
    if isinstance(kind, pd.CategoricalDtype):
        return is_plain(pd.Series(kind.categories))
    if pd.api.types.is_object_dtype(kind):
        return all(issubclass(each, _PLAIN) for each in _types(series))
    types = pd.api.types
    return bool(
        isinstance(kind, pd.StringDtype)
        or types.is_datetime64_any_dtype(kind)
        or (types.is_numeric_dtype(kind) and not types.is_complex_dtype(kind))
    )


def is_text(series: pd.Series[Any]) -> bool:
    """Whether every value is a text, or missing, and one is there."""
    if isinstance(series.dtype, pd.StringDtype):
        return True
    return pd.api.types.is_object_dtype(series.dtype) and _types(series) == {str}


def is_decimal(series: pd.Series[Any]) -> bool:
    """Whether every value is one of Python's exact decimals, or missing."""
    return pd.api.types.is_object_dtype(series.dtype) and _types(series) == {decimal.Decimal}


def _types(series: pd.Series[Any]) -> set[type]:
    """Of the values that are there; pandas cannot say of a list whether it is missing."""
    missing = (None, pd.NA, pd.NaT)
    types = {type(value) for value in series if not any(value is each for each in missing)}
    nan = float in types and all(value != value for value in series if type(value) is float)
    return types - {float} if nan else types
