"""Ends a job in order when somebody else ends it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any

_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def terminated_like_interrupted() -> Iterator[None]:
    """Within the block SIGTERM and SIGHUP raise KeyboardInterrupt, so that what was opened is
    closed: runs, servers, files. A signal that is ignored, as under nohup, stays so. Changes
    nothing outside the main thread.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    heard = [number for number in _SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, interrupt) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Held:
    """Interrupts that wait until they are let through, so that nothing is left half done."""

    def __init__(self, before: Mapping[int, Callable[[int, FrameType | None], Any]]) -> None:
        self._before = before
        self._let = False
        self._came: int | None = None

    @contextmanager
    def let_through(self) -> Iterator[None]:
        """Within the block interrupts come at once; one that came before it comes now."""
        self._let = True
        try:
            self.raise_what_came()
            yield
        finally:
            self._let = False

    def hear(self, number: int, frame: FrameType | None) -> None:
        """The handler of the signals. A second one is not held: who sends it will not wait."""
        if self._let or self._came is not None:
            self._came = None
            self._before[number](number, frame)
        else:
            self._came = number

    def raise_what_came(self) -> None:
        """Do what the signal that was held asks for."""
        number, self._came = self._came, None
        if number is not None:
            self._before[number](number, None)


@contextmanager
def interrupts_held() -> Iterator[Held]:
    """Within the block Ctrl-C, and what else raises KeyboardInterrupt, comes only where `Held` lets
    it through, or at the block's end. Changes nothing outside the main thread.
    """
    before: dict[int, Callable[[int, FrameType | None], Any]] = {}
    if threading.current_thread() is threading.main_thread():
        handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, *_SIGNALS)}
        before = {number: now for number, now in handlers.items() if callable(now)}
    held = Held(before)
    try:
        for number in before:
            signal.signal(number, held.hear)
        yield held
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        held.raise_what_came()
