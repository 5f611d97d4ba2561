"""One POST against real servers: good, slow, redirecting, encrypted, private ones."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from podium.notify import Delivery, Queued, Target, connection, verify_signature
from podium.notify.post import body_of, headers_of, retry_after_seconds, send
from podium.notify.schedule import Outcome
from tests.notify.made import notice, target
from tests.notify.receivers import certificate_for, receiver

QUEUED = Queued(notice(), 1_700_000_000.0, (Delivery("", "id-1"),))


def post(to: Target, timeout_seconds: float = 10.0) -> Outcome:
    body, now = body_of(QUEUED), time.time()
    return send(to, body, headers_of(to, "id-1", body, now), now, timeout_seconds)


@contextmanager
def listener(*, drip: bytes = b"") -> Iterator[tuple[str, list[bytes]]]:
    """A server that takes connections and never ends a reply; what it was sent."""
    got: list[bytes] = []
    is_over = threading.Event()

    def serve(server: socket.socket) -> None:
        while not is_over.is_set():
            try:
                taken, _ = server.accept()
            except OSError:
                continue
            with taken:
                taken.settimeout(0.05)
                while not is_over.is_set():
                    try:
                        got.append(taken.recv(65536))
                        if not got[-1]:
                            break
                    except TimeoutError:
                        pass
                    except OSError:
                        break
                    try:
                        taken.send(drip)
                    except OSError:
                        break

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        thread = threading.Thread(target=serve, args=(server,))
        thread.start()
        try:
            yield f"127.0.0.1:{server.getsockname()[1]}", got
        finally:
            is_over.set()
            thread.join()


def test_a_notice_arrives_as_slack_and_mlflow_have_it_and_is_signed() -> None:
    with receiver(204) as there:
        to = target(f"{there.url}?channel=a", secret="s3cret")
        assert post(to) == Outcome("delivered")
    (got,) = there.got
    assert got.path == "/hook?channel=a"
    assert json.loads(got.body) == {
        "entity": "podium.ledger",
        "action": "promote",
        "timestamp": "2023-11-14T22:13:20+00:00",
        "text": "flight_delay: version 3 is the champion.",
        "data": {"model": "flight_delay", "v": 3},
    }
    assert got.headers["Content-Type"] == "application/json"
    assert got.headers["X-MLflow-Delivery-Id"] == "id-1"
    assert got.headers["Host"] in there.url
    assert verify_signature("s3cret", got.headers, got.body, time.time())


def test_without_a_secret_nothing_is_signed() -> None:
    with receiver() as there:
        post(target(there.url))
    assert "X-MLflow-Signature" not in there.got[0].headers


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_redirect_is_followed(status: int) -> None:
    with receiver() as elsewhere, receiver(status, headers={"Location": elsewhere.url}) as there:
        outcome = post(target(there.url))
    assert outcome.result == "refused"
    assert "redirects are not followed" in outcome.reason
    assert elsewhere.got == []


@pytest.mark.parametrize("status", [400, 401, 404, 410])
def test_what_the_receiver_refuses_is_refused_with_its_words(status: int) -> None:
    with receiver(status, said=b"invalid_\x1b[31mpayload\n" + b"x" * 300_000) as there:
        outcome = post(target(there.url))
    assert outcome.result == "refused"
    assert outcome.reason.startswith(f"HTTP {status}: invalid_ [31mpayload xxx")
    assert len(outcome.reason) < 250


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_what_may_pass_is_tried_again_when_the_receiver_says(status: int) -> None:
    with receiver(status, headers={"Retry-After": "17"}) as there:
        outcome = post(target(there.url))
    assert outcome == Outcome("retry", f"HTTP {status}", 17.0)


def test_retry_after_is_read_as_seconds_or_as_a_date() -> None:
    assert retry_after_seconds("120", now=0.0) == 120
    assert retry_after_seconds(formatdate(1_000_030, usegmt=True), now=1_000_000.0) == 30
    for text in ("", "soon", "-5", formatdate(0, usegmt=True), "²"):
        assert retry_after_seconds(text, now=1_000_000.0) == 0


def test_a_server_that_is_not_there_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    outcome = post(target(f"http://127.0.0.1:{port}"))
    assert outcome.result == "retry"
    assert outcome.is_unreachable


@pytest.mark.parametrize("drip", [b"", b"H", b"HTTP/1.1 100 Continue\r\n\r\n"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_server_that_never_ends_its_reply_is_left_at_the_deadline(
    scheme: str, drip: bytes
) -> None:
    with listener(drip=drip) as (address, _):
        started = time.monotonic()
        outcome = post(target(f"{scheme}://{address}"), timeout_seconds=0.4)
        assert time.monotonic() - started < 8
    assert outcome.result == "retry"
    assert outcome.is_unreachable


def test_an_answer_that_is_no_http_is_tried_again() -> None:
    with listener(drip=b"220 smtp.example\r\n") as (address, _):
        assert post(target(f"http://{address}")).result == "retry"


def test_a_delivery_counts_although_its_reply_never_ends() -> None:
    def promise_more(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")

    with receiver(before_reply=promise_more) as there:
        assert post(target(there.url), timeout_seconds=5).result == "delivered"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433"])
def test_a_private_address_is_refused_before_a_byte_is_sent(host: str) -> None:
    with listener() as (address, got):
        outcome = post(Target(f"http://{host}:{address.split(':')[1]}/", allow_http=True))
        assert outcome.result == "refused"
        assert "private address" in outcome.reason
    assert b"".join(got) == b""


def test_the_peer_of_the_connected_socket_is_checked_too(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = iter([True, False])
    monkeypatch.setattr(connection, "is_public", lambda _: next(looks))
    with listener() as (address, got):
        outcome = post(Target(f"http://{address}/", allow_http=True))
    assert outcome.result == "refused"
    assert b"".join(got) == b""


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with receiver() as there:
        assert post(target(there.url)).result == "delivered"


def test_https_needs_a_trusted_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = certificate_for("127.0.0.1", tmp_path)
    with receiver(certificate=certificate) as there:
        outcome = post(target(there.url))
        assert outcome.result == "retry"
        assert "CERTIFICATE_VERIFY_FAILED" in outcome.reason
        assert there.got == []
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert post(target(there.url)).result == "delivered"
    assert len(there.got) == 1


def test_https_needs_a_certificate_of_that_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = certificate_for("another.example", tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with receiver(certificate=certificate) as there:
        outcome = post(target(there.url))
    assert "CERTIFICATE_VERIFY_FAILED" in outcome.reason
    assert there.got == []
