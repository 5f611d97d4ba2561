"""A search for the best parameters: asks Optuna, has a crew run the trials, tells Optuna."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from optuna import Study, Trial
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from podium.errors import PodiumError
from podium.interrupts import Held, interrupts_held
from projects.tuning.crew import Crew, Event, Finished, Reported
from projects.tuning.planned import PLANNED, Planned, Space, enqueue
from projects.tuning.samplers import Stopper, judges_folds_together
from projects.tuning.standing import Standing
from projects.tuning.stored import (
    attributes_of_asked,
    attributes_of_outcome,
    ended_of,
)
from projects.tuning.trials import Asked, Ended, Outcome, Tally

Stop = Literal["trials", "timeout", "stopper"]
INTERRUPTED = "interrupted"
_SEARCH_ENDED = "the search ended: "
_LOOK_SECONDS = 1.0
_TOLD = {"complete": TrialState.COMPLETE, "pruned": TrialState.PRUNED, "failed": TrialState.FAIL}


class Listener(Protocol):
    """Hears of a search while it goes on, in its thread: it should take down and return."""

    def started(self, asked: Asked) -> None:
        """A trial was given to a worker."""

    def ended(self, ended: Ended, frozen: FrozenTrial) -> None:
        """A trial is over; `frozen` is what `Store.add` keeps of it."""

    def progress(self, tally: Tally) -> None:
        """Trials have started or ended."""


@dataclass
class _Running:
    trial: Trial
    asked: Asked
    began: float
    values: list[float] = field(default_factory=list)


@dataclass
class Search:
    """One search in a study of `new_study`.

    `trials`: how many there are to be in all, those from before a resume among them. `folds`: 1
    without cross-validation. `timeout_seconds`: after so long no trial starts. `planned`: whose
    parameters are tried first. `first_number`: no new trial gets a number below it.
    """

    study: Study
    space: Space
    trials: int
    folds: int = 1
    timeout_seconds: float | None = None
    stopper: Stopper | None = None
    planned: Sequence[Planned] = ()
    first_number: int = 0
    clock: Callable[[], float] = time.monotonic
    _standing: Standing = field(init=False)
    _running: dict[int, _Running] = field(default_factory=dict, init=False)
    _unheard: deque[tuple[Ended, FrozenTrial]] = field(default_factory=deque, init=False)
    _queue: deque[Planned] = field(default_factory=deque, init=False)
    _stop: Stop | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        before = tuple(ended_of(trial) for trial in self.study.get_trials(deepcopy=False))
        minimize = self.study.direction is StudyDirection.MINIMIZE
        self._standing = Standing(self.trials, minimize, before)
        self._next = max([self.first_number, *(each.asked.number + 1 for each in before)])
        self._began = self.clock()

    @property
    def ended(self) -> list[Ended]:
        """All trials that are over, by their numbers, with those from before a resume."""
        return self._standing.ended

    @property
    def best(self) -> Ended | None:
        """The complete trial of the best value; of equal ones the first."""
        return self._standing.best

    @property
    def tally(self) -> Tally:
        """How far it is."""
        return self._standing.tally(len(self._running), self._seconds(), self.timeout_seconds)

    def run(self, crew: Crew, listener: Listener) -> Stop:
        """Run trials until there are enough, time is up, or the stopper says so; returns which.

        Whatever ends it sooner, a KeyboardInterrupt too, ends the crew; trials that were running
        are then failed, as INTERRUPTED or for the error's reason, and the listener hears of them.
        Raises PodiumError where the first ten trials fail, or none is complete at the end.
        """
        self._queue = enqueue(self.study, self.space, self.planned)
        self._began = self.clock()
        with interrupts_held() as held:
            try:
                stop = self._loop(crew, listener, held)
            except BaseException as error:
                crew.close()
                self._break_off(error, listener)
                raise
        if self.best is None:
            raise self._standing.problem()
        return stop

    def _loop(self, crew: Crew, listener: Listener, held: Held) -> Stop:
        self._send_more(crew, listener)
        while self._running or self._stop is None:
            with held.let_through():
                events = crew.wait(_LOOK_SECONDS)
            for event in events:
                self._take(event, crew)
            hopeless = self._standing.is_hopeless
            if not hopeless:  # workers do not wait until the listener has heard
                self._send_more(crew, listener)
            self._hand_over(listener)
            if hopeless:
                raise self._standing.problem()
        return self._stop

    def _send_more(self, crew: Crew, listener: Listener) -> None:
        if not self._running:
            self._may_start()  # so that it ends in time though no worker is ready
        for worker in crew.idle:
            if not self._may_start():
                return
            running = self._running[worker] = self._ask()
            crew.send(worker, running.asked)
            listener.started(running.asked)
            listener.progress(self.tally)

    def _may_start(self) -> bool:
        if self._stop is None:
            ended = len(self._standing.before) + len(self._standing.new)
            if ended + len(self._running) >= self.trials:
                self._stop = "trials"
            elif self.timeout_seconds is not None and self._seconds() >= self.timeout_seconds:
                self._stop = "timeout"
        return self._stop is None

    def _ask(self) -> _Running:
        trial = self.study.ask()
        estimator, params = self.space.suggest(trial)
        asked = Asked(self._next, estimator, params)
        if PLANNED in trial.user_attrs:
            plan = self._queue.popleft()
            params = plan.all_params(params, self.space)
            asked = replace(asked, params=params, origin=plan.origin)
        self._next += 1
        for name, value in attributes_of_asked(asked).items():
            trial.set_user_attr(name, value)
        return _Running(trial, asked, self.clock())

    def _take(self, event: Event, crew: Crew) -> None:
        running = self._running[event.worker]
        if isinstance(event, Reported):
            crew.answer(event.worker, self._should_prune(running, event))
            return
        del self._running[event.worker]
        if isinstance(event, Finished):
            self._tell(running, _checked(event.outcome))
        else:
            self._tell_failed(running, event.reason)

    def _should_prune(self, running: _Running, event: Reported) -> bool:
        if not math.isfinite(event.value):
            return False  # such a trial fails by itself
        running.values.append(event.value)
        value = event.value
        if self.folds > 1 and not judges_folds_together(self.study.pruner):
            value = sum(running.values) / len(running.values)
        running.trial.report(value, event.step)
        return running.trial.should_prune()

    def _tell_failed(self, running: _Running, reason: str) -> None:
        seconds = self.clock() - running.began
        self._tell(running, Outcome("failed", seconds=seconds, reason=reason))

    def _tell(self, running: _Running, outcome: Outcome) -> None:
        for name, said in attributes_of_outcome(outcome).items():
            running.trial.set_user_attr(name, said)
        stopper = self.stopper if outcome.state == "complete" else None
        if stopper is not None:
            stopper.note(running.trial, outcome.folds)
        frozen = self.study.tell(running.trial, outcome.value, _TOLD[outcome.state])
        ended = Ended(running.asked, outcome)
        self._standing.new.append(ended)
        self._unheard.append((ended, frozen))
        if stopper is not None and stopper.should_stop(self.study):
            self._stop = self._stop or "stopper"

    def _hand_over(self, listener: Listener) -> None:
        heard = bool(self._unheard)
        while self._unheard:
            listener.ended(*self._unheard.popleft())
        if heard:
            listener.progress(self.tally)

    def _break_off(self, error: BaseException, listener: Listener) -> None:
        interrupted = isinstance(error, KeyboardInterrupt)
        reason = INTERRUPTED if interrupted else f"{_SEARCH_ENDED}{error}".splitlines()[0]
        while self._running:
            self._tell_failed(self._running.popitem()[1], reason)
        while self._unheard:
            with suppress(PodiumError):  # `error` is what is raised, and may be the listener's own
                listener.ended(*self._unheard.popleft())

    def _seconds(self) -> float:
        return self.clock() - self._began


def is_broken_off(outcome: Outcome) -> bool:
    """Whether it was the end of the search that failed the trial, and nothing of its own."""
    reason = outcome.reason
    return outcome.state == "failed" and (reason == INTERRUPTED or reason.startswith(_SEARCH_ENDED))


def _checked(outcome: Outcome) -> Outcome:
    """`outcome`, or that of a failed trial where it claims to be complete, and has no value."""
    if outcome.state != "complete":
        return replace(outcome, value=None)
    if outcome.value is not None and math.isfinite(outcome.value):
        return outcome
    reason = f"its value is {outcome.value}, not a number that others can be compared with"
    return replace(outcome, state="failed", value=None, reason=reason)
