"""The supervisor: keeps the workers running, and lets them serve what the ledger says."""

from __future__ import annotations

import queue
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from socket import socket
from typing import TYPE_CHECKING

from podium.errors import PodiumError
from serving.assignment import Assigned
from serving.following.news import Contact, Decided, News, Rejected, Unread
from serving.process import lines
from serving.process.config import WorkerConfig
from serving.process.crew import Ended, Hand, Said, start_hand
from serving.process.deaths import Deaths
from serving.process.listening import port_taken
from serving.process.messages import CANNOT_LISTEN, Order
from serving.process.metrics_folder import metrics_folder
from serving.process.saying import Saying
from serving.process.standing import Damaged, NotTaken, Standing
from serving.process.threads import cores, thread_limits
from serving.process.troubles import Troubles

if TYPE_CHECKING:
    from serving.following.following import Following

_METRICS = "PROMETHEUS_MULTIPROC_DIR"
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_TICK_SECONDS, _LATE_SECONDS, _AGAIN_SECONDS = 0.5, 5.0, 60.0
_NO_PROCESS_SECONDS = 2.0
_SILENT_SECONDS, _SILENT_AT_START_SECONDS = 30.0, 120.0
_AFTER_GRACE_SECONDS = 3.0


@dataclass(frozen=True)
class _Signal:
    number: int


Message = News | Said | Ended | _Signal


