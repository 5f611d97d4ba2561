"""The scoring server as an ASGI application: MLflow's protocol over whatever models are loaded."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from typing import Any

from serving.app.body import Gone, Receive, Room, TooLarge, TooMuch, read_body
from serving.app.metrics import Metrics
from serving.app.openapi import openapi_document
from serving.app.request import Head, head_of
from serving.app.settings import AppSettings
from serving.app.slots import Slots
from serving.models.model import Answer, Asked, Model
from serving.models.replies import problem

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]
_LATER: Headers = [(b"retry-after", b"1")]
_SHORT_MESSAGE = "Request processing time exceeded limit"
_log = logging.getLogger(__name__)
_access = logging.getLogger("serving.access")


class App:
    """Routes requests, and keeps to the limits. One instance a worker.

    draining: set when the server is about to stop, so that /ready says no.
    """

    def __init__(self, slots: Slots, settings: AppSettings, metrics: Metrics | None = None) -> None:
        self.slots = slots
        self.settings = settings
        self.metrics = Metrics() if metrics is None else metrics
        self.draining = False
        self._requests = 0
        self._room = Room(max(settings.bodies_bytes, settings.max_body_bytes))
        self._mlflow_version = version("mlflow").encode()
        self._models = {f"/models/{name}/invocations": name for name in slots.names}
        if len(slots.names) == 1:
            self._models["/invocations"] = slots.names[0]
        self._pages: dict[str, Callable[[], Answer]] = {
            "/ping": self._ping,
            "/health": self._ping,
            "/version": lambda: Answer(200, self._mlflow_version),
        }
        self._guarded: dict[str, Callable[[], Answer]] = {
            "/metrics": lambda: Answer(200, self.metrics.page(), "text/plain; version=0.0.4"),
            "/openapi.json": lambda: Answer(
                200, openapi_document(slots, keys=settings.keys is not None)
            ),
        }

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        head = head_of(scope)
        name = self._models.get(scope["path"])
        if name is not None and scope["method"] == "POST":
            await self._predict(name, head, receive, send)
            return
        answer, headers = self._page(scope, head)
        await _reply(send, answer, head, headers)

    async def _predict(self, name: str, head: Head, receive: Receive, send: Send) -> None:
        try:
            answer, headers = self._turned_away(head) or await self._scored(name, head, receive)
        except Gone:
            self.metrics.turned_away("gone")
        else:
            await _reply(send, answer, head, headers)

    def _turned_away(self, head: Head) -> tuple[Answer, Headers] | None:
        """The reply to a request that is not let in."""
        if not self._may(head):
            return self._no_key()
        if head.content_length > self.settings.max_body_bytes:
            return self._too_large()
        return None

    async def _scored(self, name: str, head: Head, receive: Receive) -> tuple[Answer, Headers]:
        """The reply to one that is. Raises Gone."""
        try:
            body = await read_body(receive, self.settings.max_body_bytes, self._room)
        except TooLarge:
            return self._too_large()
        except TooMuch:
            return self._busy("The server has no room for more at a time.")
        if self._requests >= self.settings.concurrency:
            return self._busy("The server is busy with as many requests as it takes at a time.")
        held = self.slots.hold(name)
        if held is None:
            return self._unloaded(name)
        self._requests += 1
        try:
            start, model = time.perf_counter(), held.model
            asked = Asked(body, head.content_type)
            quick = model.quick(asked)
            answer = model.answer_now(asked) if quick else await self._in_time(model, asked)
            self._note(name, head, answer, time.perf_counter() - start, model)
            return answer, _headers_of(model)
        finally:
            self._requests -= 1
            held.release()

    async def _in_time(self, model: Model, asked: Asked) -> Answer:
        if model.stuck:
            return problem(503, "TEMPORARILY_UNAVAILABLE", "All calls of the model hang.")
        try:
            async with asyncio.timeout(self.settings.timeout_seconds):
                return await model.answer(asked)
        except TimeoutError:
            return problem(504, "DEADLINE_EXCEEDED", f"{_SHORT_MESSAGE}.")

    def _note(self, name: str, head: Head, answer: Answer, seconds: float, model: Model) -> None:
        self.metrics.answered(name, answer.status, seconds)
        if self.settings.access_log:
            line = {
                "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "model": name,
                "version": model.assigned.version,
                "status": answer.status,
                "milliseconds": round(seconds * 1000, 3),
                "bytes": max(head.content_length, 0),
                "request_id": head.request_id.decode(),
            }
            _access.info(json.dumps(line))

    def _page(self, scope: Mapping[str, Any], head: Head) -> tuple[Answer, Headers]:
        path, method = scope["path"], scope["method"]
        page = self._pages.get(path) or self._guarded.get(path)
        if path == "/ready":
            page = partial(self._ready, details=self._may(head))
        if page is None and path not in self._models:
            return self._not_found(path), []
        allowed = "GET" if page is not None else "POST"
        if page is None or method != "GET":
            answer = problem(405, "BAD_REQUEST", f"{path} is asked by {allowed}.")
            return answer, [(b"allow", allowed.encode())]
        if path in self._guarded and not self._may(head):
            return self._no_key()
        return page(), []

    def _ping(self) -> Answer:
        """MLflow's: 200 where the models are loaded, 404 else."""
        loaded = all(self.slots.get(name) is not None for name in self.slots.names)
        return Answer(200 if loaded else 404, b"\n")

    def _ready(self, *, details: bool) -> Answer:
        """Whether every model answers; with `details` which version of it, and what is wrong."""
        models = {name: self._state_of(name) for name in self.slots.names}
        ready = not self.draining and all(state["ready"] for state in models.values())
        document: dict[str, Any] = {"ready": ready}
        if details:
            document |= {"models": models, "registry": self.slots.registry}
        return Answer(200 if ready else 503, json.dumps(document).encode())

    def _state_of(self, name: str) -> dict[str, Any]:
        model, refused = self.slots.get(name), self.slots.refused.get(name)
        if model is None:
            waiting = refused or "nothing was in production yet"
            return {"ready": False, "version": None, "refused": waiting}
        assigned = model.assigned
        return {
            "ready": not model.stuck,
            "version": assigned.version or None,
            "role": assigned.role,
            "entry": assigned.entry,
            "form": model.form,
            "refused": refused,
        }

    def _may(self, head: Head) -> bool:
        keys = self.settings.keys
        return keys is None or (head.key is not None and keys.name_of(head.key) is not None)

    def _no_key(self) -> tuple[Answer, Headers]:
        self.metrics.turned_away("key")
        message = "Send a valid API key: Authorization: Bearer KEY."
        return problem(401, "UNAUTHENTICATED", message), [(b"www-authenticate", b"Bearer")]

    def _too_large(self) -> tuple[Answer, Headers]:
        self.metrics.turned_away("too_large")
        message = f"The body is larger than {self.settings.max_body_bytes} bytes."
        return problem(413, "BAD_REQUEST", message), []

    def _busy(self, message: str) -> tuple[Answer, Headers]:
        self.metrics.turned_away("busy")
        return problem(503, "TEMPORARILY_UNAVAILABLE", message), _LATER

    def _unloaded(self, name: str) -> tuple[Answer, Headers]:
        self.metrics.turned_away("unloaded")
        message = f"No version of {name} is loaded; /ready says why."
        return problem(503, "TEMPORARILY_UNAVAILABLE", message), _LATER

    def _not_found(self, path: str) -> Answer:
        message = "There is nothing here."
        if path == "/invocations":
            others = ", ".join(sorted(self._models))
            message = f"Several models are served; ask one of {others}."
        return problem(404, "ENDPOINT_NOT_FOUND", message)


def _headers_of(model: Model) -> Headers:
    assigned = model.assigned
    return [
        (b"x-model-version", assigned.version.encode() or b"none"),
        (b"x-model-role", assigned.role.encode()),
    ]


async def _reply(send: Send, answer: Answer, head: Head, headers: Headers) -> None:
    start = [
        (b"content-type", answer.content_type.encode()),
        (b"content-length", str(len(answer.body)).encode()),
        (b"x-request-id", head.request_id),
        *headers,
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": start})
    await send({"type": "http.response.body", "body": answer.body})
