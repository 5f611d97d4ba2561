"""Runs the trials of a search in processes of this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from optuna.trial import FrozenTrial

from podium.errors import NotFound
from podium.progress import Progress
from podium.where import without_password
from projects.jobs import tracking
from projects.jobs.found import Found
from projects.jobs.recorder import Recorder
from projects.jobs.run import OpenRun
from projects.jobs.scratch import scratch_folder
from projects.jobs.search_settings import Plan, TuneRequest
from projects.jobs.search_words import progress_line
from projects.jobs.trial_runs import TrialRuns
from projects.training.deciding import deciding_metric
from projects.tuning.claims import Claim
from projects.tuning.crew import Crew
from projects.tuning.planned import Planned
from projects.tuning.prepared import Prepared
from projects.tuning.samplers import pruner_of, sampler_of, stopper_of
from projects.tuning.search import Search, is_broken_off
from projects.tuning.space import Space
from projects.tuning.storage import (
    Direction,
    Store,
    absolute,
    check_url,
    is_database,
    place_for,
)
from projects.tuning.stored import ended_of
from projects.tuning.study import new_study
from projects.tuning.trials import Asked, Ended, Tally

WARM_UP_ROUNDS = 30  # before which the median stops nothing: slow learners begin below it
_HIDDEN = "***"  # what `without_password` leaves of one
_IMPORTS = ("projects.tuning.objective", "xgboost", "sklearn.ensemble", "sklearn.linear_model")


class LocalEngine:
    """A crew of worker processes, from the beginning on; and the study, once `open` was called."""

    def __init__(self, plan: Plan, request: TuneRequest, space: Space, progress: Progress) -> None:
        """Raises UsageError for a sampler, pruner or storage that does not suit the search."""
        self._plan, self._request, self._space = plan, request, space
        self._progress = progress
        self._metric = deciding_metric(plan.project)
        self._store: Store | None = None
        self._claim: Claim | None = None
        self._make_sampler(before=0)  # refuses before anything is read
        if request.storage is not None:
            check_url(request.storage)
        self._pruner = pruner_of(
            plan.settings.pruner,
            folds=plan.settings.folds or 1,
            warmup=0 if plan.settings.folds else WARM_UP_ROUNDS,
        )
        threads = max(1, _cores() // request.workers)
        self._crew = Crew(request.workers, threads, imports=_IMPORTS)
        if request.workers > _cores():
            progress.say(f"  note: {request.workers} workers share {_cores()} cores")

    def __enter__(self) -> LocalEngine:
        self._crew.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._crew.__exit__(*error)
        if self._store is not None:
            self._store.close()

    def open(self, run_id: str) -> str:
        """Open the study of the search `run_id`; returns where it is kept, without a password.

        Raises NotFound where a search that is to be resumed is not there, Conflict where another
        process leads it, Unreachable.
        """
        name, places = f"podium-{run_id}", self._places(run_id)
        url = next(places) if self._plan.resumed is None else _where(name, run_id, places)
        direction: Direction = "maximize" if self._metric.higher_is_better else "minimize"
        attrs: dict[str, Any] = {"podium.project": self._plan.project.name}
        self._store = Store.open(url, name, direction=direction, attrs=attrs)
        heard = {} if self._plan.resumed is None else self._plan.resumed.tags
        self._claim = self._store.claim(heard)
        return without_password(url)

    def check_lead(self) -> None:
        """Raises Conflict where another process has taken the search over, Unreachable."""
        if self._claim is not None:
            self._claim.check()

    def search(self, run: OpenRun, prepared: Prepared, planned: Sequence[Planned]) -> Found:
        """Run trials on `prepared` until there are enough; what was found.

        Raises PodiumError where no trial came to a value, Unreachable.
        """
        if self._store is None:
            raise RuntimeError("open comes before search")
        settings, before = self._plan.settings, self._store.trials()
        runs = TrialRuns(run.run_id, run.experiment_id, self._plan.project.name, self._metric.name)
        kept = [ended_of(trial) for trial in before]
        runs.close_abandoned({each.asked.number: each.outcome for each in kept})
        runs.restore(kept)
        direction: Direction = "maximize" if self._metric.higher_is_better else "minimize"
        study = new_study(direction, self._make_sampler(len(before)), self._pruner, before)
        folds = settings.folds or 1
        timeout = self._request.timeout
        search = Search(
            study,
            self._space,
            self._plan.trials,
            folds=folds,
            timeout_seconds=None if timeout is None else timeout.total_seconds(),
            stopper=stopper_of(folds=folds) if settings.stop else None,
            planned=planned,
            first_number=runs.next_number(),
        )
        with scratch_folder() as scratch:
            prepared.save(scratch)
            self._crew.load(scratch)
            with Recorder(runs, self._store, waiting=2 * self._request.workers) as recorder:
                listener = _Listener(recorder, self._progress, self._metric.name)
                ended_by = search.run(self._crew, listener)
        if search.best is None:
            raise RuntimeError("a search that ends well has a best trial")
        return Found(tuple(search.ended), search.best, self._metric, ended_by, study)

    def _places(self, run_id: str) -> Iterator[str]:
        """Where the trials may be kept, the likeliest place first; of a new search, the only one.

        A search that was begun with --storage is found without it, unless that had a password,
        which is not kept. MLflow's own database may have moved since.
        """
        if self._request.storage is not None:
            yield absolute(self._request.storage)
            return
        tracked, stored = tracking.tracking_uri(), self._plan.settings.storage
        if is_database(tracked):
            yield tracked
        if stored and _HIDDEN not in stored:
            yield stored
        if not is_database(tracked):
            yield place_for(tracked, run_id, Path.cwd())

    def _make_sampler(self, before: int) -> Any:
        settings = self._plan.settings
        return sampler_of(
            settings.sampler,
            settings.seed,
            several=self._space.several,
            workers=self._request.workers,
            before=before,
        )


def _where(name: str, run_id: str, places: Iterator[str]) -> str:
    """The one of `places` that has the study `name`. Raises NotFound, Unreachable."""
    looked = []
    for url in places:
        if Store.exists(url, name):
            return url
        looked.append(without_password(url))
    raise NotFound(
        f"The trials of the search {run_id} are not in {' or '.join(dict.fromkeys(looked))}.",
        remedy="Go on where it was begun, or name its database with --storage, its password too.",
    )


def _cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Listener:
    """Hears of the search: has it written down, and shows how far it is."""

    def __init__(self, recorder: Recorder, progress: Progress, metric: str) -> None:
        self._recorder, self._progress, self._metric = recorder, progress, metric

    def started(self, asked: Asked) -> None:
        self._recorder.started(asked)

    def ended(self, ended: Ended, frozen: FrozenTrial) -> None:
        if not is_broken_off(ended.outcome):  # else it is lost, and its run ends with the recorder
            self._recorder.ended(ended, frozen)

    def progress(self, tally: Tally) -> None:
        self._progress.status(progress_line(tally, self._metric))
