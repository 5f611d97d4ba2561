"""Brings the files of a version that is served by its URI once more, when they went bad here."""

from __future__ import annotations

import threading
from collections.abc import Callable

from podium.errors import PodiumError
from serving.assignment import Assigned
from serving.errors import NotServable
from serving.following.news import Decided, News, Unread


class FixedFiles:
    """Of `served`, which stays the same whatever becomes of its URI.

    find: finds the version again, with its files on this machine. tell: takes the news.
    """

    def __init__(
        self, served: Assigned, find: Callable[[], Assigned], tell: Callable[[News], None]
    ) -> None:
        self._served = served
        self._find = find
        self._tell = tell

    def renew(self, _: str) -> None:
        """Bring them, in a thread of its own."""
        threading.Thread(target=self.bring, name="fetch", daemon=True).start()

    def bring(self) -> None:
        """Tell that they are here, or why not."""
        try:
            found = self._find()
        except PodiumError as error:
            self._tell(Unread(self._served.model, error))
        except Exception as error:  # noqa: BLE001 - what stores of files may raise is not known
            why = PodiumError(f"{type(error).__name__}: {error}")
            self._tell(Unread(self._served.model, why))
        else:
            self._tell(self._news_of(found))

    def _news_of(self, found: Assigned) -> News:
        model = self._served.model
        if found.folder == self._served.folder:  # named by their digest
            return Decided(model, self._served)
        error = NotServable(
            f"The files of {model} went bad on this machine, and others are there by now.",
            remedy="Start podium serve again to serve those.",
        )
        return Unread(model, error)
