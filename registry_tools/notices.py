"""Telling others about entries, so that nobody is told of one that does not count."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Protocol

from podium.errors import PodiumError
from podium.notify import Notice, Outbox, outbox_of, start_deliverer
from podium.settings import Settings, load_settings
from registry_tools.entry import Entry
from registry_tools.ledger import Ledger
from registry_tools.words import sentence

_UNDECIDED_SECONDS = 600  # an append takes less; what is older was left by a crash


class Notices(Protocol):
    """Tells others about entries: prepared before an entry is written, released once it counts.

    Nothing here raises: an entry is not held up by those who want to hear of it.
    """

    def prepare(self, entry: Entry, registry: str) -> None:
        """Keep the message about `entry`, which is going to be written in `registry`."""

    def release(self, entry: Entry) -> None:
        """`entry` counts: send the message."""

    def drop(self, entry: Entry) -> None:
        """`entry` does not count: forget the message."""

    def settle(self, ledger: Ledger) -> None:
        """Decide about messages that a crash left undecided, by what stands in `ledger`."""


class NoNotices:
    """Tells nobody."""

    def prepare(self, entry: Entry, registry: str) -> None:
        """Nothing."""

    def release(self, entry: Entry) -> None:
        """Nothing."""

    def drop(self, entry: Entry) -> None:
        """Nothing."""

    def settle(self, ledger: Ledger) -> None:
        """Nothing."""


class OutboxNotices:
    """Messages to the URLs of `settings`, through the outbox on disk.

    warn: is told, in a sentence, what could not be kept or sent.
    """

    def __init__(self, settings: Settings, warn: Callable[[str], None]) -> None:
        self._settings = settings
        self._outbox: Outbox = outbox_of(settings)
        self._warn = warn

    def prepare(self, entry: Entry, registry: str) -> None:
        """Write the message into the outbox, where it waits."""
        self._say(
            self._outbox.prepare(_notice(entry, registry), self._settings.notify, time.time())
        )

    def release(self, entry: Entry) -> None:
        """Make it due, and start the process that sends what is due."""
        self._release(entry.entry_id)

    def drop(self, entry: Entry) -> None:
        """Take it out of the outbox."""
        self._say(self._outbox.drop(entry.entry_id))

    def settle(self, ledger: Ledger) -> None:
        """Release what counts, drop what lost; keep what may still come in."""
        for notice in self._prepared(ledger):
            if ledger.chain.find(notice.entry_id) is not None:
                self._release(notice.entry_id)
            elif notice.data["parent"] < ledger.chain.head.number:  # else just written
                self._say(self._outbox.drop(notice.entry_id))
        for notice in self._prepared(ledger, before=time.time() - _UNDECIDED_SECONDS):
            self._say(self._outbox.drop(notice.entry_id))

    def _prepared(self, ledger: Ledger, before: float | None = None) -> list[Notice]:
        """Those about this ledger: another registry may have a model of the same name."""
        place = ledger.registry.place
        prepared = self._outbox.prepared(ledger.model, before=before)
        return [notice for notice in prepared if notice.data.get("registry") == place]

    def _release(self, entry_id: str) -> None:
        self._say(self._outbox.release(entry_id))
        start_deliverer(self._settings)

    def _say(self, warning: str | None) -> None:
        if warning is not None:
            self._warn(warning)


def notices_for(environ: Mapping[str, str], home: Path, warn: Callable[[str], None]) -> Notices:
    """Messages as the settings want them. Settings that are wrong hold nothing up: `warn` is told,
    and nobody else.
    """
    try:
        settings = load_settings(environ, home)
    except (PodiumError, OSError) as error:
        warn(f"Nobody is notified: {error}")
        return NoNotices()
    return OutboxNotices(settings, warn) if settings.notify else NoNotices()


def _notice(entry: Entry, registry: str) -> Notice:
    text = f"{entry.model}: {sentence(entry)}"
    data = {"registry": registry, **asdict(entry)}
    return Notice(entry.entry_id, entry.model, entry.action, text, data)
