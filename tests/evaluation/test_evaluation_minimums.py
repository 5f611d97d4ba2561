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
    get_metric,
)
from tests.evaluation.questions import (
    GOOD,
    RULES,
    check_of,
    judged,
    without_probability,
)
from tests.evaluation.samples import sample


@pytest.mark.parametrize(
    ("limit", "verdict"), [(0.6, "pass"), (0.99, "fail"), (None, "inconclusive")]
)
def test_a_minimum_has_to_be_surely_reached(limit: float | None, verdict: str) -> None:
    auc = get_metric("binary", "roc_auc").compute(GOOD)
    rules = dataclasses.replace(RULES, minimums={"roc_auc": auc - 1e-4 if limit is None else limit})
    found = judged(rules=rules)
    check = check_of(found, "roc_auc at least")
    assert check.verdict == found.verdict == verdict
    assert check.found.startswith(f"{auc:.4f}, surely between ")


@pytest.mark.parametrize(("limit", "verdict"), [(0.1, "fail"), (5.0, "pass")])
def test_a_minimum_of_a_loss_is_a_most(limit: float, verdict: str) -> None:
    rules = dataclasses.replace(RULES, minimums={"log_loss": limit})
    check = check_of(judged(rules=rules), "log_loss at most")
    assert (check.verdict, check.needed) == (verdict, f"surely at most {limit:g}")


def test_a_minimum_that_the_candidate_cannot_be_asked_fails() -> None:
    rules = Rules("accuracy", minimums={"roc_auc": 0.6})
    found = judged(without_probability(GOOD), rules=rules)
    assert check_of(found, "roc_auc at least").verdict == found.verdict == "fail"


def test_a_minimum_on_rows_that_cannot_tell_is_inconclusive() -> None:
    rows = np.flatnonzero(GOOD.y == 1)
    rules = Rules("accuracy", minimums={"roc_auc": 0.6})
    found = judged(GOOD.take(rows), GOOD.take(rows), rules=rules)
    assert check_of(found, "roc_auc at least").verdict == "inconclusive"
    assert found.checks[0].verdict == "pass"


@pytest.mark.parametrize(
    ("task", "metric"),
    [
        ("binary", "roc_auc"), ("binary", "f1"), ("binary", "accuracy"), ("binary", "cost"),
        ("multiclass", "log_loss"), ("multiclass", "f1_macro"), ("regression", "rmse"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("rows", [1, 2, 3, 10])
def test_a_handful_of_rows_gives_a_verdict_and_no_traceback(
    task: Task, metric: str, rows: int
) -> None:
    candidate, champion = sample(task, rows, seed=1), sample(task, rows, seed=1)
    champion = Scores(champion.y, champion.prediction[::-1], None)
    rules = Rules(metric, minimums={metric: 0.5}, min_slice_rows=1)
    columns = {
        "text": np.array(["a", None] * 5, dtype=object)[:rows], "none": np.full(rows, math.nan)
    }  # fmt: skip
    for other in (candidate, champion, None):
        question = Question(
            task, candidate, other, rules, columns=columns, sensitive={"s": np.arange(rows)}
        )
        found = evaluate(question)
        at_minimum = check_of(found, f"{metric} at ")
        if rows < 3:
            assert found.comparisons[0].verdict in ("not_worse", "inconclusive")
            assert at_minimum.verdict == "inconclusive"
        undefined = math.isnan(found.comparisons[0].difference)
        if undefined or other is candidate:
            assert found.checks[0].verdict == ("inconclusive" if undefined else "pass")
        assert all(check.found and check.needed for check in found.checks)


@pytest.mark.parametrize("positives", [3, 5, 10])
@pytest.mark.parametrize(
    "metric",
    ["roc_auc", "average_precision", "recall", "precision", "f1", "mcc", "balanced_accuracy"],
)
def test_a_few_positive_rows_without_a_mistake_do_not_prove_a_high_minimum(
    metric: str, positives: int
) -> None:
    """Among 1,000 rows; each of the estimates is 1."""
    y = (np.arange(1000) < positives).astype(int)
    perfect = Scores(y, y, y.astype(float))
    limit = 0.99
    found = judged(perfect, perfect, rules=Rules("accuracy", minimums={metric: limit}))
    check = check_of(found, f"{metric} at least")
    assert check.verdict == found.verdict == "inconclusive"
    assert check.found.startswith("1.000")


@pytest.mark.parametrize("metric", ["mae", "rmse", "mape", "pinball", "r2"])
def test_a_few_rows_without_an_error_do_not_prove_a_minimum_either(metric: str) -> None:
    for rows, verdict in ((4, "inconclusive"), (500, "pass")):
        y = np.arange(1.0, rows + 1)
        rules = Rules("mae", minimums={metric: 0.1 if metric != "r2" else 0.9})
        found = evaluate(Question("regression", Scores(y, y), Scores(y, y), rules))
        assert check_of(found, f"{metric} at ").verdict == verdict


def test_an_unsure_minimum_says_what_is_missing() -> None:
    y = (np.arange(1000) < 3).astype(int)
    perfect = Scores(y, y, y.astype(float))
    found = judged(perfect, perfect, rules=Rules("accuracy", minimums={"roc_auc": 0.9}))
    assert check_of(found, "roc_auc at least").found == (
        "1.000, but these rows cannot tell how surely: only 3 of its rows are positive, and at "
        "least 5 are needed"
    )
