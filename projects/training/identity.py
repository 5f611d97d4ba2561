"""One number for one row, whatever file it came from: to know again the rows of a training."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from podium.artifact.scoring.values import category_values, datetime_values, numeric_values
from podium.spec import Features, Project

ColumnKind = Literal["number", "category", "time"]
RowColumns = tuple[tuple[str, ColumnKind], ...]
Hashes = NDArray[np.uint64]

# splitmix64: Steele, Lea and Flood (2014), Fast splittable pseudorandom number generators.
_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX = ((30, np.uint64(0xBF58476D1CE4E5B9)), (27, np.uint64(0x94D049BB133111EB)))
_LAST_SHIFT = np.uint64(31)


def identity_columns(project: Project, features: Features) -> RowColumns:
    """The columns that make a row the row it is: features, target, `data.time`, `data.group`.

    Each once, as what it is first. Columns that only slices are made of do not count.
    """
    target: ColumnKind = "number" if project.task == "regression" else "category"
    named: list[tuple[str | None, ColumnKind]] = [(name, "number") for name in features.numeric]
    named += [(name, "category") for name in (*features.categorical, *features.text)]
    named += [(name, "time") for name in features.datetime]
    named += [(project.target.column, target)]
    named += [(project.data.time, "time"), (project.data.group, "category")]
    kinds: dict[str, ColumnKind] = {}
    for name, kind in named:
        if name is not None:
            kinds.setdefault(name, kind)
    return tuple(kinds.items())


def row_hashes(frame: pd.DataFrame, columns: RowColumns) -> Hashes:
    """(n,) a 64-bit hash of each row's canonical values in `columns`.

    A value becomes 64 bits: a number those of its float64, a category the first 8 bytes of
    BLAKE2b of its UTF-8 (little-endian), a time its int64 microseconds in UTC. Missing values,
    those that cannot be read, and columns that are not there are the bits of NaN, of `""`, of
    NaT. A cell is splitmix64(splitmix64(bits) ^ seed), `seed` being BLAKE2b of the column's kind
    and name; a row is splitmix64 of the sum of its cells modulo 2^64. So the order of rows and
    columns, the type that a file gave, and what else is in the table do not count. These are
    stored with trainings: a change needs a new schema.
    """
    total = np.zeros(len(frame), dtype=np.uint64)
    absent = pd.Series(None, index=frame.index, dtype=object)
    for name, kind in columns:
        raw = frame[name] if name in frame.columns else absent
        total += splitmix64(splitmix64(_BITS[kind](raw)) ^ _hash_of(f"{kind}\0{name}"))
    return splitmix64(total)


def splitmix64(values: Hashes) -> Hashes:
    """(n,) splitmix64 of each value: a one-to-one mapping that spreads every bit over all."""
    mixed = values + _STEP
    for shift, factor in _MIX:
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * factor
    return np.asarray(mixed ^ (mixed >> _LAST_SHIFT))


def _hash_of(text: str) -> np.uint64:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8)
    return np.uint64(int.from_bytes(digest.digest(), "little"))


def _number_bits(raw: pd.Series[Any]) -> Hashes:
    values = numeric_values(raw)[0] + 0.0  # a new array; and -0.0 becomes 0.0
    values[np.isnan(values)] = np.nan  # one of its many
    return values.view(np.uint64)


def _category_bits(raw: pd.Series[Any]) -> Hashes:
    """Python tells the strings apart: to pandas some that are no Unicode are the same."""
    values = category_values(raw)[0].tolist()
    hashes = {value: _hash_of(value) for value in set(values)}
    found: Iterator[np.uint64] = map(hashes.__getitem__, values)
    return np.fromiter(found, dtype=np.uint64, count=len(values))


def _time_bits(raw: pd.Series[Any]) -> Hashes:
    return datetime_values(raw)[0].astype("datetime64[us]").view(np.uint64)


_BITS: dict[ColumnKind, Callable[[pd.Series[Any]], Hashes]] = {
    "number": _number_bits,
    "category": _category_bits,
    "time": _time_bits,
}
