"""Whether the registry answers, as all followers of it see it together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from podium.errors import Unreachable
from serving.following.news import Contact

_PATIENCE_SECONDS = 5.0


class Watch:
    """Tells when the registry is lost and when it is back, once each, for all threads that ask it.

    It is lost while it does not answer one of them, whatever it answers the others.

    tell: gets that. now: seconds of a clock that only goes forward.
    """

    def __init__(
        self, tell: Callable[[Contact], None], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._tell = tell
        self._now = now
        self._lock = threading.Lock()
        self._asking: dict[int, float] = {}
        self._unanswered: set[int] = set()  # the threads whose last question was not
        self._lost_at: float | None = None

    @property
    def reachable(self) -> bool:
        """False from a failure on until all who failed, or waited too long, are answered."""
        return self._lost_at is None

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Around what asks the registry. Anything but Unreachable is an answer."""
        me = threading.get_ident()
        with self._lock:
            self._asking[me] = self._now()
        try:
            yield
        except Unreachable as error:
            self._ended(me, error.what)
            raise
        except BaseException:
            self._ended(me)
            raise
        else:
            self._ended(me)

    def look(self) -> None:
        """Notice a registry that takes too long; to be called now and then."""
        with self._lock:
            self._note()

    def _ended(self, me: int, unreachable: str | None = None) -> None:
        with self._lock:
            del self._asking[me]
            if unreachable is None:
                self._unanswered.discard(me)
            else:
                self._unanswered.add(me)
            self._note(unreachable)

    def _note(self, why: str | None = None) -> None:
        """Tell whether the registry answers, where that changed.

        With the lock, so that what is told comes in the order in which it happened.
        """
        now = self._now()
        hangs = any(now - since > _PATIENCE_SECONDS for since in self._asking.values())
        if self._unanswered or hangs:
            if self._lost_at is None:
                self._lost_at = now
                slow = f"it has not answered for {_PATIENCE_SECONDS:.0f} s"
                self._tell(Contact(False, why or slow))
        elif self._lost_at is not None:
            away, self._lost_at = now - self._lost_at, None
            self._tell(Contact(True, seconds_away=away))
