"""Callers who are slow, endless or rude, over real sockets."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn

from serving.app import protocol
from serving.app.app import App
from serving.app.settings import AppSettings
from serving.app.slots import Slots
from tests.serving.app.test_app import Told

BODY = b'{"dataframe_records": [{"a": 1}]}'
HEAD = b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
WHOLE = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server whose patience is short."""
    patched = pytest.MonkeyPatch()
    patched.setattr(protocol, "PATIENCE_SECONDS", 0.4)
    patched.setattr(protocol, "PROGRESS_BYTES", 1000)
    slots = Slots(("m",))
    slots.put(Told())
    config = uvicorn.Config(
        App(slots, AppSettings()),
        http=protocol.GuardedHttpProtocol,
        loop="uvloop",
        ws="none",
        lifespan="off",
        log_config=None,
        timeout_keep_alive=30,
    )
    server = uvicorn.Server(config)
    listening = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield listening.getsockname()[1]
    server.should_exit = True
    thread.join()
    patched.undo()


@contextmanager
def connected(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        yield connection


def status_of(connection: socket.socket) -> bytes:
    """The status of the next reply; empty where the connection was closed instead."""
    try:
        return connection.recv(65536)[9:12]
    except ConnectionResetError:
        return b""


@pytest.mark.parametrize(
    "sent", [b"", b"POST /invocations HT", HEAD + b"Content-Length: 30\r\n\r\n", WHOLE[:-1]]
)
def test_a_request_that_does_not_come_to_its_end_is_given_up(port: int, sent: bytes) -> None:
    with connected(port) as connection:
        connection.sendall(sent)
        assert status_of(connection) == b""


def test_a_connection_that_waits_between_requests_stays(port: int) -> None:
    with connected(port) as connection:
        for _ in range(2):
            connection.sendall(WHOLE)
            assert status_of(connection) == b"200"
            time.sleep(0.6)
        connection.sendall(WHOLE[:-1])  # also after whole ones, half of one is waited for in vain
        assert status_of(connection) == b""


def test_a_slow_body_that_comes_on_is_waited_for(port: int) -> None:
    padded = BODY + b" " * 6000
    with connected(port) as connection:
        connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(padded))
        for start in range(0, len(padded), 600):
            connection.sendall(padded[start : start + 600])
            time.sleep(0.1)
        assert status_of(connection) == b"200"


def test_a_head_without_end_is_refused(port: int) -> None:
    with connected(port) as connection:
        connection.sendall(b"POST /invocations HTTP/1.1\r\n")
        try:
            for _ in range(100):
                connection.sendall(b"x-filler: " + b"x" * 2000 + b"\r\n")
        except OSError:
            return  # it hung up before all was sent
        assert status_of(connection) in (b"431", b"")


def test_what_is_not_http_is_refused(port: int) -> None:
    with connected(port) as connection:
        connection.sendall(b"hello\r\n\r\n")
        assert status_of(connection) == b"400"
