"""How the rows are split: by a column of times, by group, or at random."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from podium.artifact.scoring.values import datetime_values
from podium.errors import UsageError, did_you_mean
from projects.scaffolding.asked import NO_TIME, Asked
from projects.scaffolding.findings import Choice
from projects.scaffolding.kinds import Column
from projects.scaffolding.times import TimeFound, time_column, unread_times

_MOSTLY = 0.5


@dataclass(frozen=True)
class SplitBy:
    """How rows are split, and the column of times where there is one."""

    time: str | None
    choice: Choice
    notes: tuple[str, ...] = ()


def choose_split(frame: pd.DataFrame, columns: list[Column], asked: Asked) -> SplitBy:
    """By what was asked for, else by a column of times, else by the group, else at random.

    Raises UsageError for columns that are not there, or are the target.
    """
    for option, name in (("--group", asked.group), ("--time", asked.time)):
        if name is not None and (option, name) != ("--time", NO_TIME):
            _refuse_unknown(option, name, frame, asked)
    if asked.time is not None and asked.time != NO_TIME:
        _refuse_no_times(asked.time, frame[asked.time])
        return SplitBy(asked.time, _by_time(asked.time, "as asked for with --time"))
    found, notes = TimeFound(), list[str]()
    if asked.time is None:
        datetimes = [column.name for column in columns if column.kind == "datetime"]
        found = time_column(frame, datetimes)
        if found.name is not None:
            return SplitBy(found.name, _by_time(found.name, found.why))
        others = frame.drop(columns=[str(asked.target), *filter(None, [asked.group])])
        notes = [*map(_suggestion, found.others), *unread_times(others)]
    if asked.group is not None:
        choice = Choice("group", f"by {asked.group!r}, as asked for with --group")
        return SplitBy(None, choice, tuple(notes))
    return SplitBy(None, Choice("random", _why_random(found, asked)), tuple(notes))


def _refuse_no_times(name: str, series: pd.Series[Any]) -> None:
    """Raises UsageError for values of which most are no times, or all lie in 1970's first days."""
    values, bad = datetime_values(series)
    small = values < np.datetime64("1970-04-01") if series.dtype.kind in "iuf" else bad
    if (bad | small).mean() > _MOSTLY:
        raise UsageError(
            f"--time: {name!r} holds no times, but values such as {str(series.iloc[0])!r}.",
            remedy="Name a column of dates (YYYY-MM-DD…), or of seconds since 1970.",
        )


def _suggestion(name: str) -> str:
    return (
        f"{name!r} has a time in every row: --time {name} splits by it, where it is when the row "
        "was"
    )


def _by_time(name: str, why: str) -> Choice:
    return Choice("time", f"by {name!r}: {why}")


def _why_random(found: TimeFound, asked: Asked) -> str:
    if asked.time == NO_TIME:
        return "as asked for with --time none"
    if found.others:
        return "no column of times is called like when a row was"
    return "no column of readable times in every row"


def _refuse_unknown(option: str, name: str, frame: pd.DataFrame, asked: Asked) -> None:
    if name == asked.target:
        raise UsageError(f"{option}: {name!r} is the target.", remedy="Name another column.")
    if name not in frame.columns:
        known = [str(column) for column in frame.columns]
        raise UsageError(
            f"{option}: there is no column {name!r}.",
            remedy=did_you_mean(name, known) or f"The columns are {', '.join(known[:30])}.",
        )
