"""Rows that the candidate answers differently from the champion, and where they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from podium.evaluation.pairs import Pair
from podium.evaluation.scores import Array
from podium.evaluation.slices import cut

_SHOWN = 30
_MAX_VALUES = 30


@dataclass(frozen=True)
class FlipsIn:
    """The flips among the `rows` rows in which `column` has `value`."""

    column: str
    value: str
    rows: int
    flipped: int
    better: int
    worse: int


@dataclass(frozen=True)
class Flips:
    """How many of `rows` rows get another predicted class from the candidate.

    better: of these, the champion was wrong and the candidate is right; worse: the other way
    round. The rest, with more than two classes, are wrong under both. where: the slices in which
    the largest share of rows flipped, that first; at most 30, and none without a flip.
    """

    rows: int
    flipped: int
    better: int
    worse: int
    where: tuple[FlipsIn, ...]


def flips(pair: Pair, columns: Mapping[str, Array], *, min_rows: int = 100) -> Flips:
    """Where predictions of classes flipped, in slices of `columns` of at least `min_rows` rows.

    columns: name -> (n,), cut as `slice_table` does. Raises UsageError for a column of another
    length.
    """
    flipped = pair.candidate.prediction != pair.champion.prediction
    right = pair.candidate.prediction == pair.candidate.y
    was_right = pair.champion.prediction == pair.champion.y
    counted = np.stack([flipped, right & ~was_right, was_right & ~right])
    found = sorted(_by_slice(counted, columns, min_rows), key=lambda f: -f.flipped / f.rows)
    total, better, worse = (int(count) for count in counted.sum(axis=1))
    return Flips(len(pair), total, better, worse, tuple(found[:_SHOWN]))


def _by_slice(counted: Array, columns: Mapping[str, Array], min_rows: int) -> Iterator[FlipsIn]:
    """counted: (3, n) whether each row flipped, got better, got worse."""
    for column, values in columns.items():
        for value, rows in cut(column, values, counted.shape[1], max_values=_MAX_VALUES):
            flipped, better, worse = (int(count) for count in counted[:, rows].sum(axis=1))
            if len(rows) >= min_rows and flipped:
                yield FlipsIn(column, value, len(rows), flipped, better, worse)
