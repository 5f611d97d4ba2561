"""Notices, targets and outboxes as the tests need them."""

from __future__ import annotations

import time
from pathlib import Path

from podium.notify import Notice, Outbox, Pace, Target

QUICK = Pace(first_seconds=0.01, cap_seconds=0.05)


def notice(entry_id: str = "e1", model: str = "flight_delay", action: str = "promote") -> Notice:
    return Notice(
        entry_id, model, action, f"{model}: version 3 is the champion.", {"model": model, "v": 3}
    )


def target(url: str, secret: str | None = None) -> Target:
    """A target on this machine, unencrypted."""
    return Target(url, secret, allow_http=True, allow_private=True)


def released(folder: Path, *entry_ids: str, urls: list[str]) -> Outbox:
    """An outbox in which the notices of `entry_ids` are due for `urls`."""
    outbox = Outbox(folder)
    for entry_id in entry_ids:
        assert outbox.prepare(notice(entry_id), [target(url) for url in urls], time.time()) is None
        assert outbox.release(entry_id) is None
    return outbox
