from __future__ import annotations

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
    SEX,
    N,
    blurred,
    check_of,
    judged,
)
from tests.evaluation.samples import sample


def test_a_harmed_slice_fails_and_is_named() -> None:
    columns = {"carrier": CARRIER}
    found = judged(blurred(GOOD, 0.6, CARRIER == "UA"), columns=columns)
    (harmed,) = (s for s in found.slices if s.harmed)
    check = check_of(found, "slices")
    assert check.verdict == found.verdict == "fail"
    assert check.needed == "no slice worse by more than 0.03"
    assert harmed.comparison is not None
    assert check.found.startswith(
        f"worse on carrier = UA by {abs(harmed.comparison.difference):.3f} ({harmed.rows:,} rows; p"
    )
    assert check.found.endswith("after Holm's correction over 3 slices)")


def test_of_many_harmed_slices_three_are_named() -> None:
    columns = {"many": np.arange(N) % 5}
    found = judged(POOR, columns=columns)
    assert sum(s.harmed for s in found.slices) == 5
    text = check_of(found, "slices").found
    assert text.count("many = ") == 3
    assert text.endswith("; and 2 more")


def test_slices_that_are_not_judged_pass_and_are_counted() -> None:
    rare = np.where(np.arange(N) < 3, "rare", "usual")
    found = judged(columns={"x": rare})
    assert check_of(found, "slices").found == "none of 1 worse by more than 0.03 (1 not judged)"
    found = judged(columns={"x": (np.arange(N) % 30).astype(str)})
    assert check_of(found, "slices").verdict == "pass"
    assert "none of 30 could be judged" in check_of(found, "slices").found


def test_sensitive_columns_are_slices_too() -> None:
    found = judged(columns={"carrier": CARRIER}, sensitive={"sex": SEX})
    assert {s.column for s in found.slices} == {"carrier", "sex", "carrier × sex"}
    assert [f.column for f in found.fairness] == ["sex"]


def test_a_disparity_that_grew_fails_by_name() -> None:
    no = (SEX == "f") & (np.arange(N) % 2 == 0)
    unfair = Scores(GOOD.y, np.where(no, 0, GOOD.prediction), GOOD.probability)
    found = judged(unfair, sensitive={"sex": SEX})
    check = check_of(found, "fairness on sex")
    assert check.verdict == found.verdict == "fail"
    assert "demographic parity difference grew by 0." in check.found
    assert "over 2 measures" in check.found


def test_fairness_of_two_columns_is_corrected_together() -> None:
    found = judged(blurred(GOOD, 0.1), sensitive={"sex": SEX, "home": CARRIER})
    pairs = [
        (d.p_harm, d.p_adjusted)
        for column in found.fairness
        for d in column.disparities
        if d.p_harm is not None
    ]
    smallest = min(pairs)
    assert len(pairs) == 4
    assert smallest[1] == pytest.approx(min(4 * smallest[0], 1.0))


@pytest.mark.parametrize("task", ["multiclass", "regression"])
def test_other_tasks_judge_their_groups_as_slices(task: Task) -> None:
    scores = sample(task, 600, seed=0)
    metric = "log_loss" if task == "multiclass" else "mae"
    rules = Rules(metric, min_slice_rows=100)
    found = evaluate(
        Question(task, scores, scores, rules, sensitive={"sex": np.repeat(["f", "m"], 300)})
    )
    assert found.verdict == "pass"
    assert [s.value for s in found.slices] == ["f", "m"]
    assert "its groups are judged as slices" in check_of(found, "fairness on sex").found
    assert (found.flips is None) == (task == "regression")
