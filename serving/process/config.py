"""What a worker is started with: plain JSON on its command line."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

from serving.models.model import Batching


@dataclass(frozen=True)
class Callers:
    """What callers may do, and how they are let in.

    max_body_bytes, concurrency, timeout_seconds: as in the app's settings. keep_alive_seconds: how
    long a connection may be idle. api_keys, tls_cert, tls_key: files.
    """

    max_body_bytes: int = 64 << 20
    concurrency: int = 256
    timeout_seconds: float = 60.0
    keep_alive_seconds: float = 75.0
    api_keys: str | None = None
    tls_cert: str | None = None
    tls_key: str | None = None
    access_log: bool = False


@dataclass(frozen=True)
class WorkerConfig:
    """All that a worker is told before it starts.

    names: of the models that have a place. socket, reports: inherited file descriptors, of the
    socket that all workers share, and of the pipe that reports go to. grace_seconds: how long
    requests may go on once the worker is to end.
    """

    names: tuple[str, ...]
    socket: int = -1
    reports: int = -1
    grace_seconds: float = 30.0
    batching: Batching = "auto"
    callers: Callers = field(default_factory=Callers)

    def to_text(self) -> str:
        """As one line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> WorkerConfig:
        """Read what `to_text` wrote."""
        document = json.loads(text)
        document["names"] = tuple(document["names"])
        document["callers"] = Callers(**document["callers"])
        return cls(**document)
