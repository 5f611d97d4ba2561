"""Searches over a line on Spark, and what their executors run besides `tests.tuning.objectives`.

As a module that is run, it is a process that starts Spark, searches, and ends.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

import mlflow

from projects.tuning.prepared import Prepared
from projects.tuning.samplers import pruner_of, sampler_of
from projects.tuning.spark import Searched, SparkRequest, search_on_spark
from projects.tuning.spark_session import spark_session
from projects.tuning.trials import Outcome, Tally
from tests.tuning import objectives
from tests.tuning.prepared_rows import mixed_project, prepared_of
from tests.tuning.searching import Line


class _Below:
    """Does something below 0, and the parabola above."""

    def __init__(self, deed: Callable[[], object]) -> None:
        self._deed = deed

    def run(self, _: str, params: Mapping[str, Any], stop: objectives.Stop) -> Outcome:
        if params["x"] < 0:
            self._deed()
        return objectives.parabola().run("line", params, stop)


def dying(*_: object) -> _Below:
    """The process is killed below 0."""
    return _Below(lambda: os.kill(os.getpid(), signal.SIGKILL))


def sleeping(*_: object) -> _Below:
    """Takes a minute below 0."""
    return _Below(lambda: time.sleep(60))


@cache
def a_few_rows() -> Prepared:
    """Rows that nothing of what is run here looks at; the metric wants the greatest value."""
    return prepared_of(mixed_project("binary", "linear"), rows=100)


def new_run(name: str = "a line") -> Any:
    """A new run in the experiment `lines`."""
    found = mlflow.get_experiment_by_name("lines")
    experiment = found.experiment_id if found else mlflow.create_experiment("lines")
    return mlflow.MlflowClient().create_run(experiment, run_name=name)


def request_of(run: Any, trials: int, **more: Any) -> SparkRequest:
    """A request for random trials of the parabola by one worker, but for `more`."""
    sampler, pruner = more.pop("sampler", "random"), more.pop("pruner", "none")
    workers, folds = more.get("workers", 1), more.get("folds", 1)
    request = SparkRequest(
        run.info.run_id,
        run.info.experiment_id,
        mlflow.get_tracking_uri(),
        trials,
        partial(sampler_of, sampler, several=False, workers=workers),
        pruner_of(pruner, folds=folds),
        factory=objectives.parabola,
    )
    return replace(request, **more)


def searched(session: Any, request: SparkRequest, **more: Any) -> Searched:
    """Search over the line."""
    space = Line(more.pop("fixed", {}))
    heard: Callable[[Tally], None] | None = more.pop("heard", None)
    return search_on_spark(a_few_rows(), space, request, session, heard)


def children(run: Any) -> list[Any]:
    """The runs of the trials, the newest first."""
    nested = f"tags.`mlflow.parentRunId` = '{run.info.run_id}'"
    return list(mlflow.MlflowClient().search_runs([run.info.experiment_id], nested))


@dataclass
class Interrupts:
    """Hears of a search, and presses Ctrl-C, once, when a trial runs."""

    pressed: bool = False

    def __call__(self, tally: Tally) -> None:
        if tally.running and not self.pressed:
            self.pressed = True
            os.kill(os.getpid(), signal.SIGINT)


def _main(tracking_uri: str) -> None:
    mlflow.set_tracking_uri(tracking_uri)
    with spark_session(None, 2) as session:
        found = searched(session, request_of(new_run(), 4, workers=2))
        print(session.sparkContext.master, len(found.ended), flush=True)
    with spark_session("local[1]", 2) as session:  # that it is stopped shows by the next one
        print(session.sparkContext.master, session.range(3).count(), flush=True)


if __name__ == "__main__":
    _main(*sys.argv[1:])
