"""Searches on Spark: MLflow's own study asks for the trials and keeps them, executors run them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, Literal

from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler, QMCSampler
from optuna.trial import FrozenTrial

from podium.errors import PodiumError, UsageError
from podium.evaluation import Metric
from projects.jobs.tracking import in_our_words
from projects.jobs.trial_runs import TrialRuns
from projects.training.deciding import deciding_metric
from projects.tuning.messages import Runs
from projects.tuning.objective import Objective
from projects.tuning.planned import Planned, Space, to_ask
from projects.tuning.prepared import Prepared
from projects.tuning.search import INTERRUPTED
from projects.tuning.spark_errors import spark_in_our_words
from projects.tuning.spark_session import (
    cancel,
    quiet_spark,
    threads_of,
    wait_for_tasks,
)
from projects.tuning.spark_study import MOST_TRIALS, JobEnded, SparkStudy
from projects.tuning.spark_trial import Given, TaskObjective, TaskSampler
from projects.tuning.standing import Standing
from projects.tuning.stored import ended_of
from projects.tuning.trials import Ended, Tally

_LOOK_SECONDS = 2.0
_KILLED = "its process was killed"


@dataclass(frozen=True)
class SparkRequest:
    """What is asked of a search on Spark.

    `run_id`: the run of the search; its trials, those from before a resume too, are nested in it.
    `sampler`: makes one of a seed, also on executors. `trials`: in all, with those from before a
    resume. `workers`: how many at a time; each takes a core of the executors for the whole search.
    `folds`: 1 without cross-validation. `planned`: whose parameters are tried first.
    `timeout_seconds`: after so long no trial starts. `factory`: makes what runs the trials on
    what was prepared, with a number of threads.
    """

    run_id: str
    experiment_id: str
    tracking_uri: str
    trials: int
    sampler: Callable[[int], BaseSampler]
    pruner: BasePruner
    workers: int = 1
    seed: int = 0
    folds: int = 1
    planned: Sequence[Planned] = ()
    timeout_seconds: float | None = None
    factory: Callable[[Prepared, int], Runs] = Objective


@dataclass(frozen=True)
class Searched:
    """All trials of a search that are over, by number, and the same as Optuna has them.

    The curves of their outcomes are not here, but in MLflow.
    """

    ended: tuple[Ended, ...]
    best: Ended
    ended_by: Literal["trials", "timeout"]
    trials: tuple[FrozenTrial, ...]


def check_request(request: SparkRequest) -> None:
    """Raises UsageError for what MLflow's study on Spark cannot do."""
    if request.trials > MOST_TRIALS:
        raise UsageError(
            f"MLflow's study on Spark keeps {MOST_TRIALS:,} trials, not {request.trials:,}.",
            remedy="Ask for fewer trials, or search without Spark.",
        )
    if isinstance(request.sampler(request.seed), QMCSampler):
        raise UsageError(
            "The sampler 'qmc' counts its trials, and executors cannot count together.",
            remedy="Choose tpe or random, or search without Spark.",
        )


def search_on_spark(
    prepared: Prepared,
    space: Space,
    request: SparkRequest,
    session: Any,
    on_progress: Callable[[Tally], None] | None = None,
) -> Searched:
    """Run trials on `prepared`, in the Spark session of `spark_session`, until there are enough.

    The run of the search is there and open, before and after; its nested runs are its trials.
    Each worker is a task of one Spark job, and gets an equal share of the trials. Where Spark ends
    the job (a worker process that dies ends it), trials that were running have failed, and another
    job goes on. `on_progress` is called in another thread, every few seconds.
    A KeyboardInterrupt cancels the job; the trials that were running are then failed.

    Raises UsageError for what MLflow's study cannot do, PodiumError where no trial came to a
    value, the first ten failed, or Spark cannot run any, Unreachable where MLflow fails.
    """
    check_request(request)
    metric = deciding_metric(prepared.project)
    done = f"Nothing was registered; the trials of run {request.run_id} until then are kept."
    with quiet_spark(), spark_in_our_words(), in_our_words(done):
        study = SparkStudy(
            request.run_id,
            request.experiment_id,
            request.tracking_uri,
            higher_is_better=metric.higher_is_better,
        )
        study.end_running(_KILLED, lost=True)
        with study.opened(), _sent(prepared, session) as rows:
            runs = partial(
                runs_of,
                request.run_id,
                request.experiment_id,
                prepared.project.name,
                metric.name,
            )
            threads = threads_of(session, request.workers)
            objective = TaskObjective(rows, request.factory, threads, space, request.folds, runs)
            return _Running(request, study, objective, session, metric, on_progress).run()


@lru_cache(maxsize=1)
def runs_of(run_id: str, experiment_id: str, project: str, metric: str) -> TrialRuns:
    """What an executor writes to the runs of trials with; one for all trials of a process."""
    return TrialRuns(run_id, experiment_id, project, metric)


