"""What a running server says: a line for people, and one of JSON for machines that ask for it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TextIO

from podium.documents import to_json
from serving.assignment import Assigned


@dataclass(frozen=True)
class Saying:
    """Says each event once. lines: for people. documents: for machines; None where nobody asked."""

    lines: TextIO
    documents: TextIO | None = None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def say(self, event: str, text: str, **facts: object) -> None:
        """One event: its name, a sentence, and what the sentence is made of.

        A full disk or a reader that is gone loses what was said, and stops nothing.
        """
        now = self.now()
        shown = " ".join(text.split())
        _print(f"{now:%Y-%m-%dT%H:%M:%SZ} {shown}", self.lines)
        if self.documents is not None:
            at = now.isoformat(timespec="milliseconds")
            document = {"at": at, "event": event, **facts, "text": shown}
            _print(to_json(document), self.documents)


def _print(line: str, file: TextIO) -> None:
    with suppress(OSError, ValueError):  # ValueError: closed
        print(line, file=file, flush=True)


def named(one: Assigned) -> str:
    """`flight_delay version 3 (champion since entry 12)`."""
    version = f" version {one.version}" if one.version else ""
    if one.role == "fixed":
        return f"{one.model}{version} (fixed)"
    since = f"since entry {one.entry}" if one.entry is not None else "by its alias @production"
    return f"{one.model}{version} ({one.role} {since})"


def plural(count: int, what: str) -> str:
    """`1 worker`, `2 workers`."""
    return f"{count} {what}{'' if count == 1 else 's'}"
