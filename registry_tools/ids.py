"""Ids that sort by time."""

from __future__ import annotations

import os
import time
import uuid


def uuid7() -> uuid.UUID:
    """A UUIDv7 (RFC 9562): 48 bits of milliseconds since 1970, then 74 random ones."""
    return uuid.UUID(uuid7_text(int.from_bytes(os.urandom(10), "big") >> 6))


def uuid7_text(chance: int) -> str:
    """The text of a UUIDv7 with the 74 bits `chance` behind the time."""
    high = (time.time_ns() // 1_000_000 & (1 << 48) - 1) << 16 | 0x7000 | chance >> 62
    low = 1 << 63 | chance & (1 << 62) - 1
    text = f"{high:016x}{low:016x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
