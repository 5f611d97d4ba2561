"""Paired bootstrap of metrics of the confusion matrix, from counts alone.

What a resample of the rows changes is how many of each class the candidate and the champion put
where: multinomial counts of the cells (truth, candidate, champion). A million rows cost no more
than a thousand.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from podium.evaluation.confusion import BINARY, OfMatrices
from podium.evaluation.paired import (
    Asked,
    Found,
    clustered_name,
    spread_or_rule_of_three,
    support,
    unknown,
)
from podium.evaluation.paired_bootstrap import (
    DRAWS,
    STRATIFIED,
    UNDEFINED,
    error_of_draws,
    weight_chunks,
    with_draws,
)
from podium.evaluation.pairs import Pair
from podium.evaluation.scores import Array, Floats, Ints
from podium.evaluation.spread import (
    Spread,
    clustered_correction,
    clustered_freedom,
    too_few_groups,
)

_CELLS_AT_ONCE = 1_000_000  # 8 MB of counts, and a few such arrays


def counts_test(of_matrices: OfMatrices, pair: Pair, asked: Asked) -> Found:
    """The difference of `of_matrices` with its bootstrap error, by class or by cluster.

    By class, two rows are added to each class before drawing, one that only the candidate gets
    right and one that only the champion does (as Bonett & Price 2012 do for two shares): a few
    rows without disagreement are no proof that there is none. The difference is that of the
    rows themselves. By cluster, Student's t of G - 1 degrees of freedom and G / (G - 1) times the
    variance of the draws, for the G that `effective_units` gives.
    """
    method = clustered_name(with_draws(STRATIFIED, DRAWS), pair)
    if too_few_groups(pair):
        return unknown(method, too_few_groups(pair))
    cells = _Cells.of(pair, binary=of_matrices in BINARY)
    rng = np.random.default_rng(asked.seed)
    draws = _by_class(rng, cells) if pair.group is None else _by_cluster(rng, cells, pair)
    error = error_of_draws(np.concatenate([_differences(of_matrices, d) for d in draws]))
    if math.isnan(error):
        return unknown(method, UNDEFINED)
    (difference,) = _differences(of_matrices, cells.matrices(cells.count[np.newaxis]))
    spread = Spread(error * clustered_correction(pair), 0.0, clustered_freedom(pair))
    return spread_or_rule_of_three(float(difference), spread, asked, method, support=support(pair))


# (b, k, k) counts [draw, true class, predicted class] of the candidate and of the champion.
_Matrices = tuple[Ints, Ints]


@dataclass(frozen=True, eq=False)
class _Cells:
    """The combinations of truth and both answers that occur, as classes 0..k-1.

    truth, ours, theirs, count: (c,), count being the rows of each. of_row: (n,) cell of each row.
    """

    truth: Ints
    ours: Ints
    theirs: Ints
    count: Ints
    k: int
    of_row: Ints

    @classmethod
    def of(cls, pair: Pair, *, binary: bool) -> _Cells:
        answers = (pair.y, pair.candidate.prediction, pair.champion.prediction)
        known = [np.array([0, 1])] if binary else [np.unique(values) for values in answers]
        classes = np.unique(np.concatenate(known))
        k, code = len(classes), np.zeros(len(pair), dtype=np.int64)
        for values in answers:
            code = code * k + np.searchsorted(classes, values)
        distinct, of_row, count = np.unique(code, return_inverse=True, return_counts=True)
        truth, ours, theirs = distinct // k**2, distinct // k % k, distinct % k
        return cls(truth, ours, theirs, count, k, of_row)

    def matrices(self, counts: Array) -> _Matrices:
        """The counts (b, k, k) of each model for counts (b, c) of the cells."""
        shape, where = (len(self.truth), self.k**2), np.arange(len(self.truth))
        made = []
        for given in (self.ours, self.theirs):
            ones = np.ones(len(where), dtype=np.int64)
            into = sparse.csr_array((ones, (where, self.truth * self.k + given)), shape=shape)
            made.append(np.asarray(counts @ into).reshape(len(counts), self.k, self.k))
        return made[0], made[1]

    def swap_proof(self) -> _Cells:
        """These cells, or those of the swapped pair: the same ones for a pair and its swap."""
        order = np.lexsort((self.ours, self.theirs, self.truth))
        truth, ours, theirs = self.truth[order], self.theirs[order], self.ours[order]
        other = _Cells(truth, ours, theirs, self.count[order], self.k, self.of_row)
        return min(self, other, key=_Cells._listed)

    def smoothed(self) -> _Cells:
        """With two more rows in each class: one that only ours gets right, one only theirs.

        Their wrong answer is the commonest one for that class, or else the next class.
        """
        if self.k < 2:
            return self
        wrong = np.zeros((self.k, self.k), dtype=np.int64)
        for given in (self.ours, self.theirs):
            np.add.at(wrong, (self.truth, given), self.count * (given != self.truth))
        there = np.unique(self.truth)
        given = np.where(
            wrong[there].any(axis=1), wrong[there].argmax(axis=1), (there + 1) % self.k
        )
        return _Cells(
            np.concatenate([self.truth, there, there]),
            np.concatenate([self.ours, there, given]),
            np.concatenate([self.theirs, given, there]),
            np.concatenate([self.count, np.ones(2 * len(there), dtype=np.int64)]),
            self.k,
            self.of_row,
        )

    def _listed(self) -> list[list[int]]:
        return [a.tolist() for a in (self.truth, self.ours, self.theirs, self.count)]


def _differences(of_matrices: OfMatrices, matrices: _Matrices) -> Floats:
    return of_matrices(matrices[0]) - of_matrices(matrices[1])


def _by_class(rng: np.random.Generator, cells: _Cells) -> Iterator[_Matrices]:
    """Draws of as many rows of each class as there are, from the smoothed shares of its cells."""
    cells = cells.swap_proof()
    rows = np.bincount(cells.truth, weights=cells.count, minlength=cells.k).astype(np.int64)
    cells = cells.smoothed()
    at_once = max(1, _CELLS_AT_ONCE // max(cells.k**2, len(cells.count)))
    for done in range(0, DRAWS, at_once):
        drawn = np.zeros((min(at_once, DRAWS - done), len(cells.count)), dtype=np.int64)
        for c in np.flatnonzero(rows):
            here = np.flatnonzero(cells.truth == c)
            shares = cells.count[here] / cells.count[here].sum()
            drawn[:, here] = rng.multinomial(rows[c], shares, size=len(drawn))
        yield cells.matrices(drawn)


def _by_cluster(rng: np.random.Generator, cells: _Cells, pair: Pair) -> Iterator[_Matrices]:
    """Draws of as many clusters as there are, each with all of its rows."""
    ones = np.ones(len(pair), dtype=np.int64)
    rows_in = sparse.csr_array((ones, (pair.clusters(), cells.of_row)))
    strata = [np.arange(rows_in.shape[0])]
    rows = max(rows_in.shape[0], cells.k**2, len(cells.count))
    for weights in weight_chunks(rng, strata, rows, DRAWS):
        yield cells.matrices(np.asarray(weights @ rows_in).astype(np.int64))
