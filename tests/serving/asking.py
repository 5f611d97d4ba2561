"""Asks an ASGI application in this process, without a socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Reply:
    """Status, headers (names in lower case) and body of a reply."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The parsed body."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Ask:
    """A request; the body comes in as many parts as are given."""

    method: str
    path: str
    parts: Sequence[bytes] = (b"",)
    headers: Mapping[str, str] = field(default_factory=dict)


def scored(document: Any, path: str = "/invocations", **headers: str) -> Ask:
    """A request for predictions, as JSON."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = json.dumps(document).encode()
    return Ask("POST", path, (body,), {"content-type": "application/json", **named})


def ask(app: Any, request: Ask) -> Reply:
    """What `app` replies."""
    return asyncio.run(asked(app, request))


async def asked(app: Any, request: Ask) -> Reply:
    """The same, within a running event loop."""
    sent: list[dict[str, Any]] = []
    parts = list(request.parts)

    async def receive() -> dict[str, Any]:
        if not parts:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    headers = [(name.lower().encode(), value.encode()) for name, value in request.headers.items()]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": request.path,
        "raw_path": request.path.encode(),
        "query_string": b"",
        "headers": headers,
        "client": ("test", 1),
        "server": ("test", 80),
    }
    await app(scope, receive, send)
    if not sent:
        return Reply(0, {}, b"")
    named = {name.decode(): value.decode() for name, value in sent[0].get("headers", [])}
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return Reply(sent[0]["status"], named, body)
