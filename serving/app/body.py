"""The body of a request, of limited size. That it comes in time is the protocol's concern."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

Receive = Callable[[], Awaitable[Mapping[str, Any]]]


class TooLarge(Exception):
    """The body is larger than it may be."""


class TooMuch(Exception):
    """It and those that come in beside it are more than there is room for."""


class Gone(Exception):
    """The caller went away, or was too slow."""


@dataclass
class Room:
    """For bodies that come in, in parts, at the same time."""

    most_bytes: int
    held_bytes: int = 0


async def read_body(receive: Receive, most_bytes: int, room: Room) -> bytes:
    """The whole body. Raises TooLarge, TooMuch and Gone."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise Gone
    body: bytes = message.get("body", b"")
    if len(body) > most_bytes:
        raise TooLarge
    return await _rest(receive, body, most_bytes, room) if message.get("more_body") else body


async def _rest(receive: Receive, first: bytes, most_bytes: int, room: Room) -> bytes:
    parts, size = [first], len(first)
    room.held_bytes += size
    try:
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Gone
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            room.held_bytes += len(parts[-1])
            more = message.get("more_body", False)
            if size > most_bytes:
                raise TooLarge
            if room.held_bytes > room.most_bytes:
                raise TooMuch
        return b"".join(parts)
    finally:
        room.held_bytes -= size
