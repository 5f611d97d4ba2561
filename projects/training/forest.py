"""Random forests, grown step by step so that one can see how far they are."""

from __future__ import annotations

from typing import Any

import numpy as np

from projects.training.history import Rows, Ticker

_STEPS = 10


def fit_forest(model: Any, rows: Rows, tick: Ticker) -> None:
    """Fit a random forest in about 10 steps: the very trees that one fit with its seed gives.

    `warm_start` draws each new tree's seed from where the last step left off.
    """
    whole, warm = model.n_estimators, model.warm_start
    for size in _sizes(whole):
        model.set_params(n_estimators=size, warm_start=True)
        model.fit(rows.X, rows.y, sample_weight=rows.weight)
        tick(size, whole, "trees")
    model.set_params(n_estimators=whole, warm_start=warm)


def _sizes(whole: Any) -> list[Any]:
    """Numbers of trees after each step; what is no number of trees is left for `fit` to refuse."""
    if not isinstance(whole, int) or whole < 1:
        return [whole]
    return [
        int(size) for size in np.unique(np.linspace(0, whole, _STEPS + 1).astype(int)[1:]) if size
    ]
