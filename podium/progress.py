"""What long work says about itself while it runs, on standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO


class Progress:
    """Names each stage and its seconds; shows a bar within a stage on a terminal.

    `seconds` holds what every finished stage took. Silent where `stream` is None.
    """

    def __init__(self, stream: TextIO | None = sys.stderr) -> None:
        self._stream = stream
        self.seconds: dict[str, float] = {}
        self._bar: Any = None

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

    def say(self, line: str) -> None:
        """One line of its own."""
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
