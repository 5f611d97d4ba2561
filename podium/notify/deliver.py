"""Delivers what is due: once now, or as the outbox's deliverer until nothing is waiting."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from podium.errors import PodiumError
from podium.notify.notice import Delivery, Queued
from podium.notify.outbox import Outbox
from podium.notify.post import body_of, headers_of, send
from podium.notify.schedule import Outcome, Pace, after_attempt, is_due
from podium.settings import Target, shown_url

POLL_SECONDS = 0.5
_logger = logging.getLogger("podium.notify")
_Targets = tuple[Target, ...]


@dataclass(frozen=True)
class Attempt:
    """One delivery after an attempt."""

    queued: Queued
    delivery: Delivery

    def __str__(self) -> str:
        """A sentence for logs and people."""
        one, notice = self.delivery, self.queued.notice
        what = f"{notice.action} of {notice.model} ({notice.entry_id}) to {shown_url(one.url)}"
        if one.state == "delivered":
            return f"delivered: {what}"
        then = "given up" if one.state == "failed" else "will be tried again"
        return f"{then} after {one.attempts} attempts: {what}: {one.reason}"


def deliver_now(
    outbox: Outbox, targets: _Targets, pace: Pace | None = None, *, is_forced: bool = False
) -> list[Attempt]:
    """Attempt once each delivery that is due; with `is_forced` each one that waits."""
    pass_ = _Pass(outbox, targets, pace or Pace(), is_forced)
    found = outbox.waiting() if is_forced else outbox.due(time.time())
    attempts = []
    for queued in found:
        attempts += pass_.deliver(queued.notice.entry_id)
    return attempts


def run_deliverer(
    outbox: Outbox, read_targets: Callable[[], _Targets], pace: Pace | None = None
) -> bool:
    """Deliver until nothing is waiting. False at once where another process does.

    After it let go of the lock it looks once more: a notice that came meanwhile may have found
    the lock held.
    """
    while True:
        with outbox.delivering() as is_deliverer:
            if not is_deliverer:
                return False
            _work(outbox, _Reader(read_targets), pace or Pace())
        if not outbox.waiting():
            return True


class _Reader:
    """The targets as the settings say now; while those are broken, as they said last."""

    def __init__(self, read: Callable[[], _Targets]) -> None:
        self._read = read
        self._last = read()

    def __call__(self) -> _Targets:
        try:
            self._last = self._read()
        except (PodiumError, OSError) as error:
            _logger.warning("The settings cannot be read, the former ones hold: %s", error)
        return self._last


class _Pass:
    """One look at all that is due. A URL that does not answer is attempted once in it: its other
    notices share the outcome, so that a dead one holds up the others for one timeout only.
    """

    def __init__(self, outbox: Outbox, targets: _Targets, pace: Pace, is_forced: bool) -> None:
        self._outbox = outbox
        self._targets = {target.url: target for target in targets}
        self._pace = pace
        self._is_forced = is_forced
        self._silent: dict[str, Outcome] = {}

    def deliver(self, entry_id: str) -> list[Attempt]:
        """Attempt the deliveries of one notice; each outcome is kept before the next attempt."""
        attempts = []
        with self._outbox.sending():
            queued = self._outbox.find_waiting(entry_id)
            if queued is None:
                return []  # another process was here
            for place, delivery in enumerate(queued.deliveries):
                if self._is_wanted(delivery):
                    tried = self._attempt(queued, delivery)
                    queued = _with(queued, place, tried)
                    self._outbox.settle(queued)
                    attempts.append(Attempt(queued, tried))
            if not attempts:
                self._outbox.settle(queued)  # a crash left it settled, but in its place
        for attempt in attempts:
            _logger.info("%s", attempt)
        return attempts

    def _is_wanted(self, delivery: Delivery) -> bool:
        if self._is_forced:
            return delivery.state == "waiting"
        return is_due(delivery, time.time(), self._pace.cap_seconds)

    def _attempt(self, queued: Queued, delivery: Delivery) -> Delivery:
        outcome = self._silent.get(delivery.url) or self._outcome(queued, delivery)
        if outcome.is_unreachable:
            self._silent[delivery.url] = outcome
        return after_attempt(delivery, outcome, time.time(), random.random(), self._pace)

    def _outcome(self, queued: Queued, delivery: Delivery) -> Outcome:
        target = self._targets.get(delivery.url)
        if target is None:
            return Outcome("retry", "the settings do not name this URL")
        body, now = body_of(queued), time.time()
        return send(target, body, headers_of(target, delivery.delivery_id, body, now), now)


def _work(outbox: Outbox, read_targets: _Reader, pace: Pace) -> None:
    outbox.expire(time.time())
    while True:
        known = outbox.waiting_names()  # before reading them: what comes later wakes the sleeper
        waiting = outbox.waiting()
        if not waiting:
            return
        if not deliver_now(outbox, read_targets(), pace):
            _sleep(outbox, known, _next_at(waiting))


def _next_at(waiting: Iterable[Queued]) -> float:
    times = (d.due_at for q in waiting for d in q.deliveries if d.state == "waiting")
    return min(times, default=0.0)


def _sleep(outbox: Outbox, known: frozenset[str], until: float) -> None:
    """Sleep until `until` (Unix seconds), or until others wait than those that are `known`."""
    ends_at = time.monotonic() + until - time.time()
    while (left := ends_at - time.monotonic()) > 0 and outbox.waiting_names() == known:
        time.sleep(min(left, POLL_SECONDS))


def _with(queued: Queued, place: int, delivery: Delivery) -> Queued:
    deliveries = (*queued.deliveries[:place], delivery, *queued.deliveries[place + 1 :])
    return replace(queued, deliveries=deliveries)
