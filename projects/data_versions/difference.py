"""What differs between two tables: columns, rows, cells. Nothing is stored, nobody is asked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from projects.data_versions.codes import Codes, PairCodes, codes_of, hashed_codes_of

Places = NDArray[np.int64]


@dataclass(frozen=True)
class Retyped:
    """A column that is of another type in the second table."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Columns:
    """How the columns differ. shared: in both, of the same type, in the order of the first."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    retyped: tuple[Retyped, ...]
    shared: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Rows:
    """How the rows differ. Places are positions, from 0: `removed` in the first table, `added` in
    the second, `changed` pairs of both.

    key: None where rows are told apart by all they hold; then a changed row counts as one removed
    and one added, and `cells` is empty. cells: how many changed in each shared column.
    same_order: whether the rows that both have stand in the same order; without a key, those that
    both have once.
    """

    key: tuple[str, ...] | None
    removed: Places
    added: Places
    changed: tuple[Places, Places]
    unchanged: int
    cells: dict[str, int]
    same_order: bool


def columns_of(first: pd.DataFrame, second: pd.DataFrame) -> Columns:
    """How the columns of the two tables differ."""
    one, other = list(map(str, first.columns)), list(map(str, second.columns))
    both = [name for name in one if name in set(other)]
    types = {name: (str(first[name].dtype), str(second[name].dtype)) for name in both}
    return Columns(
        added=tuple(name for name in other if name not in set(one)),
        removed=tuple(name for name in one if name not in set(other)),
        retyped=tuple(Retyped(n, *types[n]) for n in both if types[n][0] != types[n][1]),
        shared=tuple(name for name in both if types[name][0] == types[name][1]),
    )


def rows_by_key(
    first: pd.DataFrame, second: pd.DataFrame, columns: Columns, key: tuple[str, ...]
) -> Rows:
    """Rows of the two tables matched by a `key` that is unique in both."""
    codes = codes_of(first, second, key)
    in_first, in_second = _places(codes.first, codes.count), _places(codes.second, codes.count)
    both = np.flatnonzero((in_first >= 0) & (in_second >= 0))
    both = both[np.argsort(in_second[both], kind="stable")]  # as they stand in the second table
    one, other = in_first[both], in_second[both]
    any_changed = np.zeros(len(both), dtype=bool)
    cells: dict[str, int] = {}
    for name in columns.shared:
        if name in key:
            continue
        differs = _differs(first, second, name, (one, other))
        cells[name] = int(differs.sum())
        any_changed |= differs
    return Rows(
        key=key,
        removed=np.sort(in_first[(in_first >= 0) & (in_second < 0)]),
        added=np.sort(in_second[(in_second >= 0) & (in_first < 0)]),
        changed=(one[any_changed], other[any_changed]),
        unchanged=int((~any_changed).sum()),
        cells=cells,
        same_order=bool((np.diff(one) > 0).all()),
    )


def rows_by_content(first: pd.DataFrame, second: pd.DataFrame, columns: Columns) -> Rows:
    """Rows of the two tables as multisets of what they hold in the shared columns.

    Of equal rows that one table has more of, the last ones count as removed or added.
    """
    codes = hashed_codes_of(first, second, columns.shared)
    before, after = codes.counts()
    removed = np.flatnonzero(_nth(codes.first) >= after[codes.first])
    added = np.flatnonzero(_nth(codes.second) >= before[codes.second])
    nothing = np.empty(0, dtype=np.int64)
    return Rows(
        key=None,
        removed=removed,
        added=added,
        changed=(nothing, nothing),
        unchanged=int(np.minimum(before, after).sum()),
        cells={},
        same_order=_same_order(codes),
    )


def _differs(
    first: pd.DataFrame, second: pd.DataFrame, name: str, places: tuple[Places, Places]
) -> NDArray[np.bool_]:
    """Where a column's values differ at these places; two missing ones do not."""
    if first[name].dtype.kind in "fib":
        one, other = first[name].to_numpy()[places[0]], second[name].to_numpy()[places[1]]
        return np.asarray((one != other) & ((one == one) | (other == other)))
    codes = codes_of(first, second, (name,))
    return np.asarray(codes.first[places[0]] != codes.second[places[1]])


def _same_order(codes: PairCodes) -> bool:
    """Whether the rows that both tables have once, or all of equal tables, are in one order."""
    before, after = codes.counts()
    if np.array_equal(before, after):
        return np.array_equal(codes.first, codes.second)
    once = (before == 1) & (after == 1)
    return np.array_equal(codes.first[once[codes.first]], codes.second[once[codes.second]])


def _places(codes: Codes, count: int) -> Places:
    """(count,) where each code stands, -1 where it does not."""
    places = np.full(count, -1, dtype=np.int64)
    places[codes] = np.arange(len(codes))
    return places


def _nth(codes: Codes) -> Codes:
    """(n,) how many rows before have the same code."""
    order = np.argsort(codes, kind="stable")
    ordered = codes[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(codes) else codes
    lengths = np.diff(np.r_[starts, len(codes)])
    nth = np.empty(len(codes), dtype=np.int64)
    nth[order] = np.arange(len(codes)) - np.repeat(starts, lengths)
    return nth
