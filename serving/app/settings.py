"""What the scoring server allows its callers."""

from __future__ import annotations

from dataclasses import dataclass

from serving.app.keys import Keys


@dataclass(frozen=True)
class AppSettings:
    """Limits of one worker.

    bodies_bytes: of bodies that come in at a time. concurrency: requests that are answered at a
    time; to more than that of either the reply is 503.
    timeout_seconds: after which a caller gets 504. keys: who may ask; None lets everybody.
    """

    max_body_bytes: int = 64 << 20
    bodies_bytes: int = 512 << 20
    concurrency: int = 256
    timeout_seconds: float = 60.0
    keys: Keys | None = None
    access_log: bool = False
