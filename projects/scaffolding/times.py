"""Which column says when a row was: what makes the split a split by time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from podium.artifact.scoring.values import datetime_values, numeric_values
from projects.scaffolding.holding import is_text

_FEWEST_TIMES = 10
_NOT_WHEN = re.compile(
    r"birth|dob|born|expir|valid|due|until|deadline|updat|modif|chang|clos|cancel|delet|resol"
    r"|complet|finish|(^|[^a-z])(end|ended|ends|last|left|churned)([^a-z]|$)",
    re.IGNORECASE,
)
_WHEN = re.compile(
    r"at|on|ts|dt|day|days|date|time|times|when|week|month|year|created|observed|recorded|started"
    r"|start|signup|joined|ordered|placed|\w*timestamp|\w*datetime|\w*time|dt\w+"
    r"|\w*(?<!candi)(?<!up)(?<!vali)(?<!man)date"
)
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_EPOCH = np.array([631_152_000, 4_102_444_800])  # 1990 to 2100, in seconds
_SAMPLED_ROWS = 1_000
_OTHER_DATE = re.compile(r"\s*\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b.*|\s*\d{4}/\d{1,2}/\d{1,2}\b.*")
_MOSTLY = 0.9


@dataclass(frozen=True)
class _Candidate:
    name: str
    in_order: bool
    called_so: bool
    distinct: int


@dataclass(frozen=True)
class TimeFound:
    """The column of times that orders the rows, and why; None where there is none. `others` could
    do so too, but nothing says that they are when a row was.
    """

    name: str | None = None
    why: str = ""
    others: tuple[str, ...] = ()


def time_column(frame: pd.DataFrame, datetimes: Iterable[str]) -> TimeFound:
    """The column of `datetimes` that orders the rows.

    It has a time in every row, at least ten different ones; the rows lie in its order, or it is
    called like a time at which something began; and it is not called like a birth date, a deadline
    or a later change. Of several, one that the rows lie in the order of; then one that is called
    like a time; then the finest.
    """
    found = [_candidate(name, frame[name]) for name in datetimes if not _NOT_WHEN.search(name)]
    possible = [candidate for candidate in found if candidate is not None]
    candidates = [each for each in possible if each.in_order or each.called_so]
    if not candidates:
        return TimeFound(others=tuple(each.name for each in possible))
    best = max(candidates, key=lambda c: (c.in_order, c.called_so, c.distinct))
    why = "the rows lie in its order" if best.in_order else "it has a time in every row"
    others = [candidate.name for candidate in candidates if candidate != best]
    return TimeFound(best.name, why + (f" (another: {', '.join(others)})" if others else ""))


def unread_times(frame: pd.DataFrame) -> Iterator[str]:
    """A sentence for each column that looks like times which are not taken for such: seconds
    or milliseconds since 1970, and dates that are not written YYYY-MM-DD.
    """
    for name in (name for name in map(str, frame.columns) if not _NOT_WHEN.search(name)):
        if _is_epoch(name, frame[name], 1_000):
            yield (
                f"{name!r} looks like times, in milliseconds since 1970: as seconds, in the table "
                "or by a function, they can split the rows"
            )
        elif _is_epoch(name, frame[name]):
            yield f"{name!r} looks like times, in seconds since 1970: --time {name} splits by it"
        elif is_other_date(frame[name]):
            yield (
                f"{name!r} looks like times that are not written YYYY-MM-DD: written so, in the "
                "table or by a function, they can split the rows"
            )


def is_other_date(series: pd.Series[Any]) -> bool:
    """Whether nearly all texts look like dates of another spelling than YYYY-MM-DD."""
    if not is_text(series):
        return False
    present = series.dropna().astype(str)
    sample = present.sample(min(_SAMPLED_ROWS, len(present)), random_state=0)
    fits = [_OTHER_DATE.fullmatch(text) is not None for text in sample]
    return bool(fits) and sum(fits) >= _MOSTLY * len(fits)


def _is_epoch(name: str, series: pd.Series[Any], each: int = 1) -> bool:
    """Whether whole numbers, `each` a second, are times from 1990 to 2100, by name or order."""
    kind = pd.api.types
    if not kind.is_numeric_dtype(series.dtype) or kind.is_bool_dtype(series.dtype):
        return False
    values = numeric_values(series)[0]
    if np.isnan(values).any() or (values % 1).any() or len(np.unique(values)) < _FEWEST_TIMES:
        return False
    steps = np.diff(values)
    in_order = bool((steps >= 0).all() or (steps <= 0).all())
    seconds = bool((values >= each * _EPOCH[0]).all() and (values <= each * _EPOCH[1]).all())
    return seconds and (in_order or called_like_a_time(name))


def called_like_a_time(name: str) -> bool:
    """Whether one of the words of a name says that it is when something was."""
    words = (word.lower() for word in _WORDS.findall(name))
    return not _NOT_WHEN.search(name) and any(_WHEN.fullmatch(word) for word in words)


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
    return _Candidate(name, in_order, called_like_a_time(name), distinct)
