"""Brings the files of the version that is wanted, in the background, and tells of it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from podium.errors import PodiumError, Unreachable
from serving.assignment import Assigned
from serving.following.cache import NotKept
from serving.following.news import Decided, News, Rejected, Unread
from serving.following.wanted import Wanted

_UNREACHABLE_MOST_SECONDS = 5.0
_REJECTED_AGAIN_SECONDS = 60.0
_log = logging.getLogger(__name__)


@dataclass
class _Errand:
    """Files that are being brought, or could not be brought and are fetched again at `again_at`."""

    wanted: Wanted
    again_at: float | None = None
    failures: int = 0


class Bringer:
    """Fetches for one model, each version in a thread of its own, and never holds anybody up.

    fetch: gives the version with its files; raises Unreachable, OSError where this machine cannot
    keep them, or another PodiumError where they are not as they should be. tell: takes the news,
    from any thread.
    """

    def __init__(
        self,
        model: str,
        fetch: Callable[[Wanted], Assigned],
        tell: Callable[[News], None],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._model = model
        self._fetch = fetch
        self._tell = tell
        self._now = now
        self._lock = threading.Lock()
        self._errand: _Errand | None = None
        self._told: Decided | None = None
        self._told_for: Wanted | None = None
        self._ahead: Wanted | None = None

    def want(self, wanted: Wanted | None) -> None:
        """`wanted` is to be served: tells `Decided` once it is here, at once where it is nothing.

        To be called again and again: what could not be brought is then tried again in time.
        """
        with self._lock:
            if self._told is not None and wanted == self._told_for:
                failed = self._errand is not None and self._errand.failures > 0
                self._errand = None
                if failed:  # that was told, and is wanted no more
                    self._tell(self._told)
                return
            if wanted is None:
                self._settle(None, Decided(self._model, None))
                return
            errand = self._due(wanted)
        if errand is None:
            return
        try:
            self._in_background(lambda: self._bring(errand))
        except RuntimeError:  # no more threads: with the next call
            errand.again_at = self._now()
            raise

    def forget(self) -> None:
        """What was told before is told again, with files that were looked at again."""
        with self._lock:
            self._told = self._told_for = None

    def want_soon(self, ahead: Wanted | None) -> None:
        """`ahead` may be wanted next: have its files here before."""
        if ahead is None or ahead == self._ahead:
            return
        self._in_background(lambda: self._bring_ahead(ahead))
        self._ahead = ahead

    def _due(self, wanted: Wanted) -> _Errand | None:
        """What is to be started now; None where it is on its way, or not to be tried yet."""
        errand = self._errand
        if errand is None or errand.wanted != wanted:
            self._errand = _Errand(wanted)
            return self._errand
        if errand.again_at is None or self._now() < errand.again_at:
            return None
        errand.again_at = None
        return errand

    def _bring(self, errand: _Errand) -> None:
        try:
            found = self._fetch(errand.wanted)
        except PodiumError as error:
            self._failed(errand, error)
        except OSError as error:
            self._failed(errand, NotKept(error))
        except Exception as error:  # noqa: BLE001 - what stores of files may raise is not known
            self._failed(errand, PodiumError(f"{type(error).__name__}: {error}"))
        else:
            with self._lock:
                if self._errand is errand:  # else something else is wanted by now
                    told = Decided(self._model, found, errand.wanted.at)
                    self._settle(errand.wanted, told)

    def _failed(self, errand: _Errand, error: PodiumError) -> None:
        with self._lock:
            if self._errand is not errand:
                return
            errand.failures += 1
            pause = _REJECTED_AGAIN_SECONDS
            if isinstance(error, Unreachable):
                pause = min(0.5 * 2.0 ** min(errand.failures, 10), _UNREACHABLE_MOST_SECONDS)
            errand.again_at = self._now() + pause
            if errand.failures == 1:
                self._tell(self._news_of(errand, error))

    def _news_of(self, errand: _Errand, error: PodiumError) -> News:
        if isinstance(error, Unreachable | NotKept):
            return Unread(self._model, error)
        return Rejected(self._model, str(errand.wanted.version), error)

    def _settle(self, settled: Wanted | None, told: Decided) -> None:
        self._errand, self._told_for, self._told = None, settled, told
        self._tell(told)

    def _bring_ahead(self, ahead: Wanted) -> None:
        try:
            self._fetch(ahead)
        except Exception as error:  # noqa: BLE001 - it is said when that version is wanted
            _log.debug("not fetched ahead: %s", error)

    def _in_background(self, work: Callable[[], None]) -> None:
        threading.Thread(target=work, name=f"fetch {self._model}", daemon=True).start()
