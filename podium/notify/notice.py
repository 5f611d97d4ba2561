"""What is sent, to whom, and how far each delivery came."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

DeliveryState = Literal["waiting", "delivered", "failed"]
_NAMESPACE = uuid.UUID("5d3f3c52-2f0e-4a6e-9d0b-6c1a52f0c7d4")


@dataclass(frozen=True)
class Notice:
    """News of one entry of the ledger. `text` is a sentence for people, as Slack shows it."""

    entry_id: str
    model: str
    action: str
    text: str
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Delivery:
    """A notice on its way to one URL.

    `delivery_id` is the same at every attempt, so that a receiver can drop repeats. `due_at` is
    in Unix seconds; `reason` says why the last attempt did not deliver.
    """

    url: str
    delivery_id: str
    state: DeliveryState = "waiting"
    attempts: int = 0
    due_at: float = 0.0
    reason: str = ""


@dataclass(frozen=True)
class Queued:
    """A notice in the outbox, since `at` (Unix seconds), with its deliveries."""

    notice: Notice
    at: float
    deliveries: tuple[Delivery, ...]

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to send."""
        return all(delivery.state != "waiting" for delivery in self.deliveries)

    @property
    def has_failed(self) -> bool:
        """Whether a URL will not get it any more."""
        return any(delivery.state == "failed" for delivery in self.deliveries)


def delivery_id(entry_id: str, url: str) -> str:
    """The id by which the receiver at `url` knows the notice of `entry_id`, always the same."""
    return str(uuid.uuid5(_NAMESPACE, f"{entry_id}\n{url}"))
