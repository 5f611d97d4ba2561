"""The few headers of a request that the server looks at."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from registry_tools.ids import uuid7_text

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
    fields: dict[bytes, bytes] = dict(scope["headers"])
    head = Head()
    if (content_type := fields.get(b"content-type")) is not None:
        if len(fields) < len(scope["headers"]):  # of several the first one, as with MLflow
            content_type = next(v for name, v in scope["headers"] if name == b"content-type")
        head.content_type = content_type.decode("latin-1")
    length = fields.get(b"content-length", b"")
    head.content_length = int(length) if length.isdigit() else -1
    sent = fields.get(b"x-request-id", b"")
    head.request_id = sent
    if not _SAFE_ID.fullmatch(sent):
        head.request_id = uuid7_text(random.getrandbits(74)).encode()  # a name, and no secret
    said = fields.get(b"authorization", b"")
    if said[: len(_BEARER)].lower() == _BEARER:
        head.key = said[len(_BEARER) :].strip()
    elif (key := fields.get(b"x-api-key")) is not None:
        head.key = key.strip()
    return head
