"""One raw value as the numbers that the compiled form takes, in as few steps as can be."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from .convert import LARGEST, category, instant, is_missing, number, text

UNSEEN, MISSING = -1.0, 0.0  # codes of categories; those known have theirs from 1
_WORD = re.compile(r"(?u)\b\w\w+\b")  # scikit-learn's own
_EPOCH, _SECOND = dt.datetime(1970, 1, 1), dt.timedelta(seconds=1)
_PLAIN = frozenset({int, float, bool})
_PARTS: Mapping[str, Callable[[dt.datetime], float]] = {
    "year": lambda at: float(at.year),
    "quarter": lambda at: float((at.month + 2) // 3),
    "month": lambda at: float(at.month),
    "week": lambda at: float(at.isocalendar()[1]),
    "day": lambda at: float(at.day),
    "day_of_year": lambda at: float(at.timetuple().tm_yday),
    "weekday": lambda at: float(at.weekday()),
    "hour": lambda at: float(at.hour),
    "minute": lambda at: float(at.minute),
    "second": lambda at: float(at.second),
    "epoch_days": lambda at: ((at - _EPOCH) // _SECOND) / 86400,
}


class Refused(Exception):
    """The value cannot be converted."""


def coded_number(value: Any) -> float:
    """The number, NaN where missing. Raises Refused."""
    if type(value) is float and -LARGEST <= value <= LARGEST:
        return value + 0.0
    if value is None or is_missing(value):
        return math.nan
    return float(_taken(number(value)))


def plain_numbers(columns: Sequence[Sequence[Any]]) -> np.ndarray | None:
    """`coded_number` of all values at once, float64 (columns, rows); None where one of them is
    something else than a number or a boolean, or is beyond what is taken.
    """
    if any(not _PLAIN.issuperset(map(type, column)) for column in columns):
        return None  # found before numpy makes room for the longest text, a value
    try:
        array = np.array(columns)
    except (ValueError, OverflowError, TypeError):  # lists among them, or what numpy cannot read
        return None
    if array.ndim != 2 or array.dtype.kind not in "fiub":
        return None
    numbers = array.astype(np.float64) + 0.0  # -0.0 becomes 0.0
    taken = (np.abs(numbers) <= LARGEST) | np.isnan(numbers)
    return numbers if taken.all() else None


def category_coder(categories: Sequence[str]) -> Callable[[Any], float]:
    """A function from a raw value to its category's code."""
    codes = {known: float(code) for code, known in enumerate(categories)}

    def code_of(value: Any) -> float:
        if type(value) is str:
            code = codes.get(value)  # what is known is canonical already
            if code is not None:
                return code
        if is_missing(value):
            return MISSING
        return codes.get(_taken(category(value)), UNSEEN)

    return code_of


def parts_coder(parts: Sequence[str]) -> Callable[[Any], list[float]]:
    """A function from a raw value to the parts of its instant, NaN where missing."""
    functions = [_PARTS[part] for part in parts]
    none = [math.nan] * len(parts)

    def parts_of(value: Any) -> list[float]:
        if value is None or is_missing(value):
            return none
        at = _taken(instant(value))
        return [part(at) for part in functions]

    return parts_of


def canonical_text(value: Any) -> str:
    """The text, `""` where missing. Raises Refused."""
    return "" if is_missing(value) else str(_taken(text(value)))


def terms_of(content: str) -> list[str]:
    """Words of two letters or more in lower case, and pairs of neighbours."""
    words = _WORD.findall(content.lower())
    return words + [f"{first} {second}" for first, second in pairwise(words)]


def _taken(converted: Any) -> Any:
    if converted is None:
        raise Refused
    return converted
