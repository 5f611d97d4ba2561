"""The worker processes: starting them, speaking with them, hearing that they ended."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

import serving
from serving.process.config import WorkerConfig
from serving.process.messages import Order, Report

_ROOT = Path(serving.__file__).resolve().parents[1]


@dataclass(eq=False)
class Hand:
    """One worker process. place: which of the workers it is, from 1 on.

    alive: when it last gave a sign of life, by the supervisor's clock: its start, or a word of it,
    noted as it comes. greeted: whether it was told what to do, after its first word.
    """

    place: int
    process: subprocess.Popen[bytes]
    alive: float
    greeted: bool = False
    ready: bool = False
    _orders: queue.SimpleQueue[bytes | None] = field(default_factory=queue.SimpleQueue)

    def tell(self, order: Order) -> None:
        """Give an order, which waits for nothing: a worker that does not read holds up nobody."""
        self._orders.put(order.to_line())

    def write(self) -> None:
        """Pass the orders on, until it has ended. For a thread of its own."""
        pipe = self.process.stdin
        if pipe is None:
            return
        with pipe:
            while (line := self._orders.get()) is not None:
                with suppress(OSError):  # it ended
                    while line:  # a pipe may take a part of it
                        line = line[os.write(pipe.fileno(), line) :]

    def wait(self) -> int:
        """Its exit status, once it has ended; ends `write` too."""
        status = self.process.wait()
        self._orders.put(None)
        return status

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()


@dataclass(frozen=True)
class Said:
    """A worker said something."""

    hand: Hand
    report: Report


@dataclass(frozen=True)
class Ended:
    """A worker's process ended. status: as Popen has it, below 0 for a signal."""

    hand: Hand
    status: int

    @property
    def how(self) -> str:
        """In words."""
        return f"by signal {-self.status}" if self.status < 0 else f"with status {self.status}"


def start_hand(
    place: int,
    config: WorkerConfig,
    environment: Mapping[str, str],
    tell: Callable[[Said | Ended], None],
    now: Callable[[], float],
) -> Hand:
    """Start a worker; `tell` is told, from other threads, what it says and when it ends.

    Raises OSError or RuntimeError where the system has no process or thread to give.

    It is in a session of its own: who presses Ctrl-C reaches the supervisor alone, which ends its
    workers in order. It finds out itself when the supervisor is gone.
    """
    heard, reports = os.pipe()
    try:
        text = replace(config, reports=reports).to_text()
        process = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-P", "-m", "serving.process.worker", text],
            stdin=subprocess.PIPE,
            bufsize=0,
            stdout=2,  # what models print
            pass_fds=(config.socket, reports),
            env=_found(environment),
            start_new_session=True,
        )
    except OSError:
        os.close(heard)
        raise
    finally:
        os.close(reports)
    hand = Hand(place, process, now())
    reading = os.fdopen(heard, "rb")
    try:
        for work in (
            lambda: _hear(hand, reading, tell, now),
            hand.write,
            lambda: tell(Ended(hand, hand.wait())),
        ):
            threading.Thread(target=work, daemon=True).start()
    except RuntimeError:  # as many threads as there may be
        hand.kill()
        hand.wait()  # which ends those that were started
        raise
    return hand


def _hear(
    hand: Hand, pipe: BinaryIO, tell: Callable[[Said], None], now: Callable[[], float]
) -> None:
    with pipe as lines:
        for line in lines:
            hand.alive = now()
            if line.endswith(b"\n"):  # else it was killed amid a word
                tell(Said(hand, Report.from_line(line)))


def _found(environment: Mapping[str, str]) -> dict[str, str]:
    """So that the worker imports the very package that the supervisor did."""
    path = os.pathsep.join(filter(None, (str(_ROOT), environment.get("PYTHONPATH"))))
    return {**environment, "PYTHONPATH": path}
