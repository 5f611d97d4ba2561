"""`podium serve` in processes of its own, and what it says, asked for and waited for."""

from __future__ import annotations

import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from click.testing import CliRunner

from podium.cli import main
from registry_tools.outcome import Outcome, Wanted
from registry_tools.registrar import Registrar
from registry_tools.registry import MlflowRegistry
from tests.registry_tools.backends import Backend, as_client, process_environment

PATIENCE_SECONDS = 60.0
ROW = {"distance": 1800.0, "gate": 7.0, "carrier": "AA", "at": "2024-03-01T12:00:00Z"}
BODY = json.dumps({"dataframe_records": [ROW]}).encode()


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    version: str | None
    body: bytes

    @property
    def predictions(self) -> Any:
        """The predictions of a good reply."""
        return json.loads(self.body)["predictions"]


@dataclass
class Server:
    """One `podium serve`. events: what it said so far, newest last."""

    process: subprocess.Popen[str]
    lines: Path
    events: list[dict[str, Any]] = field(default_factory=list)
    _came: threading.Condition = field(default_factory=threading.Condition)
    _over: bool = False

    @property
    def url(self) -> str:
        """Where it answers; it must be ready."""
        return str(self.wait_for("ready")["url"])

    def wait_for(self, event: str, *, after: int = 0, **facts: object) -> Any:
        """The first event of that name with those facts, but for the first `after` of all; it may
        be still to come.
        """

        def found() -> dict[str, Any] | None:
            return next((e for e in self.events[after:] if _is(e, event, facts)), None)

        with self._came:
            self._came.wait_for(lambda: found() or self._over, PATIENCE_SECONDS)
            one = found()
        if one is None:
            raise AssertionError(f"no {event} {facts}:\n{self.said}")
        return one

    @property
    def said(self) -> str:
        """All that it wrote to standard error."""
        return self.lines.read_text()

    @property
    def workers(self) -> list[int]:
        """The process ids of its workers."""
        pid = self.process.pid
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return [int(word) for word in text.split()]

    def connect(self, context: ssl.SSLContext | None = None) -> http.client.HTTPConnection:
        """A connection that stays open."""
        place = urlsplit(self.url)
        host, port = place.hostname or "", place.port
        if context is None:
            return http.client.HTTPConnection(host, port, timeout=PATIENCE_SECONDS)
        return http.client.HTTPSConnection(host, port, timeout=PATIENCE_SECONDS, context=context)

    def ask(self, path: str = "/invocations", **headers: str) -> Reply:
        """Ask for predictions on a connection of its own."""
        connection = self.connect()
        try:
            return ask_on(connection, path, **headers)
        finally:
            connection.close()

    def get(self, path: str) -> int:
        """The status of a page."""
        connection = self.connect()
        connection.request("GET", path)
        status = connection.getresponse().status
        connection.close()
        return status

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send it a signal; its exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)

    def close(self) -> None:
        """Let go of its output; it must have ended."""
        with self._came:
            self._came.wait_for(lambda: self._over, PATIENCE_SECONDS)
        if self.process.stdout is not None:
            self.process.stdout.close()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            with self._came:
                self.events.append(json.loads(line))
                self._came.notify_all()
        with self._came:
            self._over = True
            self._came.notify_all()


def ask_on(connection: http.client.HTTPConnection, path: str, **headers: str) -> Reply:
    """Ask for predictions on a connection that may have been used before."""
    connection.request("POST", path, BODY, {"Content-Type": "application/json", **headers})
    response = connection.getresponse()
    return Reply(response.status, response.getheader("X-Model-Version"), response.read())


def reason_of(server: Server, model: str) -> Any:
    """Why /ready says that a version of `model` was not taken; None where it says nothing."""
    connection = server.connect()
    connection.request("GET", "/ready")
    document = json.loads(connection.getresponse().read())
    connection.close()
    return document["models"][model]["refused"]


def start(
    backend: Backend, folder: Path, *options: str, env: Mapping[str, str] | None = None
) -> Server:
    """Start `podium serve` with a free port, in `folder`, where its cache is too."""
    lines = folder / "serve.err"
    command = [sys.executable, "-m", "podium", "serve", "--json", "--port", "0", *options]
    environment = process_environment(backend, PODIUM_STATE=str(folder / "state"), **(env or {}))
    with lines.open("w") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=log, text=True
        )
    server = Server(process, lines)
    threading.Thread(target=server._read, daemon=True).start()
    return server


@contextmanager
def serving(
    backend: Backend, folder: Path, *options: str, env: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Like `start`; it is killed at the end, and its workers too."""
    server = start(backend, folder, *options, env=env)
    try:
        yield server
    finally:
        with suppress(OSError):
            for pid in (*server.workers, server.process.pid):
                os.kill(pid, signal.SIGKILL)
        server.process.wait()
        server.close()


def outcome(backend: Backend, folder: Path, *options: str) -> tuple[int, str]:
    """The exit code of a `podium serve` that does not get far, and what it said."""
    with as_client(backend):
        given = ["serve", "--port", "0", "--cache", str(folder), *options]
        result = CliRunner().invoke(main, given)
    return result.exit_code, result.stderr


def act(backend: Backend, name: str, what: Callable[[Registrar], Outcome]) -> Outcome:
    """Do something to the model `name`, in this process."""
    with as_client(backend):
        return what(Registrar(MlflowRegistry(), name))


def promote(backend: Backend, name: str, version: int) -> Outcome:
    """Bring `version` to production, past the gates."""
    wanted = Wanted("tests", "for a test")
    return act(backend, name, lambda r: r.promote(version, "production", wanted, forced=True))


def roll_back(backend: Backend, name: str) -> Outcome:
    """Go back to the version before."""
    return act(backend, name, lambda r: r.rollback(None, Wanted("tests", f"at {time.time()}")))


def until(found: Callable[[], object], what: str, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until `found` gives something true."""
    deadline = time.monotonic() + seconds
    while not found():
        if time.monotonic() > deadline:
            raise AssertionError(f"it never came that {what}")
        time.sleep(0.05)


def gone(pid: int) -> bool:
    """Whether a process has ended, even if nobody has asked how."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def _is(event: Mapping[str, Any], name: str, facts: Mapping[str, object]) -> bool:
    return event["event"] == name and all(event.get(key) == facts[key] for key in facts)
