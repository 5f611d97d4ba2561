"""What long work says about itself while it runs, on standard error."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

_QUIET_SECONDS = 300.0


class Progress:
    """Names each stage and its seconds; shows a bar within a stage on a terminal.

    `seconds` holds what every finished stage took. Silent where `stream` is None.
    """

    def __init__(self, stream: TextIO | None = sys.stderr) -> None:
        self._stream = stream
        self.seconds: dict[str, float] = {}
        self._bar: Any = None
        self._said_at = time.monotonic()

    @contextmanager
    def stage(self, name: str, what: str) -> Iterator[None]:
        """A stage of the work; `what` says in words what is being done."""
        started = time.perf_counter()
        if self._on_terminal():
            self._write(f"{what} …\r")
        try:
            yield
        finally:
            self._close_bar()
            if self._on_terminal():
                self._write("\x1b[2K")
        self.seconds[name] = time.perf_counter() - started
        self._write(f"{what}: {self.seconds[name]:.1f} s\n")

    def tick(self, done: int, total: int, reached: str) -> None:
        """`done` of `total` rounds are over; on a terminal this moves the bar."""
        if not self._on_terminal():
            return
        from tqdm import tqdm

        if self._bar is None:
            self._bar = tqdm(total=total, file=self._stream, leave=False, unit="round")
        self._bar.set_postfix_str(reached, refresh=False)
        self._bar.update(done - self._bar.n)

    def status(self, line: str) -> None:
        """Where the stage is, in place of what the last call said; elsewhere than on a terminal a
        line of its own, every five minutes at most.
        """
        if self._on_terminal():
            width = shutil.get_terminal_size().columns - 1
            self._write(f"\r\x1b[2K{line[:width]}")
        elif time.monotonic() - self._said_at > _QUIET_SECONDS:
            self.say(line)

    def say(self, line: str) -> None:
        """One line of its own."""
        self._said_at = time.monotonic()
        self._write(f"{line}\n")

    def _on_terminal(self) -> bool:
        return self._stream is not None and self._stream.isatty()

    def _close_bar(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _write(self, text: str) -> None:
        if self._stream is not None:
            self._stream.write(text)
            self._stream.flush()
