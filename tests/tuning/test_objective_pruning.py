from __future__ import annotations

from typing import Any

import pytest

from tests.training.made import SMALL
from tests.tuning.prepared_rows import Told, mixed_project, prepared_of, tried

XGB: dict[str, Any] = {"learning_rate": 0.1, "n_jobs": 1}


def test_a_trial_that_is_pruned_after_a_fold_has_the_folds_until_then() -> None:
    prepared = prepared_of(mixed_project("regression", "linear"), folds=4)
    outcome = tried(prepared, "linear", Told(2))
    assert (outcome.state, outcome.value, outcome.metrics) == ("pruned", None, {})
    assert len(outcome.folds) == 2
    assert outcome.reason == f"pruned after fold 2 of 4: mae {outcome.folds[1]:.4g}"


def test_xgboost_tells_of_the_same_rounds_with_the_value_of_each() -> None:
    prepared = prepared_of(mixed_project("binary", "xgboost"))
    steady = {**XGB, "n_estimators": 100, "early_stopping_rounds": None}
    steps = []
    for rate in (0.05, 0.2):
        told = Told(100)  # the answer to the last comes too late to prune
        outcome = tried(prepared, "xgboost", told, **{**steady, "learning_rate": rate})
        assert outcome.state == "complete"
        assert told.values == {step: outcome.curve[step - 1] for step in told.values}
        steps.append(list(told.values))
    assert steps == [list(range(4, 101, 4))] * 2


@pytest.mark.parametrize(
    ("rounds", "every"), [(1, 1), (39, 1), (40, 2), (79, 2), (100, 4), (400, 16), (500, 16)]
)
def test_reports_come_20_to_40_times_a_fit_at_shared_rounds(rounds: int, every: int) -> None:
    told = Told(every)
    prepared = prepared_of(mixed_project("binary", "xgboost", features={"numeric": ["number"]}))
    outcome = tried(prepared, "xgboost", told, **{**XGB, "n_estimators": rounds, "max_depth": 1})
    assert list(told.values) == [every]
    assert outcome.state == ("pruned" if rounds > every else "complete")


@pytest.mark.parametrize(
    ("task", "metric", "own", "sign"),
    [
        ("binary", "roc_auc", "auc", 1),
        ("binary", "roc_auc", "logloss", -1),
        ("binary", "log_loss", "logloss", 1),
        ("binary", "log_loss", "aucpr", -1),
        ("binary", "roc_auc", ["auc", "error@0.3"], -1),
        ("regression", "rmse", "rmse", 1),
        ("regression", "r2", "mae", -1),
        ("regression", "mae", "mape", 1),
    ],
)
def test_reports_are_better_where_the_deciding_metric_is(
    task: str, metric: str, own: Any, sign: int
) -> None:
    told = Told()
    prepared = prepared_of(mixed_project(task, "xgboost", metric=metric))
    outcome = tried(prepared, "xgboost", told, **XGB, n_estimators=10, eval_metric=own)
    assert outcome.state == "complete"
    assert list(told.values.values()) == [sign * value for value in outcome.curve]


def test_a_pruned_fit_has_its_curve_until_then() -> None:
    prepared = prepared_of(mixed_project("binary", "xgboost"))
    params = {**XGB, "n_estimators": 100}
    whole = tried(prepared, "xgboost", **params)
    outcome = tried(prepared, "xgboost", Told(8), **params)
    assert (outcome.state, outcome.value, outcome.metrics) == ("pruned", None, {})
    assert outcome.curve == whole.curve[:8]
    assert outcome.curve_metric == "auc"
    assert outcome.reason == f"pruned after round 8 of 100: auc {outcome.curve[-1]:.4g}"


class Gone(EOFError):
    """The other side has ended."""


@pytest.mark.parametrize("folds", [None, 3])
@pytest.mark.parametrize("error", [Gone, KeyboardInterrupt])
def test_what_the_question_raises_is_no_fault_of_the_trial(
    folds: int | None, error: type[BaseException]
) -> None:
    def stop(*_: Any) -> bool:
        raise error

    prepared = prepared_of(mixed_project("binary", "xgboost"), folds=folds)
    with pytest.raises(error):
        tried(prepared, "xgboost", stop, **SMALL["xgboost"])
