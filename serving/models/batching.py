"""Adaptive micro-batching: while the model is busy requests gather, and share its next call.

There is no window to wait for company: a request that finds the model idle is asked at once, with
those that are there already.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from serving.models.lanes import Lanes
from serving.models.merging import MAX_ROWS, Key, Part
from serving.models.model import Answer, Asked
from serving.models.replies import problem

# How often the event loop looks for requests that are there already, before a call is started.
_PASSES = 4
# After so long a merged call counts as slow, and those who gathered get a lane of their own.
PATIENCE_SECONDS = 0.02

_BROKEN = problem(500, "INTERNAL_ERROR", "The model broke off while it answered.")


@dataclass(frozen=True, eq=False)
class _Waiting:
    """One request and its caller. part: what of it may be merged."""

    asked: Asked
    part: Part | None
    future: asyncio.Future[Answer]


@dataclass(eq=False)
class _Job:
    """Requests that one call of the model answers; without a key, a single one."""

    key: Key | None
    waiting: list[_Waiting] = field(default_factory=list)
    rows: int = 0

    def add(self, waiting: _Waiting) -> None:
        self.waiting.append(waiting)
        self.rows += len(waiting.part.rows) if waiting.part else 0

    def remove(self, waiting: _Waiting) -> None:
        self.waiting.remove(waiting)
        self.rows -= len(waiting.part.rows) if waiting.part else 0


@dataclass(frozen=True)
class Calls:
    """How the model is asked, in a lane.

    alone: one request. together: requests with one key; None where their answers cannot be told
    apart. It may raise, and then nobody knows yet whose request was wrong.
    """

    alone: Callable[[Asked], Answer]
    together: Callable[[Sequence[Part]], list[Answer] | None]

    def answers(self, waiting: Sequence[_Waiting]) -> list[Answer]:
        """An answer for each; where the merged call fails, halves, and single ones in the end."""
        if len(waiting) == 1:
            return [self.alone(waiting[0].asked)]
        try:
            answers = self.together([one.part for one in waiting if one.part is not None])
        except (Exception, SystemExit):  # noqa: BLE001 - it is asked again, for fewer at a time
            middle = len(waiting) // 2
            return self.answers(waiting[:middle]) + self.answers(waiting[middle:])
        return answers or [self.alone(one.asked) for one in waiting]


class Batching:
    """Lets requests share calls. For the thread of the event loop only.

    Requests are started in the order in which they came, each merged call for all that have its
    key by then. One merged call runs at a time, unless it takes long: then the next may start
    beside it, so that a call that hangs holds up only its own.
    """

    def __init__(self, calls: Calls, lanes: Lanes) -> None:
        self._calls = calls
        self._lanes = lanes
        self._jobs: deque[_Job] = deque()
        self._gathering: dict[Key, _Job] = {}
        self._merged_running = 0
        self._merged_started_seconds = 0.0
        self._looking: asyncio.AbstractEventLoop | None = None

    async def answer(self, asked: Asked, part: Part | None) -> Answer:
        """The model's answer; part: what of `asked` may be merged."""
        waiting = _Waiting(asked, part, asyncio.get_running_loop().create_future())
        job = self._enqueue(waiting)
        self._start_soon()
        try:
            return await waiting.future
        except asyncio.CancelledError:
            self._give_up(waiting, job)
            raise

    def _give_up(self, waiting: _Waiting, job: _Job) -> None:
        """Forget a request whose caller left, and with the last one the call that it waited for."""
        if job not in self._jobs:
            return  # it runs
        job.remove(waiting)
        if not job.waiting:
            self._jobs.remove(job)
            if job.key is not None and self._gathering.get(job.key) is job:
                del self._gathering[job.key]

    def _enqueue(self, waiting: _Waiting) -> _Job:
        key = None if waiting.part is None else waiting.part.key
        job = None if key is None else self._gathering.get(key)
        if job is None or job.rows >= MAX_ROWS:
            job = _Job(key)
            self._jobs.append(job)
            if key is not None:
                self._gathering[key] = job
                asyncio.get_running_loop().call_later(PATIENCE_SECONDS, self._look_again, job)
        job.add(waiting)
        return job

    def _look_again(self, job: _Job) -> None:
        """See to it that `job` is started even if the call before it never ends."""
        if job in self._jobs:
            self._start()
        if job in self._jobs:
            asyncio.get_running_loop().call_later(PATIENCE_SECONDS, self._look_again, job)

    def _start_soon(self) -> None:
        """Start what waits once the event loop has seen to all that is there.

        That waits for nobody, and costs no time: the loop and the model's Python take turns. But
        callers who were answered together, and ask again at once, stay together.
        """
        loop = asyncio.get_running_loop()
        if self._looking is not loop:
            self._looking = loop
            loop.call_soon(self._look, _PASSES)

    def _look(self, passes: int) -> None:
        if passes > 1:
            asyncio.get_running_loop().call_soon(self._look, passes - 1)
        else:
            self._looking = None
            self._start()

    def _start(self) -> None:
        while self._lanes.free and (job := self._next()) is not None:
            self._jobs.remove(job)
            if job.key is not None and self._gathering.get(job.key) is job:
                del self._gathering[job.key]
            self._run(job)

    def _next(self) -> _Job | None:
        quick = (
            self._merged_running > 0
            and time.monotonic() - self._merged_started_seconds < PATIENCE_SECONDS
        )
        return next((job for job in self._jobs if job.key is None or not quick), None)

    def _run(self, job: _Job) -> None:
        waiting = [one for one in job.waiting if not one.future.done()]  # the others' callers left
        if not waiting:
            return
        if job.key is not None:
            self._merged_running += 1
            self._merged_started_seconds = time.monotonic()
        done = partial(self._done, waiting, job.key is not None)
        self._lanes.run(partial(self._calls.answers, waiting), done)

    def _done(
        self, waiting: Sequence[_Waiting], merged: bool, answers: Sequence[Answer] | None
    ) -> None:
        self._merged_running -= merged
        for one, answer in zip(waiting, answers or [_BROKEN] * len(waiting), strict=True):
            if not one.future.done():
                one.future.set_result(answer)
        self._start_soon()
