"""Pairs of models on the same rows, with known processes behind them."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from podium.evaluation import Pair, Scores, Task
from tests.evaluation.samples import sample


def pair(task: Task, n: int, seed: int, group: np.ndarray | None = None) -> Pair:
    """A champion as in `sample` and a candidate that answers like it, with noise of its own."""
    champion, rng = sample(task, n, seed), np.random.default_rng(seed + 10**6)
    return Pair(_noisy(task, champion, rng), champion, group)


def _noisy(task: Task, scores: Scores, rng: np.random.Generator) -> Scores:
    if scores.probability is None:
        return Scores(scores.y, scores.prediction + 0.3 * rng.normal(size=len(scores)))
    if task == "binary":
        p = special.expit(special.logit(scores.probability) + 0.5 * rng.normal(size=len(scores)))
        return Scores(scores.y, (p >= 0.4).astype(np.int64), p)
    p = scores.probability * np.exp(0.5 * rng.normal(size=scores.probability.shape))
    p /= p.sum(axis=1, keepdims=True)
    return Scores(scores.y, p.argmax(axis=1), p)


def binormal(
    rng: np.random.Generator, n: int, aucs: tuple[float, float], share: float = 0.3
) -> Pair:
    """Scores of exactly these AUCs (candidate, champion), correlated by .8 within each class.

    The score of a class is normal with variance 1, and its means are d apart:
    AUC = Phi(d / sqrt(2)). `share` of the rows are positive.
    """
    y = (np.arange(n) < round(share * n)).astype(np.int64)
    shared = math.sqrt(0.8) * rng.normal(size=n)
    nobody = np.zeros(n, dtype=np.int64)
    scores = []
    for auc in aucs:
        apart = math.sqrt(2.0) * float(special.ndtri(auc))
        x = apart * y + shared + math.sqrt(0.2) * rng.normal(size=n)
        scores.append(Scores(y, nobody, special.ndtr(x - apart / 2)))
    return Pair(scores[0], scores[1])
