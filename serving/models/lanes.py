"""Threads that run a model's calls, a few at a time, so that the event loop is never held up."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any


@dataclass(frozen=True, eq=False)
class _Call:
    """What to run, and what to do with its result in the event loop; None where it broke."""

    run: Callable[[], Any]
    done: Callable[[Any], None]
    loop: asyncio.AbstractEventLoop
    started_seconds: float


class Lanes:
    """At most `count` calls at once. Asked from the thread of the event loop only.

    The threads are daemons: a model that hangs does not keep its process from ending.
    """

    def __init__(self, count: int, name: str = "model") -> None:
        self._count = count
        self._name = name
        self._running: dict[int, _Call] = {}
        self._queue: SimpleQueue[_Call | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []

    @property
    def free(self) -> bool:
        """Whether a further call would start at once."""
        return len(self._running) < self._count

    def busy_longer_than(self, seconds: float) -> bool:
        """Whether every lane has been with one call for longer than that."""
        before = time.monotonic() - seconds
        return not self.free and all(
            call.started_seconds < before for call in list(self._running.values())
        )

    def run(self, run: Callable[[], Any], done: Callable[[Any], None]) -> None:
        """Run it in a free lane, and hand its result to `done` in this event loop."""
        call = _Call(run, done, asyncio.get_running_loop(), time.monotonic())
        self._running[id(call)] = call
        if len(self._threads) < len(self._running):
            self._add_thread()
        self._queue.put(call)

    def close(self) -> None:
        """End the threads, each after the call it is with."""
        for _ in self._threads:
            self._queue.put(None)
        self._threads.clear()

    def _add_thread(self) -> None:
        name = f"{self._name}-{len(self._threads)}"
        thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self) -> None:
        while (call := self._queue.get()) is not None:
            result = _result(call.run)
            try:
                call.loop.call_soon_threadsafe(self._finish, call, result)
            except RuntimeError:  # that event loop has ended, and whoever waited with it
                self._running.pop(id(call), None)

    def _finish(self, call: _Call, result: Any) -> None:
        self._running.pop(id(call), None)
        call.done(result)


def _result(run: Callable[[], Any]) -> Any:
    try:
        return run()
    except BaseException:  # noqa: BLE001 - a model may call sys.exit; the lane goes on
        return None
