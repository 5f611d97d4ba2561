"""HTTP/1.1 as uvicorn speaks it, but not for ever with callers who never come to an end."""

from __future__ import annotations

import re
from asyncio import TimerHandle, Transport
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_LIMIT_BYTES = 64 << 10
PATIENCE_SECONDS = 10.0  # in which a request is whole, or this much more of its body has come:
PROGRESS_BYTES = 32 << 10
READ_SECONDS = 30.0  # in which a caller reads something of a reply that waits for it
DROP_BYTES = 64 << 20  # of a body that nobody wants, so that its sender gets to read the reply
_UPGRADE = re.compile(rb"(?i)(?<=\r\n)upgrade:[^\r\n]*\r\n")
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"connection: close\r\ncontent-length: 0\r\n\r\n"
)


class _Trailers(list[tuple[bytes, bytes]]):
    """Takes headers and keeps none. drop: is told how large each was."""

    def __init__(self, drop: Callable[[int], None]) -> None:
        super().__init__()
        self._drop = drop

    def append(self, header: tuple[bytes, bytes]) -> None:
        """Forget it."""
        self._drop(len(header[0]) + len(header[1]))


class GuardedHttpProtocol(HttpToolsProtocol):
    """Closes connections that send a request too slowly, or too long a head of one; that send on
    and on after they were answered; or that do not read what they asked for.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._whole = self._head_whole = False
        self._head_bytes = self._body_bytes = self._dropped_bytes = 0
        self._incoming: TimerHandle | None = None
        self._outgoing: TimerHandle | None = None
        self._unread_bytes = 0
        self._trailers = _Trailers(self._drop)

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """The first request has to come in time as well."""
        super().connection_made(transport)
        self._expect_more()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._stop_incoming()
        self._stop_outgoing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """A timer runs only while a request is there in part, so that others pay nothing for it."""
        super().data_received(data if self._head_whole and not self._whole else _staying(data))
        if self._whole:
            self._stop_incoming()
            self._head_bytes = 0
            return
        if not self._head_whole:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_LIMIT_BYTES:
                self.transport.write(_TOO_LARGE)
                self.transport.close()
                return
        if self._incoming is None:
            self._expect_more()

    def on_message_begin(self) -> None:
        """A request begins."""
        self._whole = self._head_whole = False
        self._dropped_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Its head is whole. What comes behind a body is no header: trailers are dropped."""
        self._head_whole = True
        super().on_headers_complete()
        self.headers = self._trailers

    def on_body(self, body: bytes) -> None:
        """More of it, unless it was answered already."""
        self._body_bytes += len(body)
        if self.cycle.response_complete:
            self._drop(len(body))
        super().on_body(body)

    def on_message_complete(self) -> None:
        """It is whole."""
        self._whole = True
        super().on_message_complete()

    def pause_writing(self) -> None:
        """More is to be read than the connection holds: the caller has to go on."""
        super().pause_writing()
        self._expect_reading()

    def resume_writing(self) -> None:
        """It does."""
        super().resume_writing()
        self._stop_outgoing()

    def _drop(self, size: int) -> None:
        self._dropped_bytes += size
        if self._dropped_bytes > DROP_BYTES:
            self.transport.close()

    def _expect_more(self) -> None:
        self._body_bytes = 0
        self._incoming = self.loop.call_later(PATIENCE_SECONDS, self._look_at_incoming)

    def _look_at_incoming(self) -> None:
        self._incoming = None
        if self._whole or self.transport.is_closing():
            return
        answering = self.cycle is not None and not self.cycle.response_complete
        waits = not self._head_whole and answering  # the next one, behind one that is answered
        if waits or self.flow.read_paused or self._body_bytes >= PROGRESS_BYTES:
            self._expect_more()
        else:
            self.transport.close()

    def _expect_reading(self) -> None:
        self._unread_bytes = self.transport.get_write_buffer_size()
        self._outgoing = self.loop.call_later(READ_SECONDS, self._look_at_outgoing)

    def _look_at_outgoing(self) -> None:
        if self.transport.get_write_buffer_size() < self._unread_bytes:
            self._expect_reading()
        else:
            self.transport.abort()  # closing would wait for it to be read

    def _stop_incoming(self) -> None:
        if self._incoming is not None:
            self._incoming.cancel()
            self._incoming = None

    def _stop_outgoing(self) -> None:
        if self._outgoing is not None:
            self._outgoing.cancel()
            self._outgoing = None


def _staying(data: bytes) -> bytes:
    """`data`, that begins with a request's head, without the offer to go on in another protocol:
    nobody takes it, and the parser would lose the body behind it.
    """
    end = data.find(b"\r\n\r\n")
    if end < 0 or b"\r\nupgrade:" not in data[:end].lower():
        return data
    return _UPGRADE.sub(b"", data[: end + 2]) + data[end + 2 :]
