"""Takes connections from a socket that several workers share, so that each gets its part.

The event loop's own server takes all that wait at once: of callers that connect together, one
worker would get them all, for as long as they keep their connections.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable

_PAUSE_SECONDS = 1.0
_CONNECTED_SECONDS = 1.0
_log = logging.getLogger(__name__)


class Accepting:
    """Takes one connection at a time, which gives the other workers their turn.

    make_protocol: speaks with one caller. context: of TLS; None for none.
    """

    def __init__(
        self,
        shared: socket.socket,
        make_protocol: Callable[[], asyncio.Protocol],
        context: ssl.SSLContext | None,
    ) -> None:
        self._shared = shared
        self._make_protocol = make_protocol
        self._context = context
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False
        self._backlog = 0

    def start(self, backlog: int) -> None:
        """Listen, with so many connections waiting at most.

        Raises OSError where another server came to listen there first.
        """
        self._backlog = backlog
        self._shared.setblocking(False)
        self._shared.listen(backlog)
        self._loop.add_reader(self._shared.fileno(), self._accept)

    def close(self) -> None:
        """Take those who wait already, and no more."""
        if not self._closed:
            self._closed = True
            self._loop.remove_reader(self._shared.fileno())
            for _ in range(self._backlog):
                if not self._accept():
                    break

    async def wait_connected(self) -> None:
        """Wait a moment for those who were taken last; TLS takes some."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_CONNECTED_SECONDS)

    async def wait_closed(self) -> None:
        """As a server of asyncio has it; nothing is left to wait for."""

    def _accept(self) -> bool:
        """Whether somebody waited."""
        try:
            caller, _ = self._shared.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return False  # another worker was faster, or the caller went away
        except OSError as error:  # as many open files as there may be
            _log.error("no connection can be taken: %s", error.strerror)
            if not self._closed:
                self._loop.remove_reader(self._shared.fileno())
                self._loop.call_later(_PAUSE_SECONDS, self._again)
            return False
        task = self._loop.create_task(self._connect(caller))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    def _again(self) -> None:
        if not self._closed:
            self._loop.add_reader(self._shared.fileno(), self._accept)

    async def _connect(self, caller: socket.socket) -> None:
        try:
            caller.setblocking(False)
            caller.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await self._loop.connect_accepted_socket(self._make_protocol, caller, ssl=self._context)
        except OSError as error:  # it went away, or does not speak TLS
            _log.debug("a connection was lost at once: %s", error)
            caller.close()
