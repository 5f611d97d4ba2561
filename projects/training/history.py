"""What fitting takes and what it leaves behind, beside the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Ticker = Callable[[int, int, str], None]  # rounds done, rounds in all, what was reached


@dataclass(frozen=True)
class Round:
    """A round of boosting that is over: the `done`-th of `total`, and what it reached.

    `metric` and `value`: the estimator's own metric on the rows that decide when to stop.
    """

    done: int
    total: int
    metric: str
    value: float
    higher_is_better: bool


Hear = Callable[[Round], bool]  # whether to stop after this round


@dataclass(frozen=True)
class Rows:
    """Features, target and weights of one part, ready for `fit`."""

    X: Any
    y: np.ndarray
    weight: np.ndarray | None


@dataclass(frozen=True)
class History:
    """A learning curve: one value a boosting round, or a training size (`x`)."""

    metric: str
    higher_is_better: bool
    values: Mapping[str, list[float]]
    best: int | None = None
    x: tuple[float, ...] = ()
    x_label: str = "round"


def some_rows(rows: Rows, count: int) -> Rows:
    """At most `count` of the rows, drawn at random but always the same."""
    if len(rows.y) <= count:
        return rows
    some = np.sort(np.random.default_rng(0).choice(len(rows.y), count, replace=False))
    return Rows(rows.X[some], rows.y[some], None if rows.weight is None else rows.weight[some])
