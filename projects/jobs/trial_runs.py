"""The trials of a search as nested MLflow runs."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import mlflow
import numpy as np
from mlflow.entities import Metric, Param, Run, RunTag

from projects.jobs.tracking import in_our_words
from projects.tuning.trials import Asked, Ended, Outcome

TOP_TEN = "tuning/top_ten.json"
_CURVE_POINTS = (
    500  # of a line: each is a row that MLflow makes in this process, beside the workers
)
_PARAM_LENGTH, _TAG_LENGTH = 6000, 5000
_STATUS = {"complete": "FINISHED", "pruned": "KILLED", "failed": "FAILED"}
_OF_THE_PARENT = (  # what says who started a run from which code; MLflow shows it for every run
    "mlflow.user",
    "mlflow.source.name",
    "mlflow.source.type",
    "mlflow.source.git.commit",
)
_LOST = "its process was killed"


class TrialRuns:
    """The nested runs of one search. Knows no active run, and so can be used by any thread.

    Each act is as few calls as MLflow allows: two to start a run, two to end it.
    """

    def __init__(self, parent_run_id: str, experiment_id: str, project: str, metric: str) -> None:
        """Raises Unreachable where MLflow does not answer, PodiumError where it refuses."""
        self._client = mlflow.MlflowClient()
        self._parent, self._experiment, self._metric = parent_run_id, experiment_id, metric
        with self._in_our_words():
            tags = self._client.get_run(parent_run_id).data.tags
        self._common = {key: tags[key] for key in _OF_THE_PARENT if key in tags} | {
            "mlflow.parentRunId": parent_run_id,
            "podium.project": project,
            "podium.job": "trial",
        }

    def start(self, asked: Asked, *, at: float | None = None) -> str:
        """Open the run of a trial that began `at` (seconds since the epoch; now); its id."""
        name = f"trial {asked.number}"
        with self._in_our_words():
            tags = self._common | _tags_of(asked)
            run = self._client.create_run(self._experiment, _milliseconds(at), tags, name)
            self._client.log_batch(run.info.run_id, params=_params_of(asked))
        return str(run.info.run_id)

    def describe(self, run_id: str, asked: Asked, *, known: Collection[str] = ()) -> None:
        """Make a run that something else opened for a trial say what one of `start` says.

        known: names of parameters that are logged already.
        """
        tags = self._common | _tags_of(asked) | {"mlflow.runName": f"trial {asked.number}"}
        params = [each for each in _params_of(asked) if each.key not in known]
        with self._in_our_words():
            self._client.log_batch(run_id, params=params, tags=_tags(tags))

    def end(self, run_id: str, outcome: Outcome, *, at: float | None = None) -> None:
        """Log what came of the trial that ended `at`, and end its run."""
        self.log(run_id, outcome, at=at)
        with self._in_our_words():
            self._client.set_terminated(run_id, _STATUS[outcome.state], _milliseconds(at))

    def log(self, run_id: str, outcome: Outcome, *, at: float | None = None) -> None:
        """Log what came of the trial that ended `at`; its run stays open."""
        tags: dict[str, str] = {"podium.state": outcome.state}
        if outcome.reason:
            tags["podium.error" if outcome.state == "failed" else "podium.reason"] = outcome.reason
        metrics = _metrics(outcome, self._metric, _milliseconds(at))
        with self._in_our_words():
            self._client.log_batch(run_id, metrics=metrics, tags=_tags(tags))

    def close(self, run_id: str, reason: str) -> None:
        """End the run of a trial that nothing came of, because of `reason`."""
        with self._in_our_words():
            self._client.log_batch(run_id, tags=_tags({"podium.error": reason}))
            self._client.set_terminated(run_id, "KILLED")

    def close_abandoned(self, known: Mapping[int, Outcome] | None = None) -> list[int]:
        """End the runs that another process left open; returns their trials' numbers, ascending.

        known: what came of trials by number, where their process got to store it but was killed
        before MLflow knew. Their runs are ended with that, and are not among those returned.
        """
        closed = []
        for run in list(self._runs("attributes.status = 'RUNNING'")):
            number = int(run.data.tags["podium.trial"])
            outcome = (known or {}).get(number)
            if outcome is not None:
                self.end(run.info.run_id, outcome)
            else:
                self.close(run.info.run_id, _LOST)
                closed.append(number)
        return sorted(closed)

    def restore(self, kept: Iterable[Ended]) -> None:
        """Show trials that were kept, and that MLflow never heard of."""
        shown = {int(run.data.tags["podium.trial"]) for run in self._runs()}
        for each in kept:
            if each.asked.number not in shown:
                self.end(self.start(each.asked), each.outcome)

    def next_number(self) -> int:
        """The lowest number that no trial with a run has, nor any below it."""
        return 1 + max((int(run.data.tags["podium.trial"]) for run in self._runs()), default=-1)

    def log_top(self, table: Mapping[str, Sequence[Any]]) -> None:
        """Show `table` (columns by name) as the parent's top ten, in place of an earlier one.

        This is the format and the tag of MLflow's `log_table`, which itself would append.
        """
        columns = [list(values) for values in table.values()]
        rows = [list(row) for row in zip(*columns, strict=True)]
        document = {"columns": list(table), "data": rows}
        shown = [{"path": TOP_TEN, "type": "table"}]
        with self._in_our_words():
            self._client.log_text(self._parent, json.dumps(document, default=str), TOP_TEN)
            self._client.set_tag(self._parent, "mlflow.loggedArtifacts", json.dumps(shown))

    def _runs(self, condition: str = "") -> Iterator[Run]:
        mine = f"tags.`mlflow.parentRunId` = '{self._parent}' and tags.`podium.job` = 'trial'"
        sought = f"{mine} and {condition}" if condition else mine
        token: str | None = None
        while True:
            with self._in_our_words():
                page = self._client.search_runs(
                    [self._experiment], sought, max_results=1000, page_token=token
                )
            yield from page
            token = page.token
            if not token:
                return

    def _in_our_words(self) -> AbstractContextManager[None]:
        return in_our_words(
            f"Nothing was registered; the trials of run {self._parent} until then are kept."
        )


def _milliseconds(at: float | None) -> int:
    return int((time.time() if at is None else at) * 1000)


def _tags_of(asked: Asked) -> dict[str, str]:
    return {
        "podium.trial": str(asked.number),
        "podium.estimator": asked.estimator,
        "podium.origin": asked.origin,
    }


def _params_of(asked: Asked) -> list[Param]:
    params = {**asked.params, "podium.estimator": asked.estimator}
    return [Param(key, str(value)[:_PARAM_LENGTH]) for key, value in params.items()]


def _tags(tags: Mapping[str, str]) -> list[RunTag]:
    return [RunTag(key, value[:_TAG_LENGTH]) for key, value in tags.items()]


def _metrics(outcome: Outcome, metric: str, ended: int) -> list[Metric]:
    """All metrics of a trial that ended at `ended` (milliseconds); undefined ones are left out.

    Values of rounds and folds are spread evenly over the trial's time.
    """
    began = ended - round(outcome.seconds * 1000)
    values = {f"validation/{name}": value for name, value in outcome.metrics.items()}
    if outcome.value is not None:
        values = {f"validation/{metric}": outcome.value} | values
    points = [(name, value, ended, 0) for name, value in values.items()]
    points.append(("seconds", outcome.seconds, ended, 0))
    if outcome.best_round is not None:
        points.append(("best_round", float(outcome.best_round), ended, 0))
    lines = (
        (f"fold/{metric}", outcome.folds),
        (f"curve/validation_{outcome.curve_metric}", outcome.curve),
    )
    for name, line in lines:
        for step in _steps(len(line), outcome.best_round):
            at = began + (ended - began) * (step + 1) // len(line)
            points.append((name, line[step], at, step))
    return [Metric(*point) for point in points if math.isfinite(point[1])]


def _steps(length: int, best: int | None) -> list[int]:
    """All steps of a line; of a very long one evenly spread ones, its best and its last."""
    if length <= _CURVE_POINTS:
        return list(range(length))
    spread = {int(step) for step in np.linspace(0, length - 1, _CURVE_POINTS)}
    return sorted(spread | ({best} if best is not None and best < length else set()))
