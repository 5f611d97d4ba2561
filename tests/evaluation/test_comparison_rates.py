"""How often a verdict is wrong, and how often it is right, over thousands of simulated holdouts.

A candidate exactly `margin` worse is one that must not pass: it may with a chance of `alpha`.
1.5 points on top are for the simulation itself; over 2,000 runs of a 5 % chance that is three of
its standard errors.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import special

from podium.evaluation import (
    Comparison,
    Metric,
    Pair,
    Scores,
    alpha_of_use,
    compare,
    get_metric,
    rows_needed,
)
from tests.evaluation.pairs import binormal

ALPHA, SLACK = 0.05, 0.015
PASS = {"better", "not_worse"}
Draw = Callable[[np.random.Generator], Pair]


def _share(runs: int, draw: Draw, judge: Callable[[Pair], bool], seed: int) -> float:
    rng = np.random.default_rng(seed)
    return sum(judge(draw(rng)) for _ in range(runs)) / runs


def _passes(metric: Metric, margin: float) -> Callable[[Pair], bool]:
    return lambda pair: compare(metric, pair, margin=margin, alpha=ALPHA).verdict in PASS


def _worse_mae(rng: np.random.Generator, n: int, margin: float) -> Pair:
    """Absolute errors with means 0.8 (champion) and 0.8 + margin, correlated and skewed."""
    y = np.zeros(n)
    champion = rng.normal(size=n)
    candidate = np.abs(champion) * rng.gamma(4.0, 0.25, size=n) + margin
    return Pair(Scores(y, candidate), Scores(y, champion))


def _worse_accuracy(rng: np.random.Generator, n: int, margin: float) -> Pair:
    """6 % of rows gained, 6 % + margin lost, 80 % right in both."""
    lost = 0.06 + margin
    fate = rng.choice(4, size=n, p=[0.8, 0.06, lost, 0.14 - lost])
    ones = np.ones(n, dtype=int)
    return Pair(
        Scores(ones, np.isin(fate, [0, 1]).astype(int)),
        Scores(ones, np.isin(fate, [0, 2]).astype(int)),
    )


def _worse_f1(rng: np.random.Generator, n: int, margin: float) -> Pair:
    """Both call 10 % of the negatives positive; the champion finds 70 % of the positives (30 %).

    F1 = 2 s t / (s (1 + t) + (1 - s) f), solved for the share t that the candidate finds.
    """
    share, found, false = 0.3, 0.7, 0.1
    f1 = 2 * share * found / (share * (1 + found) + (1 - share) * false) - margin
    fewer = f1 * (share + (1 - share) * false) / (share * (2 - f1))
    y = (np.arange(n) < share * n).astype(int)
    shared = np.sqrt(0.8) * rng.normal(size=n)
    scores = []
    for hit in (fewer, found):
        latent = shared + np.sqrt(0.2) * rng.normal(size=n)
        called = latent < special.ndtri(np.where(y == 1, hit, false))
        scores.append(Scores(y, called.astype(int)))
    return Pair(scores[0], scores[1])


RUNS = {"roc_auc": 2000, "mae": 2000, "accuracy": 2000, "f1": 800}
EXACTLY_WORSE: dict[str, tuple[str, float, Draw]] = {
    "roc_auc": ("binary", 0.02, lambda rng: binormal(rng, 600, (0.78, 0.80))),
    "mae": ("regression", 0.05, lambda rng: _worse_mae(rng, 1000, 0.05)),
    "accuracy": ("binary", 0.03, lambda rng: _worse_accuracy(rng, 600, 0.03)),
    "f1": ("binary", 0.03, lambda rng: _worse_f1(rng, 1000, 0.03)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", EXACTLY_WORSE)
def test_a_candidate_exactly_the_margin_worse_passes_in_about_alpha_of_holdouts(
    name: str,
) -> None:
    task, margin, draw = EXACTLY_WORSE[name]
    passes = _passes(get_metric(task, name), margin)  # type: ignore[arg-type]
    rate = _share(RUNS[name], draw, passes, seed=30)
    assert 0.02 <= rate <= ALPHA + SLACK


FEW_RUNS = 600


def _few_positives(rng: np.random.Generator, n: int, share: float = 0.05) -> Pair:
    """Calibrated probabilities of two models that separate by 1.7 and by 2.0; few positives."""
    y = (rng.random(n) < share).astype(int)
    shared, scores = np.sqrt(0.8) * rng.normal(size=n), []
    for apart in (1.7, 2.0):
        x = apart * y + shared + np.sqrt(0.2) * rng.normal(size=n)
        p = special.expit(apart * x - apart**2 / 2 + special.logit(share))
        scores.append(Scores(y, (p > 0.5).astype(int), p))
    return Pair(scores[0], scores[1])


def _long_tailed(rng: np.random.Generator, n: int) -> Pair:
    """A lognormal target, and errors in proportion to it."""
    y, shared = np.exp(rng.normal(size=n) + 3.0), rng.normal(size=n)
    candidate, champion = 0.2 + 1.1 * rng.normal(size=n), rng.normal(size=n)
    return Pair(*(Scores(y, y * np.exp(0.3 * e + 0.2 * shared)) for e in (candidate, champion)))


def _in_one_large_cluster(rng: np.random.Generator, n: int) -> Pair:
    """20 clusters, each with an effect of its own; the first holds half of the rows."""
    group = np.where(np.arange(n) < n // 2, 0, 1 + np.arange(n) % 19)
    effect, y = 0.5 * rng.normal(size=20)[group], np.zeros(n)
    candidate, champion = (5.0 + 0.3 * rng.normal(size=n) for _ in range(2))
    return Pair(Scores(y, candidate + effect + 0.1), Scores(y, champion), group)


def _in_few_clusters(rng: np.random.Generator, n: int) -> Pair:
    """Equally good models, each with an effect of its own on the scores of 5 clusters."""
    group, y = np.arange(n) % 5, (rng.random(n) < 0.3).astype(int)
    x, scores = 1.2 * y + rng.normal(size=n), []
    for effect in rng.normal(size=(2, 5)):
        score = x + 0.8 * effect[group]
        scores.append(Scores(y, (score > 0.8).astype(int), special.expit(score)))
    return Pair(scores[0], scores[1], group)


# Rows, runs and the law; where there is no margin it is the difference of half a million rows.
HARD: dict[str, tuple[str, int, int, Callable[[np.random.Generator, int], Pair], float | None]] = {
    "roc_auc": ("binary", 300, FEW_RUNS, _few_positives, None),
    "brier": ("binary", 300, FEW_RUNS, _few_positives, None),
    "log_loss": ("binary", 300, FEW_RUNS, _few_positives, None),
    "average_precision": ("binary", 300, 200, _few_positives, None),
    "rmse": ("regression", 300, FEW_RUNS, _long_tailed, None),
    "r2": ("regression", 50, 200, _long_tailed, None),
    "mae": ("regression", 400, FEW_RUNS, _in_one_large_cluster, 0.1),
    "f1": ("binary", 300, 200, _in_few_clusters, 0.0),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HARD)
def test_few_positives_long_tails_and_few_clusters_do_not_let_worse_candidates_pass(
    name: str,
) -> None:
    task, rows, runs, draw, margin = HARD[name]
    metric = get_metric(task, name)  # type: ignore[arg-type]
    if margin is None:
        many = draw(np.random.default_rng(36), 500_000)
        margin = abs(metric.compute(many.candidate) - metric.compute(many.champion))
    rate = _share(runs, lambda rng: draw(rng, rows), _passes(metric, margin), seed=37)
    # 3 standard errors of a share of 5 % over so many runs: .027 for 600, .046 for 200.
    assert rate <= ALPHA + 3 * np.sqrt(ALPHA * (1 - ALPHA) / runs)


@pytest.mark.slow
def test_a_true_improvement_passes_as_often_as_the_rows_needed_for_it_promise() -> None:
    metric, aucs, power = get_metric("binary", "roc_auc"), (0.82, 0.80), 0.8
    pilot = compare(metric, binormal(np.random.default_rng(31), 20_000, aucs))
    rows = rows_needed(20_000, pilot.error, aucs[0] - aucs[1], alpha=ALPHA, power=power)
    rate = _share(2000, lambda rng: binormal(rng, rows, aucs), _passes(metric, 0.0), seed=32)
    assert abs(rate - power) <= 0.03


@pytest.mark.slow
def test_an_equal_candidate_passes_as_often_as_the_rows_that_a_verdict_asks_for_promise() -> None:
    metric, aucs, margin = get_metric("binary", "roc_auc"), (0.8, 0.8), 0.02
    first = compare(metric, binormal(np.random.default_rng(33), 200, aucs), margin=margin)
    assert first.verdict == "inconclusive"
    assert first.rows_needed is not None
    rows = first.rows_needed
    rate = _share(2000, lambda rng: binormal(rng, rows, aucs), _passes(metric, margin), seed=34)
    # The pilot of 200 rows knows the error only roughly.
    assert 0.7 <= rate <= 0.9


def _ten_in_a_row(metric: Metric, margin: float, runs: int, draw: Draw) -> tuple[float, float]:
    """Shares of holdouts on which any of ten candidates passes: with alpha split, and without."""
    rng, spent, unspent = np.random.default_rng(35), 0, 0
    for _ in range(runs):
        found = [
            compare(metric, pair, margin=margin, alpha=alpha_of_use(ALPHA, use))
            for use, pair in enumerate(_candidates(draw(rng), 10), start=1)
        ]
        spent += any(each.verdict in PASS for each in found)
        unspent += any(_would_pass(each, ALPHA) for each in found)
    return spent / runs, unspent / runs


def _would_pass(found: Comparison, alpha: float) -> bool:
    difference = found.difference if found.higher_is_better else -found.difference
    return difference - float(special.ndtri(1 - alpha)) * found.error >= -found.margin


def _candidates(tenfold: Pair, count: int) -> list[Pair]:
    """Pairs of each candidate with the champion; all candidates' rows come one after another."""
    rows = np.split(np.arange(len(tenfold)), count)
    return [tenfold.take(part) for part in rows]


