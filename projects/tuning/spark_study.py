"""MLflow's own study on Spark: the run of a search is the study, and the nested runs of its trials
are all that it keeps.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import RunTag
from mlflow.exceptions import ExecutionException, MlflowException
from mlflow.optuna.storage import MlflowStorage
from optuna import Trial
from optuna.pruners import BasePruner
from optuna.trial import FrozenTrial

from projects.tuning.spark_errors import reason_in
from projects.tuning.spark_trial import TaskSampler, remember_ended
from projects.tuning.stored import NUMBER, REASON, number_of, quietly

MOST_TRIALS = 1000  # MLflow's storage reads one page of runs; it would forget the first ones
_LOST = "podium.lost"
_REASON_LENGTH = 2000
_SHORT = 8


class JobEnded(Exception):
    """Spark ended the job before its trials were done, for the reason that this says."""


class SparkStudy:
    """The study that MLflow's `MlflowSparkStudy` finds by the name of the search's run.

    Its number of a trial is where the trial's first metric stands among those of the others; two
    trials that begin at once may get the same, see `number_once`.
    """

    def __init__(
        self, run_id: str, experiment_id: str, tracking_uri: str, *, higher_is_better: bool
    ) -> None:
        self._run_id, self._experiment, self._uri = run_id, experiment_id, tracking_uri
        self._direction = "MAXIMIZE" if higher_is_better else "MINIMIZE"
        self._client = MlflowClient()
        self._storage = self._new_storage()
        self._name = ""

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Within the block the run has a name of its own, by which MLflow finds the study."""
        own = f" {self._run_id[:_SHORT]}"
        name = str(self._client.get_run(self._run_id).info.run_name).removesuffix(own)
        self._name = re.sub(r"[^\w .:-]", " ", name) + own  # MLflow quotes it in a query
        self._client.set_tag(self._run_id, "optuna.study_direction", self._direction)
        self._client.update_run(self._run_id, name=self._name)
        try:
            yield
        finally:
            with suppress(MlflowException):  # where MLflow is away, that is what is told
                self._client.update_run(self._run_id, name=name)

    def optimize(
        self,
        objective: Callable[[Trial], float],
        sampler: TaskSampler,
        pruner: BasePruner,
        *,
        trials: int,
        tasks: int,
        timeout_seconds: float | None,
    ) -> None:
        """Run so many trials in so many tasks of the active Spark session.

        Raises JobEnded, and MlflowException where MLflow fails here.
        """
        from mlflow.pyspark.optuna.study import MlflowSparkStudy

        study = MlflowSparkStudy(self._name, self._new_storage(), sampler, pruner, self._uri)
        try:
            with quietly():
                study.optimize(
                    objective,
                    n_trials=trials,
                    timeout=timeout_seconds,
                    n_jobs=tasks,
                    catch=(Exception,),
                )
        except Exception as error:
            if isinstance(error, MlflowException) and not isinstance(error, ExecutionException):
                raise
            raise JobEnded(reason_in(error)) from error
        finally:
            with suppress(MlflowException):
                self._client.update_run(self._run_id, status="RUNNING")  # MLflow ended it

    def trials(self) -> list[FrozenTrial]:
        """Those that are over, by number, without those that an earlier process lost."""
        return [trial for trial in self._all() if trial.state.is_finished() and not _lost(trial)]

    def running(self) -> int:
        """How many have begun and are not over."""
        return sum(not trial.state.is_finished() for trial in self._all())

    def end_running(self, reason: str, *, lost: bool = False) -> None:
        """Fail the trials that are not over; `lost` ones are in no list of trials any more."""
        note = {f"user_{REASON}": json.dumps(reason[:_REASON_LENGTH])}
        if lost:
            note[f"user_{_LOST}"] = "true"
        tags = {**note, "podium.error": reason, "podium.state": "failed"}
        for trial in self._all():
            if not trial.state.is_finished():
                run_id, number = str(trial._trial_id), number_of(trial)
                named = {"mlflow.runName": f"trial {number}", "podium.trial": str(number)}
                self._set_tags(run_id, tags | named)
                # Not KILLED as elsewhere: that is what MLflow's storage takes for pruned, and a
                # sampler would learn that such parameters are bad.
                self._client.set_terminated(run_id, "FAILED")

    def number_once(self) -> None:
        """Give another number to each trial that has the same one as another that is over."""
        trials = sorted(self._all(), key=lambda each: (number_of(each), str(each.datetime_start)))
        following = 1 + max((number_of(trial) for trial in trials), default=-1)
        used: set[int] = set()
        for trial in trials:
            if number_of(trial) in used:
                self._renumber(trial, following)
                following += 1
            used.add(number_of(trial))

    def _renumber(self, trial: FrozenTrial, number: int) -> None:
        names = ("numbers", "podium.trial", f"user_{NUMBER}")
        tags = {**dict.fromkeys(names, str(number)), "mlflow.runName": f"trial {number}"}
        self._set_tags(str(trial._trial_id), tags)
        self._storage = self._new_storage()  # which has not read it yet

    def _all(self) -> list[FrozenTrial]:
        return sorted(self._storage.get_all_trials(self._run_id), key=number_of)

    def _set_tags(self, run_id: str, tags: dict[str, str]) -> None:
        cut = [RunTag(key, value[:_REASON_LENGTH]) for key, value in tags.items()]
        self._client.log_batch(run_id, tags=cut)

    def _new_storage(self) -> Any:
        storage = MlflowStorage(experiment_id=self._experiment)
        remember_ended(storage)
        return storage


def _lost(trial: FrozenTrial) -> bool:
    return bool(trial.user_attrs.get(_LOST))
