"""A reverse proxy that loses, delays, repeats and refuses requests as a test tells it to."""

from __future__ import annotations

import http.client
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Literal
from urllib.parse import urlsplit

_UPSTREAM_TIMEOUT_SECONDS = 60
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}


@dataclass(frozen=True)
class Fault:
    """What happens to one request. Made by the constants and functions below.

    `seconds`: how long a delay lasts at most. `until`: an event that ends it before.
    """

    kind: Literal[
        "pass", "delay_request", "delay_reply", "drop_request", "drop_reply", "repeat", "answer"
    ]
    seconds: float = 0
    until: threading.Event | None = None
    status: int = 0
    retry_after_seconds: int | None = None


PASS = Fault("pass")
DROP_REQUEST = Fault("drop_request")
"""The connection is closed; upstream sees nothing."""
DROP_REPLY = Fault("drop_reply")
"""Upstream does the work; then the connection is closed without an answer."""
REPEAT = Fault("repeat")
"""Upstream gets the request twice, one after the other; the second answer is replied."""


def delay_request(seconds: float, until: threading.Event | None = None) -> Fault:
    """Hold the request, then forward it, even where the client has given up meanwhile."""
    return Fault("delay_request", seconds, until)


def delay_reply(seconds: float, until: threading.Event | None = None) -> Fault:
    """Forward the request at once, and hold what upstream answers."""
    return Fault("delay_reply", seconds, until)


def answer(status: int, retry_after_seconds: int | None = None) -> Fault:
    """Answer with an error, such as 500, 429 or 503, without asking upstream."""
    return Fault("answer", status=status, retry_after_seconds=retry_after_seconds)


Rule = Callable[[str, str, int], Fault]
"""From method, path without query, and the how-manieth request of those two this is (from 1)."""


def on(method: str, path_end: str, *faults: Fault) -> Rule:
    """The first fault for the first request of this method whose path ends so, and so on.

    What comes after the last fault passes, and so does every other request. Give one fault with
    `always` where all are to fail.
    """

    def rule(asked: str, path: str, count: int) -> Fault:
        hit = asked == method and path.endswith(path_end) and count <= len(faults)
        return faults[count - 1] if hit else PASS

    return rule


def always(fault: Fault, method: str = "", path_end: str = "") -> Rule:
    """This fault for every request, or for every one of a method or of an end of the path."""

    def rule(asked: str, path: str, _: int) -> Fault:
        return fault if method in ("", asked) and path.endswith(path_end) else PASS

    return rule


@dataclass(frozen=True)
class Seen:
    """One request that arrived.

    `upstream`: the statuses that upstream answered, one for each time it was asked. `replied`: the
    status that was sent to the client, None where none was. `done`: whether the proxy is through.
    """

    method: str
    path: str
    query: str
    body: bytes
    fault: Fault
    upstream: tuple[int, ...] = ()
    replied: int | None = None
    done: bool = False


@dataclass(frozen=True)
class _Reply:
    status: int
    headers: list[tuple[str, str]]
    body: bytes


