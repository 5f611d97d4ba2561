"""What runs on the executors of Spark: chooses a trial's parameters, runs it, writes it down.

Executors need Podium installed, of the same version, and must reach MLflow's server or database
and its artifacts with settings of their own.
"""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from optuna import Study, Trial, TrialPruned
from optuna.distributions import BaseDistribution
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, TrialState

from projects.training.reasons import reason_of
from projects.tuning.messages import Runs
from projects.tuning.planned import PLANNED, Planned, Space
from projects.tuning.prepared import Prepared
from projects.tuning.samplers import judges_folds_together
from projects.tuning.stored import REASON, attributes_of_asked, attributes_of_outcome
from projects.tuning.trials import Asked, Outcome

_ASKING_SHARE = 0.2  # of a trial's time, at most, for asking whether to prune it


class TrialFailed(Exception):
    """A trial failed, for the reason that this says."""


@dataclass(frozen=True)
class Given:
    """A planned trial, what Optuna is to suggest for it, and by what it is known on a resume."""

    plan: Planned
    suggested: Mapping[str, Any]
    identity: str


class TaskSampler(BaseSampler):
    """The sampler of one task: first gives what is planned for the task, then what `make` samples.

    Optuna's own queue of trials would be no use: two executors take the same trial out of
    MLflow's. `make`: a sampler of a seed. `given`: by task. `before`: how many trials there are
    from before a resume. Where there are several tasks, each has a seed of its own.
    """

    def __init__(
        self,
        make: Callable[[int], BaseSampler],
        seed: int,
        before: int,
        given: Sequence[Sequence[Given]],
    ) -> None:
        self._make, self._seed, self._given = make, (seed, before), given
        self._begun = 0
        self._sampler = make(_mixed(self._seed) if before else seed)
        self.now: Given | None = None

    def reseed_rng(self) -> None:
        """Take the seed of this task; MLflow calls it on executors where there are several."""
        self._sampler = self._make(_mixed((*self._seed, _task())))

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Find out whether the trial is a planned one."""
        remember_ended(study._storage)
        mine = self._given[_task()] if _task() < len(self._given) else ()
        self.now = mine[self._begun] if self._begun < len(mine) else None
        self._begun += 1
        if self.now is None:
            self._sampler.before_trial(study, trial)

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Nothing for a planned trial; else what the sampler says."""
        if self.now is not None:
            return {}
        return self._sampler.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Nothing for a planned trial; else what the sampler says."""
        if self.now is not None:
            return {}
        return self._sampler.sample_relative(study, trial, search_space)

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """What is planned, where it is; else what the sampler says."""
        if self.now is not None and param_name in self.now.suggested:
            return self.now.suggested[param_name]
        return self._sampler.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """Let the sampler know."""
        self._sampler.after_trial(study, trial, state, values)


class Writes(Protocol):
    """What of `projects.jobs.trial_runs.TrialRuns` an executor needs."""

    def describe(self, run_id: str, asked: Asked, *, known: Mapping[str, Any]) -> None:
        """Say what the trial of a run is; `known` parameters are logged already."""

    def log(self, run_id: str, outcome: Outcome) -> None:
        """Log what came of the trial of a run."""


@dataclass(frozen=True)
class TaskObjective:
    """What MLflow's study calls for each trial on an executor.

    `rows`: a broadcast variable of Spark's that holds a `Prepared`. `factory`: makes what runs
    trials on it, with a number of threads. `runs`: makes what writes to the trials' runs.
    `folds`: 1 without cross-validation.
    """

    rows: Any
    factory: Callable[[Prepared, int], Runs]
    threads: int
    space: Space
    folds: int
    runs: Callable[[], Writes]

    def __call__(self, trial: Trial) -> float:
        """Run the trial; its value. Raises TrialPruned, and TrialFailed with the reason."""
        logging.getLogger("mlflow.pyspark.optuna.study").setLevel(logging.WARNING)
        os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"
        try:
            outcome = self._outcome(trial)
        except Exception as error:
            trial.set_user_attr(REASON, reason_of(error))
            raise
        if outcome.state == "pruned":
            raise TrialPruned(outcome.reason)
        if outcome.state == "failed" or outcome.value is None:
            raise TrialFailed(outcome.reason)
        return outcome.value

    def _outcome(self, trial: Trial) -> Outcome:
        runs, run_id = self.runs(), str(trial._trial_id)
        asked = self._asked(trial)
        _note(trial, attributes_of_asked(asked))
        storage: Any = trial.storage
        storage.flush_all_batches()  # else what was asked is lost where the process dies
        runs.describe(run_id, asked, known=trial.params)
        outcome = self._run(trial, asked)
        _note(trial, attributes_of_outcome(outcome))
        runs.log(run_id, outcome)
        return outcome

    def _run(self, trial: Trial, asked: Asked) -> Outcome:
        began = time.monotonic()
        watch = _Watch(trial, self.folds)
        try:
            objective = _made(self.factory, self.rows, self.threads)
            return objective.run(asked.estimator, asked.params, watch.stop)
        except Exception as error:  # noqa: BLE001 - one trial has failed, not the search
            seconds = time.monotonic() - began
            return Outcome("failed", seconds=seconds, reason=reason_of(error))

    def _asked(self, trial: Trial) -> Asked:
        estimator, params = self.space.suggest(trial)
        sampler = trial.study.sampler
        given = sampler.now if isinstance(sampler, TaskSampler) else None
        if given is None:
            return Asked(trial.number, estimator, params)
        trial.set_user_attr(PLANNED, given.identity)
        params = given.plan.all_params(params, self.space)
        return Asked(trial.number, estimator, params, given.plan.origin)


@dataclass
class _Watch:
    """Reports a trial's values, and asks whether to prune it, not more often than is worth it.

    MLflow's storage reads all trials for each answer, some requests for each that runs.
    """

    trial: Trial
    folds: int
    _values: list[float] = field(default_factory=list)
    _asked_at: float = -math.inf
    _took: float = 0.0

    def stop(self, step: int, value: float) -> bool:
        if not math.isfinite(value):
            return False  # such a trial fails by itself
        self._values.append(value)
        pruner: BasePruner = self.trial.study.pruner
        if self.folds > 1 and not judges_folds_together(pruner):
            value = sum(self._values) / len(self._values)
        self.trial.report(value, step)
        began = time.monotonic()
        if began - self._asked_at < self._took / _ASKING_SHARE:
            return False
        answer = self.trial.should_prune()
        self._asked_at = time.monotonic()
        self._took = self._asked_at - began
        return answer


def remember_ended(storage: Any) -> None:
    """Have `storage` read each trial that has ended once.

    MLflow's reads every trial, with four requests each, whenever one is asked for, and whenever a
    pruner is asked: the hundredth trial would take longer for that than for its fit.
    """
    if "get_trial" in vars(storage):
        return
    read, ended = storage.get_trial, {}

    def get_trial(trial_id: Any) -> FrozenTrial:
        if trial_id not in ended:
            trial: FrozenTrial = read(trial_id)
            if not trial.state.is_finished():
                return trial
            ended[trial_id] = trial
        return ended[trial_id]

    storage.get_trial = get_trial


@lru_cache(maxsize=1)  # Spark's workers run one task after another
def _made(factory: Callable[[Prepared, int], Runs], rows: Any, threads: int) -> Runs:
    return factory(rows.value, threads)


def _task() -> int:
    """The number of the task that this is, from 0; 0 also where there is none."""
    from pyspark import TaskContext

    context = TaskContext.get()
    return 0 if context is None else int(context.partitionId())


def _mixed(seed: Sequence[int]) -> int:
    return int(np.random.SeedSequence(tuple(seed)).generate_state(1)[0])


def _note(trial: Trial, attributes: Mapping[str, Any]) -> None:
    for name, value in attributes.items():
        trial.set_user_attr(name, value)
