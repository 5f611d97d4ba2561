"""Which columns tell the rows of two tables apart, so that a changed row is known again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from podium.data.personal import personal_columns
from podium.errors import UsageError, did_you_mean
from projects.data_versions.codes import PairCodes, codes_of


def chosen_key(
    first: pd.DataFrame, second: pd.DataFrame, names: tuple[str, str], wanted: Sequence[str]
) -> tuple[str, ...]:
    """The columns that somebody named as the key, checked. names: the tables', for messages.

    Raises UsageError for a column that is not in both, or not of one type, and for two rows of
    one table that have the same values in all of them.
    """
    for column in wanted:
        for table, name in zip((first, second), names, strict=True):
            if column not in table.columns:
                raise UsageError(
                    f"--key: data {name} has no column {column!r}.",
                    remedy=did_you_mean(column, table.columns),
                )
        if first[column].dtype != second[column].dtype:
            raise UsageError(
                f"--key: {column!r} is {first[column].dtype} in data {names[0]} and "
                f"{second[column].dtype} in {names[1]}.",
                remedy="Give columns of one type.",
            )
    key = tuple(dict.fromkeys(wanted))
    codes = codes_of(first, second, key)
    for table, own, name in zip((first, second), (codes.first, codes.second), names, strict=True):
        _refuse_twice(table, own, key, name)
    return key


def found_key(
    first: pd.DataFrame,
    second: pd.DataFrame,
    time: str | None,
    group: str | None,
    target: str | None = None,
) -> tuple[str, ...] | None:
    """The first that is unique in both tables: group and time, time, group, or a single column.

    A single column is one of words or times, without missing values. Numbers and the target are
    none: a measured value that happens to be unique tells no rows apart once it changes. None
    where there is nothing of the kind.
    """
    shared = [name for name in first.columns if name in second.columns]
    shared = [name for name in shared if first[name].dtype == second[name].dtype]
    others = [
        name
        for name in shared
        if name != target and _may_tell_apart(first[name]) and _may_tell_apart(second[name])
    ]
    for key in (*_declared(time, group), *((name,) for name in others)):
        if set(key) <= set(shared) and is_unique(codes_of(first, second, key)):
            return key
    return None


def is_unique(codes: PairCodes) -> bool:
    """Whether no two rows of one table have the same code."""
    return all(int(counts.max(initial=0)) <= 1 for counts in codes.counts())


def _declared(time: str | None, group: str | None) -> Iterator[tuple[str, ...]]:
    if time is not None and group is not None:
        yield (group, time)
    if time is not None:
        yield (time,)
    if group is not None:
        yield (group,)


def _may_tell_apart(series: pd.Series[Any]) -> bool:
    return series.dtype.kind not in "fib" and not series.isna().any()


def _refuse_twice(table: pd.DataFrame, codes: np.ndarray, key: tuple[str, ...], name: str) -> None:
    counts = np.bincount(codes)
    twice = np.flatnonzero(counts > 1)
    if not len(twice):
        return
    row = table.iloc[int(np.flatnonzero(codes == twice[0])[0])]
    hidden = {each.column for each in personal_columns(table[list(key)])}
    said = ", ".join(
        f"{column} = {'(not shown: it looks personal)' if column in hidden else row[column]}"
        for column in key
    )
    more = f", and {len(twice) - 1:,} more like it" if len(twice) > 1 else ""
    raise UsageError(
        f"--key: {said} is in {counts[twice[0]]:,} rows of data {name}{more}.",
        remedy="Name more columns, so that each row has a key of its own.",
    )
