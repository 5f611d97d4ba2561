"""Questions to `evaluate` about one good model and worse versions of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from podium.evaluation import Evaluation, GateCheck, Question, Rules, Scores, evaluate
from tests.evaluation.samples import sample

N = 3000
RULES = Rules("roc_auc", margin=0.01, min_slice_rows=200)
GOOD = sample("binary", N, seed=0)
CARRIER = np.random.default_rng(1).choice(["UA", "DL", "AA"], N)
SEX = np.random.default_rng(2).choice(["f", "m"], N)


def blurred(scores: Scores, noise: float, rows: Any = slice(None), seed: int = 3) -> Scores:
    """The same model, with noise on some rows."""
    assert scores.probability is not None
    p = scores.probability.copy()
    p[rows] += noise * np.random.default_rng(seed).normal(size=len(p))[rows]
    p = np.clip(p, 0.001, 0.999)
    return Scores(scores.y, (p >= 0.4).astype(int), p)


def without_probability(scores: Scores) -> Scores:
    return Scores(scores.y, scores.prediction)


def judged(candidate: Scores = GOOD, champion: Scores | None = GOOD, **more: Any) -> Evaluation:
    more.setdefault("rules", RULES)
    return evaluate(Question("binary", candidate, champion, **more))


def check_of(found: Evaluation, start: str) -> GateCheck:
    (check,) = (c for c in found.checks if c.name.startswith(start))
    return check


POOR = blurred(GOOD, 0.5)
