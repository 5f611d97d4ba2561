"""Texts of many rows take a matrix as wide as the longest: rows in runs that fit the memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

_CELLS_AT_ONCE = 1 << 16  # rows times terms; each is looked up for every column of a text


def runs_that_fit(found: Sequence[Sequence[Mapping[int, int]]], rows: int) -> Iterator[slice]:
    """Rows that follow each other, as many as fit once they are padded to the longest of them."""
    start = longest = 0
    for row in range(rows):
        length = max((len(column[row]) for column in found), default=0)
        longest = max(longest, length)
        if row > start and longest * (row + 1 - start) > _CELLS_AT_ONCE:
            yield slice(start, row)
            start, longest = row, length
    yield slice(start, rows)
