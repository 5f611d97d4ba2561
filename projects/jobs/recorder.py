"""Writes the trials of a search down while it goes on: kept at once, shown by a thread."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

from projects.tuning.trials import Asked, Ended

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

    from projects.jobs.trial_runs import TrialRuns

_NO_LINKS = "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"


class Store(Protocol):
    """Where ended trials are kept, so that a search can go on with them."""

    def add(self, trial: FrozenTrial) -> None:
        """Keep an ended trial."""


@dataclass(frozen=True)
class _Started:
    asked: Asked
    at: float


@dataclass(frozen=True)
class _Ended:
    ended: Ended
    at: float


class Recorder:
    """Keeps each ended trial in the store before `ended` returns, so that nothing loses it; a
    thread writes it to MLflow, in the order of the calls.

    Where writing to one of the two fails, no more is written to it, but all is to the other; the
    error is raised by that call or every later one. `close`, which leaving the block calls, waits
    until all is written.
    """

    def __init__(self, runs: TrialRuns, store: Store, *, waiting: int = 256) -> None:
        """waiting: how many events may wait to be written before `started` and `ended` wait."""
        self._runs, self._store = runs, store
        self._events: queue.Queue[_Started | _Ended | None] = queue.Queue(waiting)
        self._open: dict[int, str] = {}
        self._error: Exception | None = None
        self._broken: set[str] = set()
        self._closed = False
        self._links = os.environ.get(_NO_LINKS)
        os.environ[_NO_LINKS] = "true"  # else a link is printed for each trial, after a request
        self._thread = threading.Thread(target=self._work, name="podium-recorder", daemon=True)
        self._thread.start()

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.close()
        except Exception:
            if error is None:  # else what ended the search is what is told
                raise

    def started(self, asked: Asked) -> None:
        """Take down that a trial begins now."""
        self._put(_Started(asked, time.time()))

    def ended(self, ended: Ended, frozen: FrozenTrial) -> None:
        """Take down what came of a trial that ends now; `frozen` is what the store keeps."""
        self._try("store", partial(self._store.add, frozen))
        self._put(_Ended(ended, time.time()))

    def close(self, reason: str = "the search was stopped") -> None:
        """Wait until all is written; the runs of trials that did not end are ended for `reason`.

        May be called again. Raises what writing raised.
        """
        if not self._closed:
            self._closed = True
            self._events.put(None)
            self._thread.join()
            for run_id in self._open.values():
                self._try("mlflow", partial(self._runs.close, run_id, reason))
            self._show_links()
        self._raise()

    def _show_links(self) -> None:
        del os.environ[_NO_LINKS]
        if self._links is not None:
            os.environ[_NO_LINKS] = self._links

    def _put(self, event: _Started | _Ended) -> None:
        self._events.put(event)
        self._raise()

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        while (event := self._events.get()) is not None:
            if isinstance(event, _Started):
                self._try("mlflow", partial(self._start, event.asked, event.at))
            else:
                self._try("mlflow", partial(self._end, event))

    def _try(self, place: str, write: Callable[[], None]) -> None:
        """Write, unless writing to that place has failed before; keep the first error."""
        if place in self._broken:
            return
        try:
            write()
        except Exception as error:  # noqa: BLE001 - raised in the thread of the search
            self._broken.add(place)
            self._error = self._error or error

    def _start(self, asked: Asked, at: float) -> None:
        self._open[asked.number] = self._runs.start(asked, at=at)

    def _end(self, event: _Ended) -> None:
        asked, outcome = event.ended.asked, event.ended.outcome
        if asked.number not in self._open:
            self._start(asked, event.at - outcome.seconds)
        self._runs.end(self._open.pop(asked.number), outcome, at=event.at)
