"""How the rows are split: by a column of times, by group, or at random."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from podium.errors import UsageError, did_you_mean
from projects.scaffolding.asked import NO_TIME, Asked
from projects.scaffolding.findings import Choice
from projects.scaffolding.kinds import Column
from projects.scaffolding.times import time_column


@dataclass(frozen=True)
class SplitBy:
    """How rows are split, and the column of times where there is one."""

    time: str | None
    choice: Choice


def choose_split(frame: pd.DataFrame, columns: list[Column], asked: Asked) -> SplitBy:
    """By what was asked for, else by a column of times, else by the group, else at random.

    Raises UsageError for columns that are not there, or are the target.
    """
    for option, name in (("--group", asked.group), ("--time", asked.time)):
        if name is not None and (option, name) != ("--time", NO_TIME):
            _refuse_unknown(option, name, frame, asked)
    time, why = asked.time, "as asked for with --time"
    if time == NO_TIME:
        time = None
    elif time is None:
        datetimes = [column.name for column in columns if column.kind == "datetime"]
        time, why = time_column(frame, datetimes)
    if time is not None:
        return SplitBy(time, Choice("time", f"by {time!r}: {why}"))
    if asked.group is not None:
        return SplitBy(None, Choice("group", f"by {asked.group!r}, as asked for with --group"))
    why = "no column says when a row was" if asked.time is None else "as asked for with --time none"
    return SplitBy(None, Choice("random", why))


def _refuse_unknown(option: str, name: str, frame: pd.DataFrame, asked: Asked) -> None:
    if name == asked.target:
        raise UsageError(f"{option}: {name!r} is the target.", remedy="Name another column.")
    if name not in frame.columns:
        known = [str(column) for column in frame.columns]
        raise UsageError(
            f"{option}: there is no column {name!r}.",
            remedy=did_you_mean(name, known) or f"The columns are {', '.join(known[:30])}.",
        )
