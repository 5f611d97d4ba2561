"""Runs the trials of a search on Spark, through MLflow's own study."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

from podium.errors import UsageError
from podium.progress import Progress
from projects.jobs import tracking
from projects.jobs.found import Found
from projects.jobs.local_engine import WARM_UP_ROUNDS
from projects.jobs.run import OpenRun
from projects.jobs.search_settings import Plan, TuneRequest
from projects.jobs.search_words import progress_line
from projects.training.deciding import deciding_metric
from projects.tuning.planned import Planned
from projects.tuning.prepared import Prepared
from projects.tuning.samplers import pruner_of, sampler_of
from projects.tuning.space import Space
from projects.tuning.spark import SparkRequest, check_request, search_on_spark
from projects.tuning.spark_session import check_spark, spark_session
from projects.tuning.storage import Direction
from projects.tuning.study import new_study
from projects.tuning.trials import Tally


class SparkEngine:
    """A Spark session, from the beginning on; MLflow's runs are the study."""

    def __init__(self, plan: Plan, request: TuneRequest, space: Space, progress: Progress) -> None:
        """Raises UsageError for what Spark's study cannot do, or where Spark or Java is missing."""
        if request.storage is not None or plan.settings.stop:
            flag = "--stop" if plan.settings.stop else "--storage"
            raise UsageError(
                f"{flag} is for the local engine: on Spark, MLflow's runs are the study.",
                remedy=f"Leave {flag} out.",
            )
        check_spark(request.master)
        self._plan, self._request, self._space = plan, request, space
        self._progress = progress
        self._metric = deciding_metric(plan.project)
        settings = plan.settings
        self._sampler = partial(
            sampler_of, settings.sampler, several=space.several, workers=request.workers
        )
        self._pruner = pruner_of(
            settings.pruner,
            folds=settings.folds or 1,
            warmup=0 if settings.folds else WARM_UP_ROUNDS,
        )
        self._opened = ExitStack()
        self._session: Any = None

    def __enter__(self) -> SparkEngine:
        with self._progress.stage("spark", "Starting Spark"):
            session = spark_session(self._request.master, self._request.workers)
            self._session = self._opened.enter_context(session)
        return self

    def __exit__(self, *error: object) -> None:
        self._opened.close()

    def open(self, run_id: str) -> str:
        """Nothing is to be opened: the runs are in MLflow."""
        return ""

    def check_lead(self) -> None:
        """Nothing to check: on Spark the run's tags alone say who leads it."""

    def search(self, run: OpenRun, prepared: Prepared, planned: Sequence[Planned]) -> Found:
        """Run trials on the executors until there are enough; what was found."""
        settings, timeout = self._plan.settings, self._request.timeout
        asked = SparkRequest(
            run.run_id,
            run.experiment_id,
            tracking.tracking_uri(),
            self._plan.trials,
            self._sampler,
            self._pruner,
            workers=self._request.workers,
            seed=settings.seed,
            folds=settings.folds or 1,
            planned=planned,
            timeout_seconds=None if timeout is None else timeout.total_seconds(),
        )
        check_request(asked)
        found = search_on_spark(prepared, self._space, asked, self._session, self._show)
        direction: Direction = "maximize" if self._metric.higher_is_better else "minimize"
        sampler = self._sampler(settings.seed)
        study = new_study(direction, sampler, self._pruner, found.trials)
        return Found(found.ended, found.best, self._metric, found.ended_by, study)

    def _show(self, tally: Tally) -> None:
        self._progress.status(progress_line(tally, self._metric.name))
