"""MLflow's server and ours, for one model, both called in this process without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
from mlflow.pyfunc import scoring_server

from serving.app.app import App
from serving.app.settings import AppSettings
from serving.app.slots import Slots
from serving.assignment import Assigned
from serving.loader import open_pyfunc
from serving.models.model import ModelSettings
from serving.models.pyfunc import PyfuncModel


@dataclass(frozen=True)
class Request:
    """What is sent. name: what is particular about it."""

    name: str
    body: bytes = b""
    content_type: bytes | None = b"application/json"
    method: str = "POST"
    path: str = "/invocations"


@dataclass(frozen=True)
class Reply:
    """What is replied."""

    status: int
    content_type: str
    body: bytes


class Servers:
    """Both servers, each with the model in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.model: PyfuncModel = open_pyfunc(
            Assigned("m", "1", "champion", str(folder)), _SETTINGS
        )
        slots = Slots(["m"])
        slots.put(self.model)
        self._podium = App(slots, AppSettings())
        self._mlflow = scoring_server.init(mlflow.pyfunc.load_model(str(folder)))
        self._runner = asyncio.Runner()

    def mlflow(self, request: Request) -> Reply:
        """What `mlflow models serve` replies."""
        return self._runner.run(call(self._mlflow, request))

    def podium(self, request: Request) -> Reply:
        """What `podium serve` replies."""
        return self._runner.run(call(self._podium, request))

    def podium_at_once(self, requests: Sequence[Request]) -> list[Reply]:
        """The same for many callers at a time."""

        async def gathered() -> list[Reply]:
            return await asyncio.gather(*(call(self._podium, request) for request in requests))

        return self._runner.run(gathered())

    def close(self) -> None:
        """End the event loop, and the model's threads."""
        self.model.close()
        self._runner.close()


_SETTINGS = ModelSettings(threads=2)


async def call(app: Any, request: Request) -> Reply:
    """Call an ASGI application."""
    sent: list[dict[str, Any]] = []
    events = [{"type": "http.request", "body": request.body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        if events:
            return events.pop()
        return await asyncio.Event().wait()  # type: ignore[return-value]

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    try:
        await app(_scope(request), receive, send)
    except Exception:  # Starlette replies 500, and raises what happened for its server to log
        if not sent:
            raise
    headers = dict(sent[0]["headers"])
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return Reply(sent[0]["status"], headers.get(b"content-type", b"").decode(), body)


def _scope(request: Request) -> dict[str, Any]:
    headers = [(b"content-length", str(len(request.body)).encode())]
    if request.content_type is not None:
        headers.append((b"content-type", request.content_type))
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": request.path,
        "raw_path": request.path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": headers,
        "client": ("test", 1),
        "server": ("test", 80),
    }
