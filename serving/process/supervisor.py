"""The supervisor: keeps the workers running, and lets them serve what the ledger says."""

from __future__ import annotations

import queue
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from socket import socket
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from podium.errors import PodiumError
from serving.assignment import Assigned
from serving.errors import NotServable
from serving.following.news import Contact, Decided, News, Rejected, Unread
from serving.process import lines
from serving.process.config import WorkerConfig
from serving.process.crew import Ended, Hand, Said, start_hand
from serving.process.deaths import Deaths
from serving.process.messages import Order
from serving.process.saying import Saying
from serving.process.standing import Damaged, NotTaken, Standing
from serving.process.threads import cores, thread_limits

if TYPE_CHECKING:
    from serving.following.following import Following

_METRICS = "PROMETHEUS_MULTIPROC_DIR"
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_TICK_SECONDS, _AGAIN_SECONDS = 0.5, 60.0
_SILENT_SECONDS, _SILENT_AT_START_SECONDS = 30.0, 120.0
_AFTER_GRACE_SECONDS = 3.0


@dataclass(frozen=True)
class _Signal:
    number: int


Message = News | Said | Ended | _Signal


@dataclass(frozen=True)
class Plan:
    """What the supervisor works with: bound socket, number of workers, and what each is told."""

    bound: socket
    url: str
    workers: int
    config: WorkerConfig
    environment: Mapping[str, str]


