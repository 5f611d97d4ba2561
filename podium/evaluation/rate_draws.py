"""Rates of groups under two models, and how they would vary from sample to sample.

Two models' answers in a binary task are eight counts for each group: [y, candidate, champion].
"""

from __future__ import annotations

import math

import numpy as np
from scipy import sparse

from podium.evaluation.pairs import Pair
from podium.evaluation.scores import Array, Floats, Ints

DRAWS = 2000
RATES = ("selection_rate", "true_positive_rate", "false_positive_rate")
_CELLS = 8
_DRAWS_AT_ONCE = 500
_SMOOTHING = 0.5  # rows, on each answer that both models share, for either y


def rates_of(counts: Array) -> Floats:
    """(..., 2, 3, k) rates [candidate or champion, which of RATES, group]; NaN where undefined.

    counts: (..., k, 2, 2, 2) rows [group, y, candidate, champion].
    """
    by_y = counts.sum(axis=(-2, -1))
    hits = np.stack([counts[..., 1, :].sum(axis=-1), counts[..., 1].sum(axis=-1)], axis=-3)
    both = np.broadcast_to(by_y[..., np.newaxis, :, :], hits.shape)
    above = np.stack([hits.sum(axis=-1), hits[..., 1], hits[..., 0]], axis=-2)
    below = np.stack([both.sum(axis=-1), both[..., 1], both[..., 0]], axis=-2)
    rates = np.full(above.shape, math.nan)
    np.divide(above, below, out=rates, where=below > 0)
    return rates


def deviations(pair: Pair, group: Ints, k: int, seed: int) -> Floats:
    """(2000, 2, 3, k) how far the rates of a new sample of rows would be from the true ones.

    group: (n,) in 0..k-1, each with at least one row. Without `pair.group`: a multinomial
    bootstrap of the counts, stratified by group. With it: normal draws with the covariance of
    the rates between clusters. Half a row is added to each answer that the models share, so that
    3 right out of 3 are not taken for a certainty. 0 where a rate is undefined.
    """
    y, ours, theirs = pair.candidate.y, pair.candidate.prediction, pair.champion.prediction
    cell = (((group * 2 + y) * 2 + ours) * 2 + theirs).astype(np.int64)
    counts = np.bincount(cell, minlength=k * _CELLS).reshape(k, 2, 2, 2)
    smooth = counts + _smoothing(counts)
    rng = np.random.default_rng(seed)
    if pair.group is None:
        drawn = _multinomial_rates(rng, counts.sum(axis=(1, 2, 3)), smooth) - rates_of(smooth)
    else:
        drawn = _clustered(rng, cell, pair.group, smooth)
    return np.asarray(np.nan_to_num(drawn, nan=0.0))


def _smoothing(counts: Ints) -> Floats:
    """(k, 2, 2, 2) half a row where both answer alike, for each y that the group has."""
    has_y = counts.sum(axis=(2, 3)) > 0
    return np.asarray(_SMOOTHING * has_y[:, :, np.newaxis, np.newaxis] * np.eye(2))


def _multinomial_rates(rng: np.random.Generator, rows: Ints, smooth: Floats) -> Floats:
    """(2000, 2, 3, k) rates of samples of `rows` (k,) rows from each group."""
    flat = smooth.reshape(len(rows), _CELLS)
    shares = flat / flat.sum(axis=1, keepdims=True)
    drawn = [
        rates_of(
            rng.multinomial(rows, shares, size=(_DRAWS_AT_ONCE, len(rows))).reshape(
                _DRAWS_AT_ONCE, len(rows), 2, 2, 2
            )
        )
        for _ in range(0, DRAWS, _DRAWS_AT_ONCE)
    ]
    return np.concatenate(drawn)


def _clustered(rng: np.random.Generator, cell: Ints, cluster: Ints, smooth: Floats) -> Floats:
    """(2000, 2, 3, k) normal deviations; what was smoothed counts as rows that stand alone."""
    k = len(smooth)
    of_cell = sparse.csr_array(_influence(smooth))
    names, number = np.unique(cluster, return_inverse=True)
    added = smooth.ravel() - np.bincount(cell, minlength=k * _CELLS)
    ones = np.ones(len(cell))
    counts = sparse.coo_array((ones, (number, cell)), shape=(len(names), k * _CELLS)).tocsr()
    of_cluster = counts @ of_cell
    between = (of_cluster.T @ of_cluster).toarray() * len(names) / max(len(names) - 1, 1)
    alone = sparse.diags_array(added) @ of_cell
    covariance = between + (alone.T @ alone).toarray()
    drawn = rng.multivariate_normal(np.zeros(len(covariance)), covariance, DRAWS, method="eigh")
    return np.asarray(drawn.reshape(DRAWS, 2, len(RATES), k))


def _influence(smooth: Floats) -> Floats:
    """(8 k, 6 k) what one more row in a cell adds to each rate, to first order."""
    k = len(smooth)
    rates = rates_of(smooth)
    influence = np.zeros((k, 2, 2, 2, *rates.shape))
    by_y = smooth.sum(axis=(2, 3))
    rows_of = {0: by_y.sum(axis=1), 1: by_y[:, 1], 2: by_y[:, 0]}
    for g, y, ours, theirs in np.ndindex(k, 2, 2, 2):
        for rate in (0, 1 if y == 1 else 2):
            if rows_of[rate][g] > 0:
                gain = np.array([ours, theirs]) - rates[:, rate, g]
                influence[g, y, ours, theirs, :, rate, g] = gain / rows_of[rate][g]
    return influence.reshape(k * _CELLS, -1)
