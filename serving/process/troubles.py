"""What this machine refuses, and a server can do without for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from serving.process import lines
from serving.process.saying import Saying


class Troubles:
    """Says each once, and again only after it was over."""

    def __init__(self, saying: Saying) -> None:
        self._saying = saying
        self._present: set[str] = set()

    def note(self, what: str, error: Exception) -> None:
        """It is there."""
        if what not in self._present:
            self._present.add(what)
            lines.trouble(self._saying, what, error)

    def over(self, what: str) -> None:
        """It is there no more."""
        self._present.discard(what)

    @contextmanager
    def noted(self, what: str) -> Iterator[None]:
        """What the disk refuses within the block ends nothing."""
        try:
            yield
        except OSError as error:
            self.note(what, error)
        else:
            self.over(what)
