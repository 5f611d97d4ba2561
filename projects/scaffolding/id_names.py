"""Columns that are called like ids."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from podium.artifact.scoring.values import numeric_values

_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_IDS = {"id", "ids", "uuid", "guid", "serial", "serialnumber", "invoice", "invoiceid", "userid",
        "customerid", "orderid", "clientid", "accountid", "invoiceno", "orderno"}  # fmt: skip
_NUMBERED = {"customer", "order", "invoice", "account", "serial", "ticket", "user", "policy",
             "contract", "case", "client", "member", "transaction", "booking"}  # fmt: skip
_NUMBER = {"no", "nr", "num", "number"}
_NEARLY_ALL = 0.9
_LEAST_DIFFERENT, _MOST_ROWS_EACH = 50, 10


def called_like_an_id(name: str) -> bool:
    """Whether the name ends as those of ids do: customer_id, userId, ID, serialnumber, order_no."""
    words = [word.lower() for word in _WORDS.findall(name)]
    if not words:
        return False
    pair = len(words) > 1 and words[-2] in _NUMBERED and words[-1] in _NUMBER
    return words[-1] in _IDS or pair


def numbered_things(series: pd.Series[Any]) -> str:
    """Why whole numbers that are called like ids are ids; empty where they are not.

    They are different in nearly every row; or there are at least 50, each in ten rows or fewer.
    """
    kind = pd.api.types
    if not called_like_an_id(str(series.name)) or not kind.is_numeric_dtype(series.dtype):
        return ""
    values = numeric_values(series)[0]
    present = values[~np.isnan(values)]
    distinct = len(np.unique(present))
    if distinct < 2 or (present % 1).any():
        return ""
    if distinct >= _NEARLY_ALL * len(present):
        return "it is called like an id, and different in nearly every row"
    if distinct >= _LEAST_DIFFERENT and len(present) <= _MOST_ROWS_EACH * distinct:
        return "it is called like an id, and each of its numbers is in a few rows only"
    return ""
