"""Signatures as MLflow's webhooks have them: HMAC-SHA256 over id, time and payload.

https://www.standardwebhooks.com describes the pattern.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

SIGNATURE_HEADER = "X-MLflow-Signature"
TIMESTAMP_HEADER = "X-MLflow-Timestamp"
DELIVERY_ID_HEADER = "X-MLflow-Delivery-Id"


def signature(secret: str, delivery_id: str, timestamp: str, body: bytes) -> str:
    """The signature's header for `body`, sent at `timestamp` (whole Unix seconds)."""
    signed = f"{delivery_id}.{timestamp}.".encode() + body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def verify_signature(
    secret: str,
    headers: Mapping[str, str],
    body: bytes,
    now: float,
    tolerance_seconds: float = 300.0,
) -> bool:
    """Whether who sent `body` knows `secret`, and sent it within `tolerance_seconds` of `now`.

    For receivers. Header names count in any case; the comparison takes the same time whatever is
    wrong. A receiver drops a delivery id that it has seen before. False where a header is missing.
    """
    given = {name.lower(): value for name, value in headers.items()}
    timestamp = given.get(TIMESTAMP_HEADER.lower(), "")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 16):
        return False
    if abs(now - int(timestamp)) > tolerance_seconds:
        return False
    wanted = signature(secret, given.get(DELIVERY_ID_HEADER.lower(), ""), timestamp, body)
    received = given.get(SIGNATURE_HEADER.lower(), "")
    return hmac.compare_digest(wanted.encode(), received.encode("utf-8", "replace"))