def _ten_maes(rng: np.random.Generator, n: int, margin: float) -> Pair:
    """One holdout and champion, ten candidates each `margin` worse with noise of their own."""
    champion = np.tile(rng.normal(size=n), 10)
    candidate = np.abs(champion) * rng.gamma(4.0, 0.25, size=10 * n) + margin
    y = np.zeros(10 * n)
    return Pair(Scores(y, candidate), Scores(y, champion))


@pytest.mark.slow
def test_of_ten_worse_candidates_on_one_holdout_any_passes_in_at_most_alpha_of_2000() -> None:
    metric = get_metric("regression", "mae")
    spent, unspent = _ten_in_a_row(metric, 0.05, 2000, lambda rng: _ten_maes(rng, 1000, 0.05))
    assert 0.0 < spent <= ALPHA + SLACK
    assert unspent > 0.2


def _ten_aucs(rng: np.random.Generator, n: int) -> Pair:
    """One holdout and champion of AUC .80, ten candidates of .78 that resemble it."""
    first = binormal(rng, n, (0.5, 0.80))
    y = first.y
    known = special.ndtri(first.champion.probability)
    apart = np.sqrt(2.0) * special.ndtri([0.78, 0.80])
    noise = known - (y - 0.5) * apart[1]
    x = apart[0] * y + np.sqrt(0.8) * np.tile(noise, (10, 1))
    x += np.sqrt(0.2) * rng.normal(size=(10, n))
    tiled, nobody = np.tile(y, 10), np.zeros(10 * n, dtype=int)
    return Pair(
        Scores(tiled, nobody, special.ndtr(x.ravel())),
        Scores(tiled, nobody, np.tile(first.champion.probability, 10)),  # type: ignore[arg-type]
    )


@pytest.mark.slow
def test_of_ten_candidates_that_rank_worse_any_passes_in_at_most_alpha_of_500() -> None:
    metric = get_metric("binary", "roc_auc")
    spent, unspent = _ten_in_a_row(metric, 0.02, 500, lambda rng: _ten_aucs(rng, 300))
    assert 0.0 < spent <= ALPHA + SLACK
    assert unspent > 0.2
