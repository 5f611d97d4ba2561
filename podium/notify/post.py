"""Sends one notice to one URL, once."""

from __future__ import annotations

import http.client
import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from podium import __version__
from podium.documents import to_json
from podium.notify.connection import AddressRefused, CheckedConnection, Peer, TooSlow
from podium.notify.notice import Queued
from podium.notify.schedule import Outcome
from podium.notify.signature import (
    DELIVERY_ID_HEADER,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    signature,
)
from podium.settings import Target

TIMEOUT_SECONDS = 10.0
MAX_REPLY_BYTES = 64 * 1024
_SHOWN_CHARACTERS = 200


def body_of(queued: Queued) -> bytes:
    """What is sent: the same bytes at every attempt. Slack takes it for its `text`."""
    notice = queued.notice
    document = {
        "entity": "podium.ledger",
        "action": notice.action,
        "timestamp": datetime.fromtimestamp(queued.at, UTC).isoformat(),
        "text": notice.text,
        "data": notice.data,
    }
    return to_json(document).encode()


def headers_of(target: Target, delivery_id: str, body: bytes, now: float) -> dict[str, str]:
    """The headers, with a signature where `target` has a secret."""
    timestamp = str(int(now))
    headers = {
        "Host": urlsplit(target.url).netloc,
        "Content-Type": "application/json",
        "User-Agent": f"podium/{__version__}",
        "Connection": "close",
        DELIVERY_ID_HEADER: delivery_id,
        TIMESTAMP_HEADER: timestamp,
    }
    if target.secret is not None:
        headers[SIGNATURE_HEADER] = signature(target.secret, delivery_id, timestamp, body)
    return headers


def send(
    target: Target,
    body: bytes,
    headers: dict[str, str],
    now: float,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> Outcome:
    """POST `body` to `target`, and say what came of it. Never raises for what the network does."""
    try:
        connection = CheckedConnection(_peer(target), timeout_seconds)
        try:
            with connection.within_the_deadline():
                connection.request("POST", _path(target.url), body, headers)
                with connection.getresponse() as reply:
                    said = "" if 200 <= reply.status < 300 else _said(reply)
                    return outcome_of(reply.status, reply.headers, said, now)
        finally:
            connection.close()
    except AddressRefused as error:
        return Outcome(
            "refused",
            f"{error} is a private address; allow_private permits it where it is meant",
        )
    except TooSlow:
        return Outcome("retry", f"no reply within {timeout_seconds:g} s", is_unreachable=True)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Outcome("retry", f"{type(error).__name__}: {error}", is_unreachable=True)


def outcome_of(status: int, headers: http.client.HTTPMessage, said: str, now: float) -> Outcome:
    """What a reply means: 2xx is delivered, 429 and 5xx are tried again, all else is refused."""
    if 200 <= status < 300:
        return Outcome("delivered")
    if status == 429 or status >= 500:
        wait = retry_after_seconds(headers.get("Retry-After", ""), now)
        return Outcome("retry", f"HTTP {status}{said}", wait)
    if 300 <= status < 400:
        return Outcome("refused", f"HTTP {status}: redirects are not followed; give the last URL")
    return Outcome("refused", f"HTTP {status}{said}")


def retry_after_seconds(text: str, now: float) -> float:
    """What a Retry-After header asks for, in seconds or as a date; 0 where it says nothing."""
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, TypeError, OverflowError):
        return 0.0


def _peer(target: Target) -> Peer:
    parts = urlsplit(target.url)
    is_encrypted = parts.scheme == "https"
    return Peer(
        host=parts.hostname or "",
        port=parts.port or (443 if is_encrypted else 80),
        context=ssl.create_default_context() if is_encrypted else None,
        allow_private=target.allow_private,
    )


def _path(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"


def _said(reply: http.client.HTTPResponse) -> str:
    """The beginning of a reply's text, as one printable line."""
    try:
        text = reply.read(MAX_REPLY_BYTES).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException):
        return ""  # the status says enough
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return f": {line[:_SHOWN_CHARACTERS]}" if line else ""
