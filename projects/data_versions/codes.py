"""Rows of two tables as whole numbers: the same number where all their values are the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from projects.training.identity import Hashes, splitmix64

Codes = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class PairCodes:
    """(n,) and (m,) codes of the rows of the first and of the second table, from 0."""

    first: Codes
    second: Codes

    @property
    def count(self) -> int:
        """How many codes there are: all are below it."""
        highest = (int(codes.max()) for codes in (self.first, self.second) if len(codes))
        return max(highest, default=-1) + 1

    def counts(self) -> tuple[Codes, Codes]:
        """(count,) how many rows of each table have a code."""
        of = self.count
        return np.bincount(self.first, minlength=of), np.bincount(self.second, minlength=of)


def codes_of(first: pd.DataFrame, second: pd.DataFrame, columns: Iterable[str]) -> PairCodes:
    """Codes by the values in `columns`, which are of the same types in both. Exact, not hashed.

    Missing values are equal to each other. Without columns all rows are the same.
    """
    rows = len(first)
    codes = np.zeros(rows + len(second), dtype=np.int64)
    for name in columns:
        both = pd.concat([first[name], second[name]], ignore_index=True)
        own = pd.factorize(both)[0].astype(np.int64) + 1  # missing is -1
        codes = pd.factorize(codes * (int(own.max(initial=0)) + 1) + own)[0].astype(np.int64)
    return PairCodes(codes[:rows], codes[rows:])


def hashed_codes_of(first: pd.DataFrame, second: pd.DataFrame, columns: Iterable[str]) -> PairCodes:
    """The same for many columns, by 64-bit hashes: of two different rows, one pair in 2^64 is
    taken for the same.
    """
    rows = len(first)
    hashes = np.zeros(rows + len(second), dtype=np.uint64)
    for name in columns:
        hashes = splitmix64(hashes ^ _bits(first[name], second[name]))
    codes = pd.factorize(hashes)[0].astype(np.int64)
    return PairCodes(codes[:rows], codes[rows:])


def _bits(first: pd.Series[Any], second: pd.Series[Any]) -> Hashes:
    """(n + m,) 64 bits for each value, the same for the same value; those of NaN where missing."""
    if first.dtype.kind == "f":
        values = np.concatenate([first.to_numpy(np.float64), second.to_numpy(np.float64)]) + 0.0
        values[np.isnan(values)] = np.nan  # one of its many; and -0.0 has become 0.0
        return values.view(np.uint64)
    if first.dtype.kind in "ib":
        return np.concatenate([first.to_numpy(np.int64), second.to_numpy(np.int64)]).view(np.uint64)
    both = pd.concat([first, second], ignore_index=True)
    if first.dtype.kind == "M":
        in_utc = both.dt.tz_convert(None) if getattr(both.dtype, "tz", None) else both
        return np.asarray(in_utc.to_numpy().astype("datetime64[us]").view(np.uint64))
    return pd.factorize(both)[0].astype(np.int64).view(np.uint64)