@dataclass(frozen=True)
class Plan:
    """What the supervisor works with: bound socket, number of workers, and what each is told.

    metrics: where there is a folder for the workers' counters while the server runs.
    """

    bound: socket
    url: str
    workers: int
    config: WorkerConfig
    environment: Mapping[str, str]
    metrics: Path


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
        self._renew: Callable[[str], None] = _nothing
        self._now = now
        self._standing = Standing(plan.config.names)
        self._since: dict[str, str | None] = {}
        self._hands: dict[int, Hand] = {}
        self._deaths = {place: Deaths() for place in range(1, plan.workers + 1)}
        self._start_at: dict[int, float] = {}
        self._again_at: float | None = None
        self._renewed: dict[str, float] = {}
        self._elsewhere: frozenset[str] = frozenset()
        self._ticked = now()
        self._troubles = Troubles(saying)
        self._all_ready = False
        self._reachable = True
        self._unread: set[str] = set()
        self._stop_by: float | None = None
        self._failure: PodiumError | None = None
        self._metrics = plan.metrics

    @contextmanager
    def workers(self) -> Iterator[None]:
        """Start the workers, which wait for what `run` gives them; none is left after the block."""
        with metrics_folder(self._plan.metrics) as self._metrics:
            try:
                for place in self._deaths:
                    self._start(place)
                yield
            finally:
                for hand in self._hands.values():
                    hand.kill()
                    hand.process.wait()

    def run(
        self,
        first: Mapping[str, Assigned | None],
        following: Following | None,
        renew: Callable[[str], None],
    ) -> None:
        """Serve `first`, and then what `following` finds, until a signal comes.

        renew: has the files of a model brought once more, and does not wait for them.

        Raises NotServable where a version of `first` cannot be loaded, and PodiumError where a
        worker keeps dying.
        """
        self._following, self._renew = following, renew
        for name, assigned in first.items():
            self._standing.want(name, assigned)
        for hand in self._hands.values():
            hand.alive = self._now()  # what they said so far was not listened to
        self._ticked = self._now()
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
        if not hand.greeted:
            hand.greeted = True
            reachable = None if self._following is None else self._reachable
            order = self._standing.order(reachable=reachable)
            hand.tell(replace(order, elsewhere=sorted(self._elsewhere)))
        hand.ready = hand.ready or report.ready
        change = self._standing.heard(pid, report, tuple(self._hands))
        if isinstance(change, NotTaken):
            self._not_taken(change)
        elif isinstance(change, Damaged):
            self._damaged(hand, change)
        elif change is not None and self._all_ready:
            self._remember()
            lines.changed(self._saying, change, self._plan.workers, self._since)
        self._tell_who_answers()
        self._say_ready()

    def _damaged(self, hand: Hand, change: Damaged) -> None:
        """Have the files brought once more, but not again and again."""
        now, model = self._now(), change.wanted.model
        self._try_again_later()
        if now - self._renewed.get(model, -_AGAIN_SECONDS) < _AGAIN_SECONDS:
            return
        self._renewed[model] = now
        lines.damaged(self._saying, hand.place, change)
        self._renew(model)

    def _not_taken(self, change: NotTaken) -> None:
        if not self._all_ready and change.good is None:
            self._stop(lines.cannot_begin(change))
            return
        self._try_again_later()
        if change.good is not None:
            self._tell_all(self._standing.order())
        lines.not_taken(self._saying, change)

    def _try_again_later(self) -> None:
        if self._again_at is None:
            self._again_at = self._now() + _AGAIN_SECONDS

    def _tell_who_answers(self) -> None:
        """So that a worker that cannot answer for a model leaves it to those that do."""
        ready = (pid for pid, hand in self._hands.items() if hand.ready)
        elsewhere = self._standing.held_by(ready)
        if elsewhere != self._elsewhere:
            self._elsewhere = elsewhere
            self._tell_all(Order(elsewhere=sorted(elsewhere)))

    def _say_ready(self) -> None:
        ready = [hand for hand in self._hands.values() if hand.ready]
        if not self._all_ready and len(ready) == self._plan.workers and self._stop_by is None:
            self._all_ready = True
            self._remember()
            lines.ready(self._saying, self._plan.url, self._plan.workers, self._standing.good)

    def _remember(self) -> None:
        if self._following is not None:
            with self._troubles.noted(
                "what is served cannot be kept for a start without the registry"
            ):
                self._following.remember(self._standing.kept)

    def _ended(self, ended: Ended) -> None:
        hand, now = ended.hand, self._now()
        self._hands.pop(hand.process.pid, None)
        self._standing.forget(hand.process.pid)
        self._forget_metrics(hand.process.pid)
        if self._stop_by is not None:
            return
        if ended.status == CANNOT_LISTEN:
            self._stop(port_taken(*self._plan.bound.getsockname()[:2]))
            return
        self._tell_who_answers()
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
            self._start_again(place)
        self._end_the_silent(now)
        if self._again_at is not None and now >= self._again_at:
            self._again_at = None
            if self._standing.once_more():
                self._tell_all(self._standing.order())
        if self._following is not None:
            with self._troubles.noted("files in use cannot be marked as such"):
                self._following.look(self._standing.good)

    def _start_again(self, place: int) -> None:
        """Not for what passes, like too many open files, shall the other workers end."""
        what = f"worker {place} cannot be started"
        try:
            self._start(place)
        except (OSError, RuntimeError) as error:
            self._start_at[place] = self._now() + _NO_PROCESS_SECONDS
            self._troubles.note(what, error)
        else:
            self._troubles.over(what)

    def _start(self, place: int) -> None:
        limits = thread_limits(self._plan.environment, self._plan.workers, cores())
        environment = {**self._plan.environment, **limits, _METRICS: str(self._metrics)}
        self._metrics.mkdir(parents=True, exist_ok=True)  # somebody may have cleared it away
        config = replace(self._plan.config, socket=self._plan.bound.fileno())
        hand = start_hand(place, config, environment, self._inbox.put, self._now)
        self._hands[hand.process.pid] = hand

    def _end_the_silent(self, now: float) -> None:
        late, self._ticked = now - self._ticked > _LATE_SECONDS, now
        for hand in self._hands.values():
            if late:  # this process stood still, and heard nobody
                hand.alive = now
            self._end_if_silent(hand, now)

    def _end_if_silent(self, hand: Hand, now: float) -> None:
        stopping = self._stop_by is not None and now > self._stop_by
        limit = _SILENT_SECONDS if hand.greeted else _SILENT_AT_START_SECONDS
        if stopping or now - hand.alive > limit:
            if not stopping:
                lines.silent(self._saying, hand.place, now - hand.alive)
                hand.alive = now  # killed once
            hand.kill()

    def _tell_all(self, order: Order) -> None:
        for hand in self._hands.values():
            if hand.greeted or order.stop:
                hand.tell(order)

    def _forget_metrics(self, pid: int) -> None:
        from prometheus_client.multiprocess import mark_process_dead

        with suppress(OSError):  # that folder is gone
            mark_process_dead(pid, str(self._metrics))  # type: ignore[no-untyped-call]

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Within the block signals are messages, so that they never come amid something else."""

        def note(number: int, _: object) -> None:
            self._inbox.put(_Signal(number))

        heeded = [n for n in _SIGNALS if signal.getsignal(n) is not signal.SIG_IGN]  # by nohup
        before = {number: signal.signal(number, note) for number in heeded}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _nothing(_: str) -> None:
    """Before `run`."""
