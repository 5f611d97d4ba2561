"""Which of the rows that a model is evaluated on it was trained on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from projects.training.identity import Hashes


def seen_rows(evaluated: Hashes, source: Hashes, stored: Hashes) -> NDArray[np.bool_]:
    """(n,) which of the `evaluated` rows must have been among the `stored` ones.

    `source`: all the rows that the evaluated ones were cut from. All three hold a hash a row
    (`row_hashes`), in any order, equal rows as often as they come. Of a content that comes E times
    among the evaluated, T times among the stored and S times in the source, at least
    min(E, max(0, E + T - S)) evaluated rows were stored: the S - E others may account for as many
    of the T. The first so many in order are marked. So a holdout of the table that the training
    rows are of does not count rows that happen to be equal, and in a table of its own (source and
    evaluated are the same) every row that is equal to a stored one counts.
    """
    contents, content, held = np.unique(evaluated, return_inverse=True, return_counts=True)
    surely = held + _counts(stored, contents) - _counts(source, contents)
    return np.asarray(_occurrence(content, held) < surely[content])


def _counts(hashes: Hashes, contents: Hashes) -> NDArray[np.int64]:
    """(k,) how often each of the `contents` comes among the `hashes`."""
    ordered = np.sort(hashes)
    ends, starts = (np.searchsorted(ordered, contents, side) for side in ("right", "left"))
    return np.asarray(ends - starts)


def _occurrence(content: NDArray[np.intp], held: NDArray[np.intp]) -> NDArray[np.intp]:
    """(n,) how many rows of the same content come before each row."""
    order = np.argsort(content, kind="stable")
    place = np.empty(len(content), dtype=np.intp)
    place[order] = np.arange(len(content)) - np.repeat(np.cumsum(held) - held, held)
    return place
