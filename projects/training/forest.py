"""Random forests, grown step by step so that one can see how far they are."""

from __future__ import annotations

from typing import Any

import numpy as np

from projects.training.history import Rows, Ticker

_STEPS = 10


def fit_forest(model: Any, rows: Rows, tick: Ticker) -> None:
    """Fit a random forest in about 10 steps: the very trees that one fit with its seed gives.

    `warm_start` draws each new tree's seed from where the last step left off. What scikit-learn
    warns of when a forest grows (balanced class weights, out-of-bag scores of few trees) is
    fitted at once, without a word on the way.
    """
    whole, warm = model.n_estimators, model.warm_start
    if not _can_grow(model):
        model.fit(rows.X, rows.y, sample_weight=rows.weight)
        return
    for size in np.unique(np.linspace(0, whole, _STEPS + 1).astype(int)[1:]).tolist():
        if size:
            model.set_params(n_estimators=size, warm_start=True)
            model.fit(rows.X, rows.y, sample_weight=rows.weight)
            tick(size, whole, "trees")
    model.set_params(n_estimators=whole, warm_start=warm)


def _can_grow(model: Any) -> bool:
    preset = isinstance(getattr(model, "class_weight", None), str)
    counted = isinstance(model.n_estimators, int) and model.n_estimators > 0  # else `fit` refuses
    return counted and not preset and not model.oob_score
