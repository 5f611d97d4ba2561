"""MLflow's own scoring server, called in this process without a socket."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from mlflow.pyfunc import PyFuncModel, scoring_server


@dataclass(frozen=True)
class Reply:
    """Status and body of a reply."""

    status: int
    text: str

    @property
    def json(self) -> Any:
        """The parsed body."""
        return json.loads(self.text)


def post(model: PyFuncModel, body: bytes, content_type: str = "application/json") -> Reply:
    """What `mlflow models serve` would answer on `/invocations`."""
    return asyncio.run(_post(scoring_server.init(model), body, content_type))


async def _post(app: Any, body: bytes, content_type: str) -> Reply:
    sent: list[dict[str, Any]] = []
    requests = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        if requests:
            return requests.pop()
        return await asyncio.Event().wait()  # type: ignore[return-value]

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/invocations",
        "raw_path": b"/invocations",
        "query_string": b"",
        "headers": [(b"content-type", content_type.encode())],
        "client": ("test", 1),
        "server": ("test", 80),
    }
    await app(scope, receive, send)
    text = b"".join(message.get("body", b"") for message in sent[1:])
    return Reply(sent[0]["status"], text.decode())
