"""The metrics that Podium knows: for each task, how to compute one and how sure it is."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from podium.errors import UsageError, did_you_mean
from podium.evaluation import confusion, estimates, losses
from podium.evaluation.intervals import (
    UNKNOWN,
    Bounds,
    Interval,
    Request,
    accuracy_bounds,
    auc_bounds,
    auc_ovr_bounds,
    mean_bounds,
    root_mean_bounds,
)
from podium.evaluation.mcnemar import accuracy_test
from podium.evaluation.paired import ByRow, PairedTest, mean_test, root_mean_test
from podium.evaluation.paired_auc import auc_ovr_test, auc_test
from podium.evaluation.paired_bootstrap import (
    PLAIN,
    STRATIFIED,
    average_precision_test,
    r2_test,
)
from podium.evaluation.paired_counts import counts_test
from podium.evaluation.resampling import average_precision_bounds, r2_bounds
from podium.evaluation.scores import Costs, Scores, Task

Needs = Literal["probability", "prediction"]
# Squares of errors beyond 1e154 are infinite, and so is what comes of them; no cause to warn.
_quiet = partial(np.errstate, over="ignore", invalid="ignore")
_Compute = Callable[[Scores], float]
_FindBounds = Callable[[Scores, Request], Bounds]


@dataclass(frozen=True)
class Metric:
    """One metric of one task.

    `compute(scores)` is the point estimate, NaN where it is undefined (no rows; one class only;
    constant target for R2). `interval(scores, level, seed)` adds a confidence interval. Neither
    warns; both raise UsageError when the scores lack the probabilities that the metric `needs`.
    `paired` is the test of two models on the same rows; see `compare`.
    """

    name: str
    task: Task
    higher_is_better: bool
    needs: Needs
    compute: _Compute
    interval: Callable[[Scores, float, int], Interval]
    paired: PairedTest


@dataclass(frozen=True)
class _Method:
    """How sure one model's estimate is, by what name, and how two models are compared."""

    name: str
    bounds: _FindBounds
    paired: PairedTest


def cost_metric(costs: Costs) -> Metric:
    """The metric `cost` for these costs: mean cost per row, in their unit; lower is better."""
    by_row = _mean_of(partial(losses.cost, costs), span=max(costs.fp, costs.fn))
    return _metric("cost", "binary", partial(estimates.cost, costs), by_row, higher=False)


def with_costs(metric: Metric, costs: Costs | None) -> Metric:
    """`metric` as it is, unless it is `cost` and `costs` are given: then that for these costs."""
    return cost_metric(costs) if costs is not None and metric.name == "cost" else metric


def metric_names(task: Task) -> tuple[str, ...]:
    """Names of all metrics of a task. Raises UsageError for a task that does not exist."""
    return tuple(_of_task(task))


def get_metric(task: Task, name: str, costs: Costs | None = None) -> Metric:
    """The metric of that name; `cost` with `costs`, by default 1 for either mistake.

    `pinball_<q>`, such as `pinball_0.9`, is the pinball loss of quantile q; `pinball` that of
    0.5. Raises UsageError, with the nearest name, for one that the task does not have.
    """
    known, quantile = _of_task(task), pinball_quantile(name)
    if task == "regression" and name not in known and quantile is not None:
        return _pinball(name, quantile)
    if name not in known:
        raise UsageError(
            f"There is no metric {name!r} for a {task} task.", remedy=did_you_mean(name, known)
        )
    return with_costs(known[name], costs)


def is_metric(task: Task, name: str) -> bool:
    """Whether `get_metric` knows this one."""
    return name in _of_task(task) or (task == "regression" and pinball_quantile(name) is not None)


def pinball_quantile(name: str) -> float | None:
    """0.5 for "pinball", q for "pinball_<q>" with q written as 0.9; None for any other name."""
    if name == "pinball":
        return 0.5
    written = re.fullmatch(r"pinball_(0\.[0-9]{1,6})", name)
    quantile = float(written[1]) if written else 0.0
    return quantile if quantile > 0.0 else None


def _of_task(task: Task) -> dict[str, Metric]:
    if task not in METRICS:
        raise UsageError(f"There is no task {task!r}.", remedy=did_you_mean(task, METRICS))
    return METRICS[task]


def _metric(
    name: str,
    task: Task,
    compute: _Compute,
    method: _Method,
    *,
    higher: bool = True,
    needs: Needs = "prediction",
) -> Metric:
    guarded = partial(_compute_or_nan, compute)
    interval = partial(_interval, guarded, method)
    return Metric(name, task, higher, needs, guarded, interval, method.paired)


def _compute_or_nan(compute: _Compute, scores: Scores) -> float:
    if len(scores) == 0:
        return math.nan
    with _quiet():
        return compute(scores)


def _interval(
    compute: _Compute, method: _Method, scores: Scores, level: float, seed: int
) -> Interval:
    """Bounds are widened to hold the estimate, which percentiles do not promise."""
    estimate = compute(scores)
    if math.isnan(estimate):
        return Interval(estimate, *UNKNOWN, level, method.name)
    with _quiet():
        low, high = method.bounds(scores, Request(estimate, level, seed))
    if math.isnan(low) or math.isnan(high):
        return Interval(estimate, *UNKNOWN, level, method.name)
    return Interval(estimate, min(low, estimate), max(high, estimate), level, method.name)


