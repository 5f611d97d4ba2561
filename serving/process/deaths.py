"""How often a worker may die before the whole server gives up."""

from __future__ import annotations

from collections import deque

MOST_DEATHS = 5
WITHIN_SECONDS = 60.0
_FIRST_PAUSE_SECONDS, _MOST_PAUSE_SECONDS = 0.1, 5.0


class Deaths:
    """The deaths of one worker, by the seconds of a clock that only goes forward."""

    def __init__(self) -> None:
        self._at: deque[float] = deque()

    def note(self, now: float) -> float | None:
        """One more; returns how long to wait before the next start, None where it was one too many.

        The first waits hardly at all, each further one within the time twice as long.
        """
        self._at.append(now)
        while now - self._at[0] > WITHIN_SECONDS:
            self._at.popleft()
        if len(self._at) > MOST_DEATHS:
            return None
        pause: float = _FIRST_PAUSE_SECONDS * 2.0 ** (len(self._at) - 1)
        return min(pause, _MOST_PAUSE_SECONDS)
