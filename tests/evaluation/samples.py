"""Samples with a known process behind them, for the tests of this folder."""

from __future__ import annotations

import numpy as np

from podium.evaluation import Scores, Task


def sample(task: Task, n: int, seed: int) -> Scores:
    """n rows as a fair but imperfect model would score them."""
    rng = np.random.default_rng(seed)
    return {"binary": binary, "multiclass": multiclass, "regression": regression}[task](n, rng)


def binary(n: int, rng: np.random.Generator) -> Scores:
    """About 30 % positive, AUC about .80, calibrated probabilities."""
    return _scored((rng.random(n) < 0.3).astype(np.int64), rng)


def binary_of_fixed_share(n: int, seed: int) -> Scores:
    """As `binary`, with 30 % positive in every sample."""
    rng = np.random.default_rng(seed)
    return _scored((rng.permutation(n) < 0.3 * n).astype(np.int64), rng)


def _scored(y: np.ndarray, rng: np.random.Generator) -> Scores:
    n = len(y)
    x = rng.normal(size=n) + 1.2 * y
    p = 1.0 / (1.0 + np.exp(-(1.2 * x - 0.72 + np.log(0.3 / 0.7))))
    return Scores(y, (p >= 0.4).astype(np.int64), p)


def multiclass(n: int, rng: np.random.Generator) -> Scores:
    """Three classes at 50, 30 and 20 %."""
    y = rng.choice(3, size=n, p=[0.5, 0.3, 0.2])
    logits = rng.normal(size=(n, 3)) + 1.5 * np.eye(3)[y]
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return Scores(y, p.argmax(axis=1), p)


def regression(n: int, rng: np.random.Generator) -> Scores:
    """A target in 1..21 with normal noise of 1."""
    truth = rng.uniform(5.0, 15.0, size=n)
    return Scores(truth + rng.normal(size=n), truth, None)
