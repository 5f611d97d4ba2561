from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from podium.evaluation import (
    Question,
    Rules,
    Scores,
    Task,
    evaluate,
)
from tests.evaluation.questions import (
    CARRIER,
    GOOD,
    POOR,
    RULES,
    SEX,
    N,
    check_of,
    judged,
    without_probability,
)
from tests.evaluation.samples import sample


def test_without_a_champion_the_candidate_has_to_beat_a_constant() -> None:
    rules = dataclasses.replace(RULES, margin=0.2)
    found = judged(champion=None, rules=rules, columns={"carrier": CARRIER}, sensitive={"sex": SEX})
    assert found.verdict == "pass"
    assert found.baseline
    assert found.checks[0].name == "roc_auc against the baseline (no champion)"
    assert found.comparisons[0].margin == 0.0
    assert found.comparisons[0].champion == 0.5
    assert found.flips is None
    fair = check_of(found, "fairness on sex")
    assert fair.verdict == "pass"
    assert fair.found.startswith("no champion to compare with: demographic parity difference 0.")


@pytest.mark.parametrize(
    ("task", "metric"),
    [("binary", "roc_auc"), ("binary", "accuracy"), ("binary", "log_loss"), ("regression", "mae")],
)
def test_a_constant_is_no_better_than_the_baseline(task: Task, metric: str) -> None:
    y = sample(task, 500, seed=5).y
    if task == "binary":
        constant = Scores(y, np.zeros(500, int), np.full(500, y.mean()))
    else:
        constant = Scores(y, np.full(500, np.median(y)))
    found = evaluate(Question(task, constant, None, Rules(metric)))
    assert found.checks[0].verdict == found.verdict == "fail"
    assert found.checks[0].needed == "better than the best constant answer"
    assert found.constant == ("candidate",)


def test_constant_answers_are_noted_of_either_model() -> None:
    constant = Scores(GOOD.y, np.zeros(N, int), np.full(N, 0.3))
    assert judged(GOOD, constant).constant == ("champion",)
    assert judged(constant, constant).constant == ("candidate", "champion")
    assert judged(without_probability(GOOD), rules=Rules("accuracy")).constant == ()


@pytest.mark.parametrize(
    ("candidate", "champion", "verdict", "who"),
    [
        (without_probability(GOOD), GOOD, "fail", "The candidate cannot"),
        (GOOD, without_probability(GOOD), "inconclusive", "Version 2 cannot"),
        (without_probability(GOOD), without_probability(GOOD), "fail", "The candidate cannot"),
        (without_probability(GOOD), None, "fail", "The candidate cannot"),
    ],
)
def test_missing_probabilities_are_a_check_and_no_traceback(
    candidate: Scores, champion: Scores | None, verdict: str, who: str
) -> None:
    rules = dataclasses.replace(RULES, metrics=("accuracy", "log_loss"))
    found = judged(
        candidate, champion, rules=rules, columns={"carrier": CARRIER}, champion_name="version 2"
    )
    assert found.checks[0].verdict == found.verdict == verdict
    assert found.checks[0].found.startswith(who)
    assert "gives no probabilities, which roc_auc needs" in found.checks[0].found
    assert check_of(found, "slices").verdict == "inconclusive"
    assert [c.metric for c in found.comparisons] == ["roc_auc", "accuracy", "log_loss"]
    assert math.isnan(found.comparisons[0].difference)
    assert math.isfinite(found.comparisons[1].difference)


def test_one_class_is_inconclusive_and_says_why() -> None:
    rows = np.flatnonzero(GOOD.y == 1)
    found = judged(GOOD.take(rows), POOR.take(rows), columns={"x": CARRIER[rows]})
    assert found.verdict == "inconclusive"
    assert found.checks[0].found.startswith("undefined: ")
    assert "one class only" in found.checks[0].found
    assert all(s.not_judged for s in found.slices)


@pytest.mark.parametrize("metric", ["roc_auc", "average_precision", "f1", "mcc", "brier", "recall"])
def test_one_answer_for_all_rows_never_passes_whatever_the_answer_is(metric: str) -> None:
    """Another constant than the baseline's: its ranks, and so its AUC, are the same."""
    constant = Scores(GOOD.y, np.zeros(N, int), np.full(N, 0.123))
    found = judged(constant, None, rules=Rules(metric))
    assert found.checks[0].verdict == "fail"
    assert found.checks[0].found.startswith("the candidate gives every row the same answer: ")


def test_a_constant_candidate_against_a_champion_is_compared_like_any_other() -> None:
    constant = Scores(GOOD.y, np.zeros(N, int), np.full(N, 0.123))
    assert "same answer" not in judged(constant, GOOD).checks[0].found


def test_recall_that_no_model_can_beat_says_so() -> None:
    """Most rows are positive, so the baseline calls all of them that."""
    y = (np.arange(300) % 3 > 0).astype(int)
    found = evaluate(Question("binary", Scores(y, y), None, Rules("recall")))
    assert found.verdict == "inconclusive"
    assert "decide by another metric, such as f1" in found.checks[0].found


def test_metrics_that_guesses_win_carry_a_warning() -> None:
    scores = sample("multiclass", 600, seed=0)
    for metric in ("f1_macro", "f1_weighted"):
        found = evaluate(Question("multiclass", scores, None, Rules(metric)))
        assert found.verdict == "pass"
        assert f"random guesses may beat a constant in {metric}" in found.checks[0].found
    found = evaluate(Question("multiclass", scores, None, Rules("accuracy")))
    assert "random" not in found.checks[0].found


def test_the_precision_of_a_champion_that_never_says_positive_points_to_f1() -> None:
    never, oracle = Scores(GOOD.y, np.zeros(N, int)), Scores(GOOD.y, GOOD.y)
    check = judged(oracle, never, rules=Rules("precision")).checks[0]
    assert check.verdict == "inconclusive"
    assert check.found.startswith("undefined: precision is undefined for the champion")
    assert "decide by f1" in check.found
    assert judged(oracle, never, rules=Rules("f1")).verdict == "pass"
