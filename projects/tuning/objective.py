"""Runs one trial: fit on what was prepared, judge by the project's metric."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from podium.artifact.scoring import Canonicaliser, Decision, Scorer
from podium.errors import UsageError
from podium.evaluation import measure
from projects.training.binned import Binned
from projects.training.deciding import costs_of, decided_by, deciding_metric
from projects.training.estimators import ESTIMATORS
from projects.training.fit import fit_to_compare, said
from projects.training.history import History, Round, Rows
from projects.training.reasons import reason_of
from projects.tuning.prepared import Prepared, PreparedFold
from projects.tuning.trials import Outcome

Stop = Callable[[int, float], bool]

_REPORTS = 20
_TAKE_THREADS = ("xgboost", "random_forest")  # by n_jobs; the others use what the process has


class Objective:
    """Runs trials on prepared folds, one at a time. The same trial comes out the same each time."""

    def __init__(self, prepared: Prepared, threads: int) -> None:
        """`threads`: how many a fit uses, where its parameters do not say."""
        self._prepared, self._threads = prepared, threads
        self._metric = deciding_metric(prepared.project)
        self._binned = Binned()
        self._pools: dict[str, ThreadpoolController] = {}

    def run(self, estimator: str, params: Mapping[str, Any], stop: Stop) -> Outcome:
        """Fit `estimator` with `params` on each fold in turn, and measure what it reached.

        `stop(step, value)` is told how far the trial is, and whether to prune it is what it
        answers. On one fold: XGBoost's own metric on the checked rows, turned so that its better
        is that of the deciding metric, after rounds that are multiples of a power of two, 20 to
        40 in `n_estimators`: so trials with other numbers of rounds share steps with it. On
        several: the deciding metric, after each fold, counted from 1. Its answer to the last of
        them, and to the last round, changes nothing.
        What the trial does wrong makes it a failed one; what `stop` raises, and interrupts, pass.
        """
        began = time.perf_counter()
        watch = _Watch(stop, self._metric.higher_is_better)
        try:
            with warnings.catch_warnings():  # a search goes where fits warn; the refit says so
                warnings.simplefilter("ignore")
                outcome = self._tried(estimator, params, watch)
        except Exception as error:
            if error is watch.failure:
                raise
            outcome = Outcome("failed", reason=reason_of(error))
        return replace(outcome, seconds=time.perf_counter() - began)

    def _tried(self, estimator: str, params: Mapping[str, Any], watch: _Watch) -> Outcome:
        folds = self._prepared.folds(estimator)
        if len(folds) == 1:
            return self._on_one(folds[0], estimator, params, watch)
        return self._on_several(folds, estimator, params, watch)

    def _on_one(
        self, fold: PreparedFold, estimator: str, params: Mapping[str, Any], watch: _Watch
    ) -> Outcome:
        model, history = self._fitted(fold, estimator, params, watch.hear)
        if watch.pruned is not None:
            return _with_curve(Outcome("pruned", reason=_pruned_after(watch.pruned)), history)
        reached = self._measured(model, fold.check)
        value = self._value(reached, fold.check, "the checked rows")
        return _with_curve(Outcome("complete", value, reached), history)

    def _on_several(
        self,
        folds: tuple[PreparedFold, ...],
        estimator: str,
        params: Mapping[str, Any],
        watch: _Watch,
    ) -> Outcome:
        reached: list[dict[str, float]] = []
        values: list[float] = []
        for number, fold in enumerate(folds, 1):
            model, _ = self._fitted(fold, estimator, params, _never)
            reached.append(self._measured(model, fold.check))
            values.append(self._value(reached[-1], fold.check, f"fold {number} of {len(folds)}"))
            if watch.ask(number, values[-1]) and number < len(folds):
                why = f"pruned after fold {number} of {len(folds)}: "
                why += f"{self._metric.name} {values[-1]:.4g}"
                return Outcome("pruned", folds=tuple(values), reason=why)
        means = {name: float(np.mean([each[name] for each in reached])) for name in reached[0]}
        return Outcome("complete", means[self._metric.name], means, folds=tuple(values))

    def _fitted(
        self,
        fold: PreparedFold,
        estimator: str,
        params: Mapping[str, Any],
        hear: Callable[[Round], bool],
    ) -> tuple[Any, History | None]:
        project = self._prepared.project
        model = ESTIMATORS[estimator].make(project.task, params, self._prepared.seed)
        if estimator in _TAKE_THREADS and "n_jobs" not in params:
            model.set_params(n_jobs=self._threads)
        with self._limited(estimator):
            history = fit_to_compare(
                project, model, fold.train, fold.check, hear=hear, binned=self._binned
            )
        return model, history

    @contextmanager
    def _limited(self, estimator: str) -> Iterator[None]:
        """Within, libraries that go by what the process has use no more threads than they may."""
        if estimator in _TAKE_THREADS:
            yield
            return
        if estimator not in self._pools:  # looking through all that is loaded takes a while
            self._pools[estimator] = ThreadpoolController()
        with self._pools[estimator].limit(limits=self._threads):
            yield

    def _measured(self, model: Any, check: Rows) -> dict[str, float]:
        """The declared metrics, the deciding one first; decided as training decides."""
        project = self._prepared.project
        undecided = Decision(project.task, self._prepared.labels)
        scores = Scorer(Canonicaliser(()), undecided, model).scores(check.X)
        bad = len(scores) - int(np.isfinite(scores).reshape(len(scores), -1).all(axis=1).sum())
        if bad:
            raise UsageError(
                f"The model answers {bad:,} of {len(scores):,} checked rows with no finite number."
            )
        decision, _ = decided_by(project, undecided, scores, check.y)
        answers, costs = said(decision, scores, check.y), costs_of(project)
        measured = measure(project.task, answers, project.all_metrics, costs=costs)
        return {name: float(value) for name, value in measured.items()}

    def _value(self, reached: Mapping[str, float], check: Rows, where: str) -> float:
        value = reached[self._metric.name]
        if not math.isfinite(value):
            what = "undefined" if math.isnan(value) else "infinite"
            rows = f"{where} ({len(check.y):,} rows)"
            raise UsageError(f"{self._metric.name} is {what} on {rows}.")
        return value


class _Watch:
    """Asks whether to stop, and remembers the answer, or what came instead of one."""

    def __init__(self, stop: Stop, higher_is_better: bool) -> None:
        self._stop, self._higher = stop, higher_is_better
        self.pruned: Round | None = None
        self.failure: Exception | None = None

    def ask(self, step: int, value: float) -> bool:
        try:
            return self._stop(step, value)
        except Exception as error:
            self.failure = error
            raise

    def hear(self, each: Round) -> bool:
        if each.done % _every(each.total) or not math.isfinite(each.value):
            return False
        turned = each.value if each.higher_is_better == self._higher else -each.value
        if self.ask(each.done, turned) and each.done < each.total:
            self.pruned = each
        return self.pruned is not None


def _every(total: int) -> int:
    """How many rounds lie between two reports of a fit of `total` rounds."""
    return 1 << max(0, (total // _REPORTS).bit_length() - 1)


def _never(_: Round) -> bool:
    return False


def _pruned_after(each: Round) -> str:
    return f"pruned after round {each.done} of {each.total}: {each.metric} {each.value:.4g}"


def _with_curve(outcome: Outcome, history: History | None) -> Outcome:
    if history is None or "validation" not in history.values:
        return outcome
    curve = tuple(history.values["validation"])
    return replace(outcome, curve=curve, curve_metric=history.metric, best_round=history.best)