@contextmanager
def _sent(prepared: Prepared, session: Any) -> Iterator[Any]:
    """Have Spark bring `prepared` to each executor's workers, for the length of the block."""
    # Not as a file: one that Spark was given must be there for as long as the session is.
    rows = session.sparkContext.broadcast(prepared)
    try:
        yield rows
    finally:
        with suppress(Exception):  # Spark may be what failed
            rows.destroy()


class _Running:
    """One search that goes on, in as many Spark jobs as it takes."""

    def __init__(
        self,
        request: SparkRequest,
        study: SparkStudy,
        objective: TaskObjective,
        session: Any,
        metric: Metric,
        on_progress: Callable[[Tally], None] | None,
    ) -> None:
        self._request, self._study, self._objective = request, study, objective
        self._context = session.sparkContext
        self._minimize = not metric.higher_is_better
        self._on_progress = on_progress
        self._began = time.monotonic()
        self._before = {trial._trial_id for trial in study.trials()}
        self._group = f"podium-{request.run_id}"

    def run(self) -> Searched:
        ended_by: Literal["trials", "timeout"] = "trials"
        while (left := self._request.trials - len(self._study.trials())) > 0:
            if self._left_seconds() == 0.0:
                ended_by = "timeout"
                break
            self._run_job(left)
        standing = self._standing()
        if standing.best is None:
            raise standing.problem()
        trials = tuple(self._study.trials())
        return Searched(tuple(standing.ended), standing.best, ended_by, trials)

    def _run_job(self, left: int) -> None:
        """One Spark job of `left` trials; it may end sooner. Raises PodiumError where that would
        happen again.
        """
        had = len(self._study.trials())
        try:
            with self._job_group(), self._watched():
                self._optimize(left)
            problem = "its tasks were lost"
        except KeyboardInterrupt:
            cancel(self._context, self._group)
            self._study.end_running(INTERRUPTED)
            raise
        except JobEnded as error:
            problem = str(error)
        wait_for_tasks(self._context, self._group)
        self._study.end_running(f"Spark ended its task: {problem}")
        self._study.number_once()
        standing = self._standing()
        if standing.is_hopeless:
            raise standing.problem()
        if len(standing.ended) == had and self._left_seconds() != 0.0:
            raise PodiumError(
                f"Spark runs no trial: {problem}",
                remedy="Executors need this version of Podium, and must reach "
                "MLFLOW_TRACKING_URI and its artifacts.",
            )

    def _optimize(self, left: int) -> None:
        request = self._request
        tasks = min(request.workers, left)
        before = self._study.trials()
        given = [
            Given(plan, suggested, identity)
            for plan, suggested, identity in to_ask(before, self._objective.space, request.planned)
        ]
        sampler = TaskSampler(
            request.sampler, request.seed, len(before), by_task(given, left, tasks)
        )
        self._study.optimize(
            self._objective,
            sampler,
            request.pruner,
            trials=left,
            tasks=tasks,
            timeout_seconds=self._left_seconds(),
        )

    def _left_seconds(self) -> float | None:
        if self._request.timeout_seconds is None:
            return None
        return max(0.0, self._request.timeout_seconds - (time.monotonic() - self._began))

    def _standing(self) -> Standing:
        trials = self._study.trials()
        before = tuple(ended_of(t) for t in trials if t._trial_id in self._before)
        new = [ended_of(t) for t in trials if t._trial_id not in self._before]
        return Standing(self._request.trials, self._minimize, before, new)

    @contextmanager
    def _job_group(self) -> Iterator[None]:
        """Within it, the jobs of this thread can be cancelled by name."""
        before = self._context.getLocalProperty("spark.jobGroup.id")
        self._context.setJobGroup(self._group, "podium tune", interruptOnCancel=True)
        try:
            yield
        finally:
            with suppress(Exception):  # Spark may be what failed
                self._context.setLocalProperty("spark.jobGroup.id", before)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Within it, `on_progress` is told how far the search is; a hopeless one is cancelled."""
        over = threading.Event()
        thread = threading.Thread(target=self._watch, args=(over,), name="podium-spark-watch")
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _watch(self, over: threading.Event) -> None:
        while not over.wait(_LOOK_SECONDS):
            with suppress(Exception):  # the search itself meets what is wrong, and says so
                standing = self._standing()
                seconds = time.monotonic() - self._began
                running = self._study.running()
                limit = self._request.timeout_seconds
                if self._on_progress is not None:
                    self._on_progress(standing.tally(running, seconds, limit))
                if standing.is_hopeless:
                    self._context.cancelJobGroup(self._group)
                    return


def by_task(given: Sequence[Given], trials: int, tasks: int) -> list[list[Given]]:
    """Who gets which planned trials, so that they are the first ones: by task.

    Spark gives task t of T the trials t*N//T to (t+1)*N//T of N.
    """
    room = [(t + 1) * trials // tasks - t * trials // tasks for t in range(tasks)]
    places = sorted((turn, task) for task in range(tasks) for turn in range(room[task]))
    shared: list[list[Given]] = [[] for _ in range(tasks)]
    for each, (_, task) in zip(given, places, strict=False):
        shared[task].append(each)
    return shared