class FaultyProxy:
    """Stands in front of `upstream_url` at `.url` for the length of a `with` block.

    `.rule` decides about each request and may be replaced at any time; it is called by one thread
    at a time and must not wait (`until` waits). The start lets everything pass. Many clients may
    use it at once. At the end of the block, held requests are dropped without being forwarded, and
    an error of the rule's is raised.
    """

    def __init__(self, upstream_url: str, rule: Rule | None = None) -> None:
        self._upstream = urlsplit(upstream_url)
        self.rule: Rule = rule or always(PASS)
        self._seen: list[Seen] = []
        self._counts: Counter[tuple[str, str]] = Counter()
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def url(self) -> str:
        """What clients use in the place of the upstream's URL."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def requests(self) -> list[Seen]:
        """All requests so far, in the order of their arrival."""
        with self._changed:
            return list(self._seen)

    def asked(self, method: str = "", path_end: str = "") -> list[Seen]:
        """The requests of this method whose path ends so."""
        return [
            each
            for each in self.requests
            if method in ("", each.method) and each.path.endswith(path_end)
        ]

    def wait_for(
        self, condition: Callable[[list[Seen]], bool], timeout_seconds: float = 10
    ) -> None:
        """Wait until the requests so far fulfil `condition`. Raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: condition(list(self._seen)), timeout_seconds):
                raise TimeoutError(f"After {timeout_seconds} s there were only {self._seen}")

    def wait_until_idle(self, timeout_seconds: float = 10) -> None:
        """Wait until every request that arrived is done, late forwarding included."""
        self.wait_for(lambda seen: all(each.done for each in seen), timeout_seconds)

    def clear(self) -> None:
        """Forget all requests, and count from 1 again. Call it while the proxy is idle."""
        with self._changed:
            self._seen.clear()
            self._counts.clear()

    def __enter__(self) -> FaultyProxy:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()  # waits for the threads
        if self._server.errors and error is None:
            raise self._server.errors[0]

    def _arrived(
        self, method: str, target: str, headers: list[tuple[str, str]], body: bytes
    ) -> _Call:
        """Note a request that arrived, and decide about it."""
        parts = urlsplit(target)
        with self._changed:
            self._counts[method, parts.path] += 1
            fault = self.rule(method, parts.path, self._counts[method, parts.path])
            self._seen.append(Seen(method, parts.path, parts.query, body, fault))
            self._changed.notify_all()
            return _Call(self, len(self._seen) - 1, method, target, headers, body, fault)

    def _update(self, index: int, change: Callable[[Seen], Seen]) -> None:
        """Replace what is noted of a request."""
        with self._changed:
            if index < len(self._seen):
                self._seen[index] = change(self._seen[index])
            self._changed.notify_all()

    def _hold(self, fault: Fault) -> bool:
        """Wait as long as `fault` says; whether the proxy is still open then."""
        deadline = time.monotonic() + fault.seconds
        while not self._closing.is_set() and (left := deadline - time.monotonic()) > 0:
            if (fault.until or self._closing).wait(min(left, 0.02)):
                break
        return not self._closing.is_set()

    def _ask(self, call: _Call) -> _Reply:
        """What upstream answers to a request."""
        host, port = self._upstream.hostname or "", self._upstream.port
        with closing(
            http.client.HTTPConnection(host, port, timeout=_UPSTREAM_TIMEOUT_SECONDS)
        ) as upstream:
            upstream.putrequest(call.method, call.target, skip_accept_encoding=True)
            for name, value in call.headers:
                upstream.putheader(name, value)
            upstream.putheader("Content-Length", str(len(call.body)))
            upstream.endheaders(call.body)
            response = upstream.getresponse()
            reply = _Reply(response.status, _end_to_end(response.getheaders()), response.read())
        self._update(call.index, lambda s: replace(s, upstream=(*s.upstream, reply.status)))
        return reply


@dataclass(frozen=True)
class _Call:
    proxy: FaultyProxy
    index: int
    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes
    fault: Fault

    def reply(self) -> _Reply | None:
        """Do what the fault says. None: hang up without an answer."""
        kind = self.fault.kind
        if kind == "drop_request" or (kind == "delay_request" and not self._hold()):
            return None
        if kind == "answer":
            return _refusal(self.fault)
        try:
            reply = self.proxy._ask(self)
            if kind == "repeat":
                reply = self.proxy._ask(self)
        except (OSError, http.client.HTTPException):
            return _Reply(502, [], b"")
        if kind == "drop_reply" or (kind == "delay_reply" and not self._hold()):
            return None
        return reply

    def _hold(self) -> bool:
        return self.proxy._hold(self.fault)

    def end(self, replied: int | None) -> None:
        self.proxy._update(self.index, lambda seen: replace(seen, replied=replied, done=True))


def _refusal(fault: Fault) -> _Reply:
    headers = [("Content-Type", "text/plain")]
    if fault.retry_after_seconds is not None:
        headers.append(("Retry-After", str(fault.retry_after_seconds)))
    return _Reply(fault.status, headers, f"{fault.status} by the faulty proxy".encode())


def _end_to_end(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers if name.lower() not in _HOP_BY_HOP]


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128

    def __init__(self, proxy: FaultyProxy) -> None:
        self.proxy = proxy
        self._clients: set[socket.socket] = set()
        self._lock = threading.Lock()
        self.errors: list[BaseException] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    def process_request(self, request, client_address) -> None:
        with self._lock:
            self._clients.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request) -> None:
        with self._lock:
            self._clients.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request, client_address) -> None:
        """Keep it for the end of the block: a client that tries again would hide it."""
        super().handle_error(request, client_address)
        error = sys.exception()
        if error is not None:
            self.errors.append(error)

    def hang_up(self) -> None:
        """End the connections that clients keep for later."""
        with self._lock:
            for client in self._clients:
                with suppress(OSError):
                    client.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def handle(self) -> None:
        with suppress(ConnectionError):  # a client that went away
            super().handle()

    def finish(self) -> None:
        with suppress(ConnectionError):
            super().finish()

    def _forward(self) -> None:
        headers = _end_to_end(self.headers.items())
        call = self.server.proxy._arrived(self.command, self.path, headers, self._body())
        replied = None
        try:
            reply = call.reply()
            if reply is None:
                self.close_connection = True
            else:
                self._send(reply)
                replied = reply.status
        finally:
            call.end(replied)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _forward  # noqa: N815

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(chunks)

    def _send(self, reply: _Reply) -> None:
        self.send_response_only(reply.status)
        for name, value in reply.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)
            self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: `.requests` is the log."""