def _mean_of(by_row: ByRow, span: float = 0.0) -> _Method:
    test = PairedTest("paired t", partial(mean_test, by_row, span))
    return _Method("t", partial(_loss_bounds, by_row), test)


def _loss_bounds(by_row: ByRow, scores: Scores, request: Request) -> Bounds:
    return mean_bounds(by_row(scores), request.level)


def _rmse_bounds(scores: Scores, request: Request) -> Bounds:
    return root_mean_bounds(losses.squared_error(scores), request.level)


def _counts(of_matrices: confusion.OfMatrices) -> _Method:
    bounds = partial(confusion.confusion_bounds, of_matrices)
    test = PairedTest(STRATIFIED, partial(counts_test, of_matrices))
    return _Method("bootstrap of counts", bounds, test)


def _binary_probabilities() -> list[Metric]:
    metric = partial(_metric, task="binary")
    return [
        metric(
            "roc_auc",
            compute=estimates.roc_auc,
            method=_Method("DeLong, logit", auc_bounds, PairedTest("paired DeLong", auc_test)),
            needs="probability",
        ),
        metric(
            "average_precision",
            compute=estimates.average_precision,
            method=_Method(
                "stratified bootstrap",
                average_precision_bounds,
                PairedTest(STRATIFIED, average_precision_test),
            ),
            needs="probability",
        ),
        metric(
            "log_loss",
            compute=estimates.log_loss_binary,
            method=_mean_of(losses.log_loss_binary),
            higher=False,
            needs="probability",
        ),
        metric(
            "brier",
            compute=estimates.brier,
            method=_mean_of(losses.brier),
            higher=False,
            needs="probability",
        ),
    ]


def _binary_decisions() -> list[Metric]:
    metric = partial(_metric, task="binary")
    return [
        metric("accuracy", compute=estimates.accuracy, method=_WILSON),
        metric(
            "balanced_accuracy",
            compute=estimates.balanced_accuracy,
            method=_counts(confusion.balanced_accuracy),
        ),
        metric("f1", compute=estimates.f1, method=_counts(confusion.f1)),
        metric("precision", compute=estimates.precision, method=_counts(confusion.precision)),
        metric("recall", compute=estimates.recall, method=_counts(confusion.recall)),
        metric("mcc", compute=estimates.mcc, method=_counts(confusion.mcc)),
        cost_metric(Costs()),
    ]


def _multiclass() -> list[Metric]:
    metric = partial(_metric, task="multiclass")
    return [
        metric(
            "log_loss",
            compute=estimates.log_loss_multiclass,
            method=_mean_of(losses.log_loss_multiclass),
            higher=False,
            needs="probability",
        ),
        metric("accuracy", compute=estimates.accuracy, method=_WILSON),
        metric(
            "balanced_accuracy",
            compute=estimates.balanced_accuracy,
            method=_counts(confusion.balanced_accuracy),
        ),
        metric("f1_macro", compute=estimates.f1_macro, method=_counts(confusion.f1_macro)),
        metric("f1_weighted", compute=estimates.f1_weighted, method=_counts(confusion.f1_weighted)),
        metric(
            "roc_auc_ovr",
            compute=estimates.roc_auc_ovr,
            method=_Method(
                "DeLong, logit", auc_ovr_bounds, PairedTest("paired DeLong", auc_ovr_test)
            ),
            needs="probability",
        ),
    ]


def _regression() -> list[Metric]:
    metric = partial(_metric, task="regression")
    loss = partial(metric, higher=False)
    root = PairedTest("paired t, delta method", partial(root_mean_test, losses.squared_error))
    return [
        loss("mae", compute=estimates.mae, method=_mean_of(losses.absolute_error)),
        loss(
            "rmse",
            compute=estimates.rmse,
            method=_Method("t, squared error", _rmse_bounds, root),
        ),
        loss("mape", compute=estimates.mape, method=_mean_of(losses.relative_error)),
        _pinball("pinball", 0.5),
        metric(
            "r2",
            compute=estimates.r2,
            method=_Method("bootstrap", r2_bounds, PairedTest(PLAIN, r2_test)),
        ),
    ]


def _pinball(name: str, quantile: float) -> Metric:
    by_row = _mean_of(partial(losses.pinball, quantile))
    return _metric(name, "regression", partial(estimates.pinball, quantile), by_row, higher=False)


_WILSON = _Method("Wilson", accuracy_bounds, PairedTest("exact McNemar", accuracy_test))

METRICS: dict[Task, dict[str, Metric]] = {
    "binary": {m.name: m for m in [*_binary_probabilities(), *_binary_decisions()]},
    "multiclass": {m.name: m for m in _multiclass()},
    "regression": {m.name: m for m in _regression()},
}
DEFAULT_METRIC: dict[Task, str] = {
    "binary": "roc_auc",
    "multiclass": "log_loss",
    "regression": "mae",
}
