"""Which column says when a row was: what makes the split a split by time."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from podium.artifact.scoring.values import datetime_values

_FEWEST_TIMES = 10
_NOT_WHEN = re.compile(r"birth|dob|born|expir|valid|due|until|deadline", re.IGNORECASE)
_WHEN = re.compile(r"time|date|day|when|created|_at$|^ts$|^dt|observed|recorded", re.IGNORECASE)


@dataclass(frozen=True)
class _Candidate:
    name: str
    in_order: bool
    called_so: bool
    distinct: int


def time_column(frame: pd.DataFrame, datetimes: Iterable[str]) -> tuple[str | None, str]:
    """The column of `datetimes` that orders the rows, and why that one; None where there is none.

    It has a time in every row, at least ten different ones, and is not called like a birth date
    or a deadline. Of several, one that the rows lie in the order of; then one that is called
    like a time; then the finest.
    """
    found = [_candidate(name, frame[name]) for name in datetimes if not _NOT_WHEN.search(name)]
    candidates = [candidate for candidate in found if candidate is not None]
    if not candidates:
        return None, ""
    best = max(candidates, key=lambda c: (c.in_order, c.called_so, c.distinct))
    why = "the rows lie in its order" if best.in_order else "it has a time in every row"
    others = [candidate.name for candidate in candidates if candidate != best]
    return best.name, why + (f" (another: {', '.join(others)})" if others else "")


def spans_years(series: pd.Series[Any], years: int) -> bool:
    """Whether times span at least so many years."""
    values = datetime_values(series)[0]
    known = values[~np.isnat(values)]
    return len(known) > 0 and bool(np.ptp(known) >= np.timedelta64(365 * years, "D"))


def _candidate(name: str, series: pd.Series[Any]) -> _Candidate | None:
    values, bad = datetime_values(series)
    if (bad | np.isnat(values)).any():
        return None
    distinct = len(np.unique(values))
    if distinct < _FEWEST_TIMES:
        return None
    steps = np.diff(values)
    none = np.timedelta64(0)
    in_order = bool((steps >= none).all() or (steps <= none).all())
    return _Candidate(name, in_order, _WHEN.search(name) is not None, distinct)
