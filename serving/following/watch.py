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

    tell: gets that. now: seconds of a clock that only goes forward.
    """

    def __init__(
        self, tell: Callable[[Contact], None], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._tell = tell
        self._now = now
        self._lock = threading.Lock()
        self._asking: dict[int, float] = {}
        self._lost_at: float | None = None

    @property
    def reachable(self) -> bool:
        """False from a failure on until something is answered."""
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
            self._lost(error.what)
            raise
        except Exception:
            self._answered()
            raise
        else:
            self._answered()
        finally:
            with self._lock:
                self._asking.pop(me, None)

    def look(self) -> None:
        """Notice a registry that takes too long; to be called now and then."""
        with self._lock:
            since = min(self._asking.values(), default=self._now())
        if self._now() - since > _PATIENCE_SECONDS:
            self._lost(f"it has not answered for {_PATIENCE_SECONDS:.0f} s")

    def _lost(self, why: str) -> None:
        with self._lock:
            if self._lost_at is not None:
                return
            self._lost_at = self._now()
        self._tell(Contact(False, why))

    def _answered(self) -> None:
        with self._lock:
            if self._lost_at is None:
                return
            away, self._lost_at = self._now() - self._lost_at, None
        self._tell(Contact(True, seconds_away=away))
