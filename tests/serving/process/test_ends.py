"""How servers end, and that callers and workers are not forgotten then."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.artifact.samples import boosted
from tests.registry_tools.backends import Backend
from tests.registry_tools.models import new_name, register_artifact
from tests.serving.process.servers import BODY, Server, gone, outcome, promote, serving, until


@pytest.fixture(scope="module")
def name(backend: Backend) -> str:
    """A model with a version in production."""
    name = new_name()
    register_artifact(backend, name, scorer=boosted())
    promote(backend, name, 1)
    return name


@contextmanager
def _half_sent(server: Server) -> Iterator[socket.socket]:
    """A request whose body is not all there yet."""
    place = urlsplit(server.url)
    with socket.create_connection((str(place.hostname), place.port or 0), timeout=60) as caller:
        head = "POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        caller.sendall(f"{head}Content-Length: {len(BODY)}\r\n\r\n".encode() + BODY[:10])
        time.sleep(0.5)  # the worker begins to read it
        yield caller


def test_a_request_that_is_there_is_answered_before_the_server_stops(
    backend: Backend, name: str, tmp_path: Path
) -> None:
    with serving(backend, tmp_path, name) as server, _half_sent(server) as caller:
        server.process.send_signal(signal.SIGTERM)
        server.wait_for("stopping")
        time.sleep(0.3)
        assert server.process.poll() is None
        caller.sendall(BODY[10:])
        assert caller.recv(100_000).startswith(b"HTTP/1.1 200 OK")
        assert server.process.wait(30) == 0


def test_workers_end_when_the_supervisor_was_killed(
    backend: Backend, name: str, tmp_path: Path
) -> None:
    with serving(backend, tmp_path, name, "--workers", "2") as server:
        server.wait_for("ready")
        workers = server.workers
        assert len(workers) == 2
        server.end(signal.SIGKILL)
        until(lambda: all(gone(pid) for pid in workers), "the workers ended")


def test_a_server_whose_worker_keeps_dying_gives_up(
    backend: Backend, name: str, tmp_path: Path
) -> None:
    with serving(backend, tmp_path, name) as server:
        server.wait_for("ready")
        killed: set[int] = set()
        while server.process.poll() is None:
            for pid in set(server.workers) - killed:
                os.kill(pid, signal.SIGKILL)
                killed.add(pid)
            time.sleep(0.02)
        assert server.process.returncode == 1
        assert "ended more than 5 times within 60 s, the last time by signal 9" in server.said
        assert len(killed) == 6


def test_a_worker_that_hangs_is_not_waited_for_when_the_server_stops(
    backend: Backend, name: str, tmp_path: Path
) -> None:
    with serving(backend, tmp_path, name, "--grace", "1s") as server:
        server.wait_for("ready")
        os.kill(server.workers[0], signal.SIGSTOP)
        assert server.end() == 0


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("nobody-knows-it",), 4, "There is no registered model 'nobody-knows-it'"),
        ((), 2, "Name one or more registered models"),
        (("-m", "models:/{name}/77"), 4, "no version 77"),
        (("{name}", "--tls-cert", "no-such.pem"), 2, "no-such.pem is no file"),
        (("{name}", "--host", "192.0.2.1"), 2, "no address of this machine"),
    ],
)
def test_what_cannot_be_served_is_said_with_an_exit_code(
    backend: Backend, name: str, tmp_path: Path, options: tuple[str, ...], code: int, said: str
) -> None:
    given = [option.format(name=name) for option in options]
    ended, text = outcome(backend, tmp_path, *given)
    assert (ended, said in text) == (code, True), text
