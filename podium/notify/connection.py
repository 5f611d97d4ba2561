"""A connection that reaches only addresses that it may, and ends at its deadline."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from podium.notify.addresses import is_public


@dataclass(frozen=True)
class Peer:
    """Whom to connect to. `context` is that of TLS; without it nothing is encrypted."""

    host: str
    port: int
    context: ssl.SSLContext | None
    allow_private: bool


class AddressRefused(Exception):
    """The host's address is none of the open internet. No byte was sent."""


class TooSlow(OSError):
    """The deadline passed."""


class CheckedConnection(http.client.HTTPConnection):
    """Connects to `peer` within `timeout_seconds`, after which it is cut, whatever it does.

    The address is checked before connecting, and that of the connected socket after it, before
    anything is sent: there is no second look-up of the name in between. Knows no proxies.
    """

    def __init__(self, peer: Peer, timeout_seconds: float) -> None:
        super().__init__(peer.host, peer.port, timeout=timeout_seconds)
        self._peer = peer
        self._ends_at = time.monotonic() + timeout_seconds

    def connect(self) -> None:
        """Open the socket, check its peer, and agree on TLS."""
        self.sock = self._connected()
        try:
            self.sock.settimeout(self._left_seconds())
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._peer.context is not None:
                self._encrypt(self._peer.context)
        except BaseException:
            self.close()
            raise

    @contextmanager
    def within_the_deadline(self) -> Iterator[None]:
        """Connects; within the block the socket is shut down when the deadline passes."""
        self.connect()
        with self._cut_at_the_deadline(self.sock):
            yield

    def _encrypt(self, context: ssl.SSLContext) -> None:
        wrapped = context.wrap_socket(
            self.sock, server_hostname=self._peer.host, do_handshake_on_connect=False
        )
        self.sock = wrapped
        with self._cut_at_the_deadline(wrapped):
            wrapped.do_handshake()

    def _connected(self) -> socket.socket:
        """A socket to the first of the host's addresses that takes one.

        The time is shared among the addresses: where IPv6 leads nowhere, IPv4 still gets its turn.
        The look-up of the name takes as long as the system lets it.
        """
        host, port = self._peer.host, self._peer.port
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        problem = OSError("the name has no address")
        for place, (family, *_, address) in enumerate(found):
            self._check(str(address[0]))
            try:
                share_seconds = self._left_seconds() / (len(found) - place)
                return self._open(family, address, share_seconds)
            except OSError as error:
                problem = error
        raise problem

    def _open(self, family: int, address: tuple[Any, ...], seconds: float) -> socket.socket:
        opened = socket.socket(family, socket.SOCK_STREAM)
        try:
            opened.settimeout(seconds)
            opened.connect(address)
            self._check(str(opened.getpeername()[0]))
        except BaseException:
            opened.close()
            raise
        return opened

    def _check(self, address: str) -> None:
        if not self._peer.allow_private and not is_public(address):
            raise AddressRefused(address)

    def _left_seconds(self) -> float:
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise TooSlow("the deadline passed")
        return left

    @contextmanager
    def _cut_at_the_deadline(self, connected: socket.socket) -> Iterator[None]:
        """A socket's own timeout counts from byte to byte: a trickle of bytes never ends."""
        timer = threading.Timer(self._left_seconds(), _shut, [connected])
        timer.daemon = True
        timer.start()
        try:
            yield
        except (OSError, http.client.HTTPException) as error:
            if time.monotonic() >= self._ends_at:
                raise TooSlow("the deadline passed") from error
            raise
        finally:
            timer.cancel()


def _shut(connected: socket.socket) -> None:
    """End the TCP connection below TLS; who reads from it meets its end."""
    try:
        socket.socket.shutdown(connected, socket.SHUT_RDWR)
    except OSError:
        return  # closed before
