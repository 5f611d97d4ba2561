"""Follows several models together, and finds out at the start what is to be served of each."""

from __future__ import annotations

import queue
import shlex
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from podium.errors import PodiumError, Unreachable
from registry_tools.errors import LedgerBroken
from registry_tools.port import Registry
from serving.assignment import Assigned
from serving.errors import NotServable
from serving.following.cache import Cache, NotKept
from serving.following.follower import Follower, Surroundings
from serving.following.last import Last
from serving.following.news import Again, Contact, Decided, News, Rejected
from serving.following.watch import Watch

_PATIENCE_SECONDS = 10.0
_MARK_SECONDS = 600.0


@dataclass(frozen=True)
class Begun:
    """What is to be served at first, None of models with nothing in production.

    kept_because: why some of it is what was served last, and not what the registry says; None where
    the registry said it all.
    """

    models: Mapping[str, Assigned | None]
    kept_because: PodiumError | None = None


@dataclass(frozen=True)
class Source:
    """Where versions come from, and where they are kept.

    registry_key: tells registries apart, see `last`.
    """

    open_registry: Callable[[], Registry]
    registry_key: str
    cache: Path
    poll_seconds: float = 0.5


@dataclass
class _First:
    """The news until all is known that a start needs.

    kept: what was served last, of models that could not be read; because: why they could not.
    later: what is told once the start is over.
    """

    decided: dict[str, Assigned | None] = field(default_factory=dict)
    kept: dict[str, Assigned | None] = field(default_factory=dict)
    because: PodiumError | None = None
    later: list[News] = field(default_factory=list)

    def begun(self) -> Begun:
        """What is decided counts, also where it was decided after another was kept."""
        late = self.kept.keys() <= self.decided.keys()
        return Begun({**self.kept, **self.decided}, None if late else self.because)


class Following:
    """A follower for each of `names`; `tell` gets their news once `begin` has returned."""

    def __init__(self, names: Sequence[str], source: Source, tell: Callable[[News], None]) -> None:
        self.names = tuple(names)
        self._tell = tell
        self._early: queue.SimpleQueue[News] | None = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._cache = Cache(source.cache)
        self._last = Last(source.cache, source.registry_key, names)
        self._marked = time.monotonic()
        self.watch = Watch(self._take)
        around = Surroundings(
            source.open_registry, self._cache, self.watch, self._take, source.poll_seconds
        )
        self._followers = [Follower(name, around) for name in names]

    def begin(self) -> Begun:
        """Start to follow; returns once it is known what to serve of all models.

        Of models that cannot be read, since the registry is away, hangs, or has a broken ledger, or
        since this machine cannot keep files, that is what was served last, if its files are here.
        Raises that error else; NotFound for models that are not there; NotServable where the files
        of a version in production are not those that were pinned.
        """
        for follower in self._followers:
            follower.start()
        first = _First()
        begun = self._settled(first)
        with self._lock:
            early, self._early = self._early, None
            for news in (*first.later, *_all_of(early)):
                self._tell(news)
        return begun

    def stop(self) -> None:
        """Look no more."""
        for follower in self._followers:
            follower.stop()

    def renew(self, model: str) -> None:
        """Bring the files of what is served once more: they went bad here."""
        for follower in self._followers:
            if follower.name == model:
                follower.renew()

    def look(self, served: Mapping[str, Assigned | None]) -> None:
        """To be called about every second: notices a registry that hangs, and marks the files of
        what is served as in use.
        """
        self.watch.look()
        if time.monotonic() - self._marked > _MARK_SECONDS:
            self._marked = time.monotonic()
            for one in filter(None, served.values()):
                self._cache.mark(Path(one.folder))

    def remember(self, served: Mapping[str, Assigned | None]) -> None:
        """Keep what is served for a start while the registry is away."""
        self._last.write(served)

    def _take(self, news: News) -> None:
        with self._lock:
            if self._early is not None:
                self._early.put(news)
                return
        self._tell(news)

    def _settled(self, first: _First) -> Begun:
        patience = time.monotonic() + _PATIENCE_SECONDS
        early = self._early
        while early is not None and (missing := self._missing(first)):
            self.watch.look()
            try:
                self._hear(first, early.get(timeout=0.5))
            except queue.Empty:
                if time.monotonic() > patience and not self.watch.reachable:
                    self._keep(first, missing, Unreachable("The registry does not answer."))
        return first.begun()

    def _missing(self, first: _First) -> set[str]:
        return set(self.names) - first.decided.keys() - first.kept.keys()

    def _hear(self, first: _First, news: News) -> None:
        if isinstance(news, Contact | Again) or news.model in first.decided:
            first.later.append(news)
        elif isinstance(news, Decided):
            first.decided[news.model] = news.assigned
        elif isinstance(news, Rejected):
            raise _not_servable(news)
        else:
            passing = isinstance(news.error, Unreachable | LedgerBroken | NotKept)
            if not (passing and self._keep(first, {news.model}, news.error)):
                raise news.error

    def _keep(self, first: _First, models: set[str], error: PodiumError) -> bool:
        """Whether `models` can be served as they were last; the others go by what is decided."""
        kept = self._last.read(models)
        if kept is None:
            return False
        first.kept.update(kept)
        first.because = error
        return True


def _all_of(early: queue.SimpleQueue[News] | None) -> list[News]:
    found: list[News] = []
    while early is not None and not early.empty():
        found.append(early.get())
    return found


def _not_servable(news: Rejected) -> NotServable:
    name = shlex.quote(news.model)
    return NotServable(
        f"Version {news.version} of {news.model}, which is in production, cannot be served: "
        f"{news.error.what.rstrip('.')}.",
        remedy=f"podium verify {name} says more; podium rollback {name} --reason … goes back to "
        "the version before.",
    )
