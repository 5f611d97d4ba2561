"""The worker processes: starting them, speaking with them, hearing that they ended."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import serving
from serving.process.config import WorkerConfig
from serving.process.messages import Order, Report

_ROOT = Path(serving.__file__).resolve().parents[1]


@dataclass(eq=False)
class Hand:
    """One worker process. place: which of the workers it is, from 1 on.

    started, heard: when, by the supervisor's clock; heard is None before its first word.
    """

    place: int
    process: subprocess.Popen[bytes]
    started: float
    heard: float | None = None
    ready: bool = False

    def tell(self, order: Order) -> None:
        """Give an order; nothing where it ended meanwhile."""
        pipe = self.process.stdin
        if pipe is None:
            return
        with suppress(BrokenPipeError, ValueError):
            pipe.write(order.to_line())
            pipe.flush()

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
    now: float,
) -> Hand:
    """Start a worker; `tell` is told, from other threads, what it says and when it ends.

    It is in a session of its own: who presses Ctrl-C reaches the supervisor alone, which ends its
    workers in order. It finds out itself when the supervisor is gone.
    """
    heard, reports = os.pipe()
    try:
        text = replace(config, reports=reports).to_text()
        process = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-P", "-m", "serving.process.worker", text],
            stdin=subprocess.PIPE,
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
    hand = Hand(place, process, now)
    threading.Thread(target=_hear, args=(hand, heard, tell), daemon=True).start()
    threading.Thread(target=_wait, args=(hand, tell), daemon=True).start()
    return hand


def _hear(hand: Hand, pipe: int, tell: Callable[[Said], None]) -> None:
    with os.fdopen(pipe, "rb") as lines:
        for line in lines:
            if line.endswith(b"\n"):  # else it was killed amid a word
                tell(Said(hand, Report.from_line(line)))


def _wait(hand: Hand, tell: Callable[[Ended], None]) -> None:
    tell(Ended(hand, hand.process.wait()))


def _found(environment: Mapping[str, str]) -> dict[str, str]:
    """So that the worker imports the very package that the supervisor did."""
    path = os.pathsep.join(filter(None, (str(_ROOT), environment.get("PYTHONPATH"))))
    return {**environment, "PYTHONPATH": path}
