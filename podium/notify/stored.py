"""A queued notice as a file's text, and back. No secret is ever part of it."""

from __future__ import annotations

import json
from typing import Any

from podium.documents import to_json
from podium.errors import DataError
from podium.notify.notice import Delivery, Notice, Queued

_VERSION = 1
_STATES = ("waiting", "delivered", "failed")
_MAX_SECONDS = 2.0**35  # in about a thousand years


def to_text(queued: Queued) -> str:
    """`queued` as one JSON document."""
    notice = {**vars(queued.notice), "data": dict(queued.notice.data)}
    deliveries = [vars(delivery) for delivery in queued.deliveries]
    document = {"podium_notice": _VERSION, "at": queued.at, "notice": notice}
    return to_json({**document, "deliveries": deliveries}, indent=1)


def from_text(text: str) -> Queued:
    """What `to_text` wrote. Raises DataError where the text is anything else."""
    try:
        document = json.loads(text)
        if document["podium_notice"] != _VERSION:
            raise ValueError("it is of another version")
        return Queued(
            _notice(document["notice"]),
            _seconds(document["at"]),
            tuple(_delivery(item) for item in document["deliveries"]),
        )
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise DataError(
            f"This is no notice of Podium's outbox: {type(error).__name__}.",
            remedy="It is set aside in the outbox's folder `corrupt`.",
        ) from error


def _notice(item: dict[str, Any]) -> Notice:
    words = {key: item[key] for key in ("entry_id", "model", "action", "text")}
    if not all(isinstance(word, str) for word in words.values()):
        raise ValueError("a text is missing")
    return Notice(**words, data=dict(item["data"]))


def _delivery(item: dict[str, Any]) -> Delivery:
    words = {key: item[key] for key in ("url", "delivery_id", "state", "reason")}
    if not all(isinstance(word, str) for word in words.values()) or item["state"] not in _STATES:
        raise ValueError("a text is missing")
    return Delivery(**words, attempts=int(item["attempts"]), due_at=_seconds(item["due_at"]))


def _seconds(value: object) -> float:
    if not isinstance(value, (int, float)) or not 0 <= value < _MAX_SECONDS:
        raise ValueError("a time is none")
    return float(value)
