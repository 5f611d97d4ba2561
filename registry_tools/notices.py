"""Telling others about entries, so that nobody is told of one that does not count."""

from __future__ import annotations

from typing import Protocol

from registry_tools.entry import Entry
from registry_tools.ledger import Ledger


class Notices(Protocol):
    """Tells others about entries: prepared before an entry is written, released once it counts."""

    def prepare(self, entry: Entry) -> None: ...

    def release(self, entry: Entry) -> None: ...

    def drop(self, entry: Entry) -> None: ...

    def settle(self, ledger: Ledger) -> None: ...


class NoNotices:
    """Tells nobody."""

    def prepare(self, entry: Entry) -> None:
        """Nothing."""

    def release(self, entry: Entry) -> None:
        """Nothing."""

    def drop(self, entry: Entry) -> None:
        """Nothing."""

    def settle(self, ledger: Ledger) -> None:
        """Nothing."""
