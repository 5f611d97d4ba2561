"""HTTP/1.1 as uvicorn speaks it, but not for ever with callers who never finish a request."""

from __future__ import annotations

from asyncio import TimerHandle, Transport
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_LIMIT_BYTES = 64 << 10
PATIENCE_SECONDS = 10.0  # in which a request has to be whole, or to have come on by so much:
PROGRESS_BYTES = 4 << 10
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"connection: close\r\ncontent-length: 0\r\n\r\n"
)


class GuardedHttpProtocol(HttpToolsProtocol):
    """Closes connections that send a request too slowly, or too long a head of one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._whole = self._head_whole = False
        self._bytes = 0
        self._timer: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """The first request has to come in time as well."""
        super().connection_made(transport)
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """A timer runs only while a request is there in part, so that others pay nothing for it."""
        super().data_received(data)
        if self._whole:
            self._stop_timer()
            return
        self._bytes += len(data)
        if not self._head_whole and self._bytes > HEAD_LIMIT_BYTES:
            self.transport.write(_TOO_LARGE)
            self.transport.close()
        elif self._timer is None:
            self._start_timer()

    def on_message_begin(self) -> None:
        """A request begins."""
        self._whole = self._head_whole = False
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Its head is whole."""
        self._head_whole = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """It is whole."""
        self._whole = True
        super().on_message_complete()

    def _look(self) -> None:
        self._timer = None
        if self._whole or self.transport.is_closing():
            return
        if self._head_whole and (self._bytes >= PROGRESS_BYTES or self.flow.read_paused):
            self._start_timer()  # it comes on; or it is we who do not read
        else:
            self.transport.close()

    def _start_timer(self) -> None:
        self._bytes = 0
        self._timer = self.loop.call_later(PATIENCE_SECONDS, self._look)

    def _stop_timer(self) -> None:
        self._bytes = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
