"""The body of a request, of limited size. That it comes in time is the protocol's concern."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

Receive = Callable[[], Awaitable[Mapping[str, Any]]]


class TooLarge(Exception):
    """The body is larger than it may be."""


class Gone(Exception):
    """The caller went away, or was too slow."""


async def read_body(receive: Receive, most_bytes: int) -> bytes:
    """The whole body. Raises TooLarge and Gone."""
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        more = message.get("more_body", False)
        if size > most_bytes:
            raise TooLarge
    return parts[0] if len(parts) == 1 else b"".join(parts)