class Supervisor:
    """Runs a server from its first worker to its last."""

    def __init__(
        self,
        plan: Plan,
        saying: Saying,
        inbox: queue.SimpleQueue[Message],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._plan = plan
        self._saying = saying
        self._inbox = inbox
        self._following: Following | None = None
        self._now = now
        self._standing = Standing(plan.config.names)
        self._since: dict[str, str | None] = {}
        self._hands: dict[int, Hand] = {}
        self._deaths = {place: Deaths() for place in range(1, plan.workers + 1)}
        self._start_at: dict[int, float] = {}
        self._again_at: float | None = None
        self._all_ready = False
        self._reachable = True
        self._unread: set[str] = set()
        self._stop_by: float | None = None
        self._failure: PodiumError | None = None
        self._metrics = ""

    @contextmanager
    def workers(self) -> Iterator[None]:
        """Start the workers, which wait for what `run` gives them; none is left after the block."""
        with TemporaryDirectory(prefix="podium-metrics-") as self._metrics:
            try:
                for place in self._deaths:
                    self._start(place)
                yield
            finally:
                for hand in self._hands.values():
                    hand.kill()
                    hand.process.wait()

    def run(self, first: Mapping[str, Assigned | None], following: Following | None) -> None:
        """Serve `first`, and then what `following` finds, until a signal comes.

        Raises NotServable where a version of `first` cannot be loaded, and PodiumError where a
        worker keeps dying.
        """
        self._following = following
        for name, assigned in first.items():
            self._standing.want(name, assigned)
        for hand in self._hands.values():
            hand.started = self._now()  # what they said so far was not listened to
        with self._signals():
            while self._stop_by is None or self._hands:
                self._tick()
                self._take_next()
        if self._failure is not None:
            raise self._failure

    def _take_next(self) -> None:
        try:
            message = self._inbox.get(timeout=_TICK_SECONDS if not self._start_at else 0.05)
        except queue.Empty:
            return
        if isinstance(message, Said):
            self._heard(message)
        elif isinstance(message, Ended):
            self._ended(message)
        elif isinstance(message, _Signal):
            self._signalled(message.number)
        elif self._stop_by is None:
            self._learned(message)

    def _learned(self, news: News) -> None:
        """News of the followers."""
        if isinstance(news, Decided):
            self._since[news.model] = news.at
            if self._standing.want(news.model, news.assigned):
                self._tell_all(self._standing.order())
        elif isinstance(news, Rejected):
            reason = f"version {news.version}: {news.error.what}"
            self._standing.reject(news.model, reason)
            self._tell_all(self._standing.order())
            lines.rejected(self._saying, news, self._standing.good.get(news.model))
        elif isinstance(news, Contact):
            self._reachable = news.reachable
            self._tell_all(Order(reachable=news.reachable))
            lines.contact(self._saying, news)
        elif isinstance(news, Unread):
            if self._reachable:  # else that was said for all models together
                self._unread.add(news.model)
                lines.unread(self._saying, news)
        elif news.model in self._unread:
            self._unread.discard(news.model)
            lines.again(self._saying, news)

    def _heard(self, said: Said) -> None:
        hand, report = said.hand, said.report
        pid = hand.process.pid
        if pid not in self._hands:
            return
        if hand.heard is None:
            hand.tell(self._standing.order(reachable=self._reachable))
        hand.heard = self._now()
        hand.ready = hand.ready or report.ready
        change = self._standing.heard(pid, report, tuple(self._hands))
        if isinstance(change, NotTaken):
            self._not_taken(change)
        elif isinstance(change, Damaged):
            lines.damaged(self._saying, hand.place, change)
            self._again_at = self._now() + _AGAIN_SECONDS
            if self._following is not None:
                self._following.renew(change.wanted.model)
        elif change is not None:
            if self._all_ready:
                lines.changed(self._saying, change, self._plan.workers, self._since)
            self._remember()
        self._say_ready()

    def _not_taken(self, change: NotTaken) -> None:
        self._again_at = self._now() + _AGAIN_SECONDS
        if not self._all_ready and change.good is None:
            self._stop(NotServable(change.reason))
        else:
            lines.not_taken(self._saying, change)

    def _say_ready(self) -> None:
        ready = [hand for hand in self._hands.values() if hand.ready]
        if not self._all_ready and len(ready) == self._plan.workers and self._stop_by is None:
            self._all_ready = True
            self._remember()
            lines.ready(self._saying, self._plan.url, self._plan.workers, self._standing.good)

    def _remember(self) -> None:
        if self._following is not None:
            self._following.remember(self._standing.good)

    def _ended(self, ended: Ended) -> None:
        hand, now = ended.hand, self._now()
        self._hands.pop(hand.process.pid, None)
        self._standing.forget(hand.process.pid)
        self._forget_metrics(hand.process.pid)
        if self._stop_by is not None:
            return
        pause = self._deaths[hand.place].note(now)
        if pause is None:
            self._stop(lines.died_too_often(hand.place, ended.how))
            return
        lines.died(self._saying, hand.place, ended.how)
        self._start_at[hand.place] = now + pause

    def _signalled(self, number: int) -> None:
        if self._stop_by is not None:
            lines.killed(self._saying)
            for hand in self._hands.values():
                hand.kill()
            return
        lines.stopping(self._saying, signal.Signals(number).name, self._plan.config.grace_seconds)
        self._stop(None)

    def _stop(self, failure: PodiumError | None) -> None:
        if self._stop_by is not None:
            return
        self._failure = failure
        self._stop_by = self._now() + self._plan.config.grace_seconds + _AFTER_GRACE_SECONDS
        self._plan.bound.close()
        if self._following is not None:
            self._following.stop()
        self._start_at.clear()
        self._tell_all(Order(stop=True))

    def _tick(self) -> None:
        now = self._now()
        for place in [place for place, at in self._start_at.items() if at <= now]:
            del self._start_at[place]
            self._start(place)
        for hand in self._hands.values():
            self._end_if_silent(hand, now)
        if self._again_at is not None and now >= self._again_at:
            self._again_at = None
            if self._standing.once_more():
                self._tell_all(self._standing.order())
        if self._following is not None:
            self._following.look(self._standing.good)

    def _start(self, place: int) -> None:
        limits = thread_limits(self._plan.environment, self._plan.workers, cores())
        environment = {**self._plan.environment, **limits, _METRICS: self._metrics}
        config = replace(self._plan.config, socket=self._plan.bound.fileno())
        hand = start_hand(place, config, environment, self._inbox.put, self._now())
        self._hands[hand.process.pid] = hand

    def _end_if_silent(self, hand: Hand, now: float) -> None:
        stopping = self._stop_by is not None and now > self._stop_by
        last = hand.started if hand.heard is None else hand.heard
        limit = _SILENT_AT_START_SECONDS if hand.heard is None else _SILENT_SECONDS
        if stopping or now - last > limit:
            if not stopping:
                lines.silent(self._saying, hand.place, now - last)
                hand.heard = now  # killed once
            hand.kill()

    def _tell_all(self, order: Order) -> None:
        for hand in self._hands.values():
            if hand.heard is not None or order.stop:
                hand.tell(order)

    def _forget_metrics(self, pid: int) -> None:
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(pid, self._metrics)  # type: ignore[no-untyped-call]

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Within the block signals are messages, so that they never come amid something else."""

        def note(number: int, _: object) -> None:
            self._inbox.put(_Signal(number))

        before = {number: signal.signal(number, note) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
