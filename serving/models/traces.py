"""Tells the log where a model's code raises: the place and the kind, without what was asked."""

from __future__ import annotations

import logging
import traceback

_MOST_PLACES = 100


class SeenErrors:
    """Logs each place once, however many requests fail there. The message of an exception often
    holds the value that caused it, and stays out.
    """

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._seen: set[tuple[str, str]] = set()

    def note(self, error: BaseException) -> None:
        """Log kind and place of `error`, unless that was done before."""
        frames = traceback.extract_tb(error.__traceback__)
        places = [f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in frames[-3:]]
        seen = (type(error).__name__, places[-1] if places else "")
        if seen in self._seen or len(self._seen) >= _MOST_PLACES:
            return
        self._seen.add(seen)
        self._logger.warning("A model raised %s at %s", seen[0], ", ".join(reversed(places)))
