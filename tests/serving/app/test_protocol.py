"""Callers who are slow, endless or rude, over real sockets."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
import uvicorn

from serving.app import protocol
from serving.app.app import App
from serving.app.settings import AppSettings
from serving.app.slots import Slots
from serving.models.model import Answer, Asked
from tests.serving.app.test_app import Told

BODY = b'{"dataframe_records": [{"a": 1}]}'
HEAD = b"POST /models/m/invocations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
WHOLE = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY


class Echo(Told):
    """Answers with what it was sent."""

    def answer_now(self, asked: Asked) -> Answer:
        return Answer(200, asked.body)


class Large(Told):
    """Says more than a connection holds."""

    def __init__(self) -> None:
        super().__init__("large")

    def answer_now(self, asked: Asked) -> Answer:
        return Answer(200, b" " * (32 << 20))


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server whose patience is short."""
    patched = pytest.MonkeyPatch()
    patched.setattr(protocol, "PATIENCE_SECONDS", 0.4)
    patched.setattr(protocol, "PROGRESS_BYTES", 1000)
    patched.setattr(protocol, "READ_SECONDS", 0.4)
    patched.setattr(protocol, "DROP_BYTES", 4 << 20)
    slots = Slots(("m", "large"))
    slots.put(Echo())
    slots.put(Large())
    config = uvicorn.Config(
        App(slots, AppSettings(max_body_bytes=1 << 20)),
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
        connection.sendall(b"POST /models/m/invocations HTTP/1.1\r\n")
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


def test_who_sends_too_large_a_body_gets_to_read_why(port: int) -> None:
    body = b" " * (3 << 20)
    with connected(port) as connection:
        connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        assert status_of(connection) == b"413"
        connection.sendall(WHOLE)  # the rest was dropped, and the connection is good
        assert status_of(connection) == b"200"


def test_who_sends_on_and_on_is_cut_off(port: int) -> None:
    sent = 0
    with connected(port) as connection, suppress(OSError):
        connection.sendall(HEAD + b"Content-Length: 1000000000\r\n\r\n")
        while sent < 1000:  # MiB
            connection.sendall(b" " * (1 << 20))
            sent += 1
    assert sent < 100


def test_headers_behind_a_body_are_not_looked_at(port: int) -> None:
    chunked = HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(BODY) + BODY + b"\r\n0\r\n"
    with connected(port) as connection:
        connection.sendall(chunked + b"Content-Type: text/plain\r\nX-Request-Id: forged\r\n\r\n")
        reply = connection.recv(65536)
    assert reply[9:12] == b"200"
    assert b"forged" not in reply


def test_who_does_not_read_is_hung_up_on(port: int) -> None:
    with connected(port) as connection:
        connection.sendall(WHOLE.replace(b"/models/m/", b"/models/large/"))
        time.sleep(2)
        received = 0
        with suppress(ConnectionResetError):
            while part := connection.recv(1 << 20):
                received += len(part)
        assert received < 32 << 20


def test_a_caller_that_offers_http_2_is_answered_all_the_same(port: int) -> None:
    upgrade = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEA\r\n"
    with connected(port) as connection:
        connection.sendall(WHOLE.replace(b"Host: x\r\n", b"Host: x\r\n" + upgrade))
        reply = connection.recv(65536)
    assert reply[9:12] == b"200"
    assert reply.endswith(BODY)
