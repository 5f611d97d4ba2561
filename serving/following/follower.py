"""Follows one model: reads its ledger again and again, and has brought here what it says."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from podium.errors import PodiumError, Unreachable
from registry_tools.ledger import Ledger
from registry_tools.port import Registry
from serving.assignment import Assigned
from serving.following.bringing import Bringer
from serving.following.cache import Cache
from serving.following.fetching import fetch
from serving.following.news import Again, News, Unread
from serving.following.wanted import Wanted, expected, wanted
from serving.following.watch import Watch

_UNREACHABLE_MOST_SECONDS = 5.0
_WRONG_MOST_SECONDS = 30.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Surroundings:
    """What a follower works with.

    open_registry: called in the follower's own thread; raises Unreachable. tell: takes the news,
    from any thread. poll_seconds: between two looks at the ledger.
    """

    open_registry: Callable[[], Registry]
    cache: Cache
    watch: Watch
    tell: Callable[[News], None]
    poll_seconds: float = 0.5
    now: Callable[[], float] = time.monotonic


class Follower:
    """Tells what is to be served of the model `name`, when it changes.

    What it told holds until the ledger says something else: a registry that is away, slow or
    wrong, and a broken ledger, change nothing.
    """

    def __init__(self, name: str, around: Surroundings) -> None:
        self.name = name
        self._around = around
        self._registry: Registry | None = None
        self._ledger: Ledger | None = None
        self._bringer = Bringer(name, self._fetched, around.tell, around.now)
        self._unread: str | None = None
        self._failures = 0
        self._stopped = threading.Event()

    def start(self) -> None:
        """Follow in a thread of its own, until `stop`."""
        threading.Thread(target=self._follow, name=f"follow {self.name}", daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()

    def renew(self) -> None:
        """Bring once more what was brought, and tell of it again."""
        self._bringer.forget()

    def look(self) -> float:
        """Look once at what is to be served; returns the seconds until the next look."""
        try:
            with self._around.watch.asking():
                now, ahead = self._read()
            self._bringer.want(now)
            self._bringer.want_soon(ahead)
        except PodiumError as error:
            return self._failed(error)
        except Exception as error:  # noqa: BLE001 - what MLflow may raise is not known
            _log.debug("unforeseen", exc_info=True)
            return self._failed(PodiumError(f"{type(error).__name__}: {error}"))
        self._failures = 0
        if self._unread is not None:
            self._unread = None
            self._around.tell(Again(self.name))
        return self._around.poll_seconds

    def _follow(self) -> None:
        while not self._stopped.is_set():
            self._stopped.wait(self.look())

    def _read(self) -> tuple[Wanted | None, Wanted | None]:
        """What is in production, and what in staging."""
        registry = self._registry = self._registry or self._around.open_registry()
        if self._ledger is None:
            ledger = Ledger(registry, self.name)
            ledger.refresh(registry.model(self.name).head)
            self._ledger = ledger
        state = self._ledger.refresh()
        aliases = {} if state.ever_held else registry.model(self.name).aliases
        return wanted(state, aliases), expected(state)

    def _fetched(self, version: Wanted) -> Assigned:
        if self._registry is None:
            raise Unreachable("The registry was never reached.")
        return fetch(self._registry, self._around.cache, version)

    def _failed(self, error: PodiumError) -> float:
        """Say so, once for each kind of failure; each pause is longer than the one before."""
        self._failures += 1
        if self._unread != type(error).__name__:
            self._unread = type(error).__name__
            self._around.tell(Unread(self.name, error))
        most = _UNREACHABLE_MOST_SECONDS if isinstance(error, Unreachable) else _WRONG_MOST_SECONDS
        return float(min(self._around.poll_seconds * 2.0 ** min(self._failures, 10), most))
