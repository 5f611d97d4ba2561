"""What the scoring server allows its callers."""

from __future__ import annotations

from dataclasses import dataclass

from serving.app.keys import Keys


@dataclass(frozen=True)
class AppSettings:
    """Limits of one worker.

    concurrency: requests at a time, from their first byte to the answer; others get 503.
    timeout_seconds: after which a caller gets 504. keys: who may ask; None lets everybody.
    """

    max_body_bytes: int = 64 << 20
    concurrency: int = 256
    timeout_seconds: float = 60.0
    keys: Keys | None = None
    access_log: bool = False
