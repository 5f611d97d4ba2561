"""Searches by the real command: what they leave in MLflow, and what they refuse to touch."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest
from click.testing import Result
from mlflow.entities import Run

from podium.artifact import parity
from projects.jobs import record, search_record
from projects.jobs.local_engine import _Listener
from projects.tuning.crew import Crew
from projects.tuning.trials import Asked
from tests.jobs.evaluated import Store, declare, parcels, podium, store_at

QUICK = {"n_estimators": 12, "n_jobs": 1}


def parcel_days(count: int = 600) -> pd.DataFrame:
    """Rows of `parcels`, six a day."""
    frame = parcels(count)
    hours = pd.to_timedelta(range(0, 4 * count, 4), unit="h")
    return frame.assign(sent=pd.Timestamp("2026-01-01") + hours)


@dataclass(frozen=True)
class Tuned(Store):
    """A tracking store and a small project, to be tuned."""

    def declare(self, frame: pd.DataFrame | None = None, **changes: Any) -> None:
        """Say other things in project.yaml; with `frame`, have other rows."""
        declare(self.project, **{"name": self.name, "params": QUICK, "gate": {}, **changes})
        if frame is not None:
            frame.to_csv(self.project / "parcels.csv", index=False)

    def say(self, *arguments: object, figures: bool = False) -> Result:
        """`podium tune` of the project, quick where figures are not what the test is about."""
        with quick(figures=figures):
            return podium("tune", "--project", self.project, *arguments)

    def tune(self, *arguments: object, figures: bool = False) -> dict[str, Any]:
        """The document of a search that ends well."""
        result = self.say(*arguments, "--json", figures=figures)
        assert result.exit_code == 0, result.output
        return dict(json.loads(result.stdout, parse_constant=pytest.fail))

    def refused_tune(self, *arguments: object, code: int = 2) -> str:
        """Why `podium tune` is refused, which changes nothing."""
        before = self.everything()
        result = self.say(*arguments)
        assert result.exit_code == code, result.output
        assert result.stderr.count("Error: ") == 1
        assert self.everything() == before
        return " ".join(result.stderr.partition("Error: ")[2].split())

    def interrupted(self, at: int, *arguments: object) -> str:
        """The run of a search that was interrupted as trial `at` had begun."""
        with at_trial(at, interrupt):
            result = self.say(*arguments)
        assert result.exit_code == 130, result.output
        return self.searches()[0].info.run_id

    def searches(self) -> list[Run]:
        """The runs of searches, the latest first."""
        wanted = "tags.`podium.job` = 'tune'"
        found: list[Run] = mlflow.search_runs(
            search_all_experiments=True, filter_string=wanted, output_format="list"
        )
        return found

    def trials(self, run_id: str) -> list[Run]:
        """The nested runs of a search, by their numbers."""
        wanted = f"tags.`mlflow.parentRunId` = '{run_id}'"
        found: list[Run] = mlflow.search_runs(
            search_all_experiments=True, filter_string=wanted, output_format="list"
        )
        return sorted(found, key=lambda run: int(run.data.tags["podium.trial"]))

    def ended(self, run_id: str) -> list[dict[str, Any]]:
        """What `tuning/trials.json` says of each trial."""
        return list(json.loads(self.artifact(run_id, "tuning/trials.json")))

    def everything(self) -> tuple[list[str], list[str]]:
        """All that the database says, and the names of all files beside it."""
        with closing(sqlite3.connect(self.folder / "mlflow.db")) as database:
            said = list(database.iterdump())
        ours = ("mlflow.db", "mlflow.db-journal")
        return said, sorted(str(p) for p in self.folder.rglob("*") if p.name not in ours)


@contextmanager
def tuned_at(folder: Path, template: Path, name: str = "parcels") -> Iterator[Tuned]:
    """A store in `folder`, with the project `parcels` of 600 rows in it."""
    shutil.copy(template, folder / "mlflow.db")
    with store_at(folder) as patch:
        tuned = Tuned(folder, folder / name, patch, name)
        tuned.declare(parcels(600))
        yield tuned


@contextmanager
def quick(*, figures: bool = False) -> Iterator[None]:
    """Searches without figures, which take most of the time, and with shorter proofs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parity, "BULK_ROWS", 100)
        if not figures:
            patch.setattr(record, "drawings", lambda _: ())
            patch.setattr(search_record, "search_drawings", lambda *_: ())
            patch.setattr(search_record, "page_of", lambda *_: "<p>No figures.</p>")
        yield


def interrupt() -> None:
    """As Ctrl-C does."""
    signal.raise_signal(signal.SIGINT)


@contextmanager
def at_trial(number: int, do: Callable[[], None]) -> Iterator[None]:
    """Call `do` as trial `number` has begun."""
    started = _Listener.started

    def then(listener: _Listener, asked: Asked) -> None:
        started(listener, asked)
        if asked.number == number:
            do()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_Listener, "started", then)
        yield


@contextmanager
def killed_at_trial(number: int) -> Iterator[None]:
    """Kill the worker that runs trial `number` as soon as it was given it."""
    send = Crew.send

    def then(crew: Crew, worker: int, asked: Asked) -> None:
        send(crew, worker, asked)
        if asked.number == number:
            os.kill(crew.processes[worker], signal.SIGKILL)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Crew, "send", then)
        yield


def outcomes(documents: list[dict[str, Any]]) -> list[Any]:
    """What makes trials the same: their parameters, and what came of them."""
    return [(t["estimator"], t["params"], t["state"], t["value"], t["folds"]) for t in documents]
