"""The few headers of a request that the server looks at."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_SAFE_ID = re.compile(rb"[!-~]{1,128}")
_BEARER = b"bearer "


@dataclass(slots=True)
class Head:
    """content_length: as declared; -1 where it is not. key: the API key, if one was sent."""

    content_type: str | None = None
    content_length: int = -1
    request_id: bytes = b""
    key: bytes | None = None


def head_of(scope: Mapping[str, Any]) -> Head:
    """The headers that matter; a request id is made where none was sent."""
    head = Head()
    for name, value in scope["headers"]:
        if name == b"content-type":
            if head.content_type is None:  # of several the first one, as with MLflow
                head.content_type = value.decode("latin-1")
        elif name == b"content-length":
            head.content_length = int(value) if value.isdigit() else -1
        elif name == b"x-request-id":
            head.request_id = value if _SAFE_ID.fullmatch(value) else b""
        elif name == b"authorization" and value[: len(_BEARER)].lower() == _BEARER:
            head.key = value[len(_BEARER) :].strip()
        elif name == b"x-api-key":
            head.key = value.strip()
    head.request_id = head.request_id or _new_id()
    return head


def _new_id() -> bytes:
    """A UUIDv7 (RFC 9562) as text: 48 bits of milliseconds since 1970, then 74 random ones."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    first = 0x7000 | random & 0x0FFF
    second = 0x8000 | random >> 12 & 0x3FFF
    text = f"{milliseconds:012x}{first:04x}{second:04x}{random >> 26 & 0xFFFFFFFFFFFF:012x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}".encode()
