"""A worker: `python -m serving.process.worker CONFIG`, started by the supervisor.

Answers requests with what it is assigned. Orders come in on standard input, a line each; where that
ends the supervisor is gone, and so is the worker once it has answered what is there. It never asks
the registry.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from math import ceil
from pathlib import Path

import uvicorn
import uvloop

from serving.app.app import App
from serving.app.keys import Keys
from serving.app.protocol import GuardedHttpProtocol
from serving.app.settings import AppSettings
from serving.app.slots import Slots
from serving.assignment import ServedState
from serving.models.model import ModelSettings
from serving.models.opening import open_model
from serving.process.accepting import Accepting
from serving.process.config import WorkerConfig
from serving.process.loading import Loading
from serving.process.messages import CANNOT_LISTEN, Order, Report

HEARTBEAT_SECONDS = 2.0
_BACKLOG = 2_048
_LOOK_SECONDS = 0.05
_PATIENCE_SECONDS = 30.0
_DRAINED_SECONDS = 2.0
_LAST_WORDS_SECONDS = 0.1
_log = logging.getLogger(__name__)


class _Server(uvicorn.Server):
    """Leaves signals to the worker, and takes connections one at a time."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen on the shared socket."""
        config = self.config
        self._accepting = [Accepting(one, self._protocol, config.ssl) for one in sockets or []]
        for one in self._accepting:
            one.start(config.backlog)
        self.servers = self._accepting  # type: ignore[assignment]
        self.started = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer what was sent before, by callers whose connection nobody has taken yet too."""
        for accepting, shared in zip(self._accepting, sockets or [], strict=True):
            accepting.close()
            shared.close()  # at once: who comes after the last worker's is refused, and not lost
        for accepting in self._accepting:
            await accepting.wait_connected()
        await asyncio.sleep(_LAST_WORDS_SECONDS)  # what they sent is read
        await super().shutdown(sockets)

    def _protocol(self) -> asyncio.Protocol:
        made: asyncio.Protocol = GuardedHttpProtocol(
            config=self.config, server_state=self.server_state, app_state={}
        )
        return made

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Worker:
    """One process of a server, from its start to its end."""

    def __init__(self, config: WorkerConfig) -> None:
        self._config = config
        self._slots = Slots(config.names)
        self._app = App(self._slots, _app_settings(config))
        self._server = _Server(_uvicorn_config(config, self._app))
        callers = config.callers
        settings = ModelSettings(config.batching, timeout_seconds=callers.timeout_seconds)
        opening = partial(open_model, settings=settings)
        self._loading = Loading(self._slots, opening, self._report_state)
        self._elsewhere: frozenset[str] = frozenset()
        self._status = 0
        self._told: dict[str, ServedState] = {}
        self._assigned = asyncio.Event()
        self._ending = asyncio.Event()
        os.set_blocking(config.reports, False)

    async def run(self) -> int:
        """Load, then accept connections, until told to end; then answer what is there.

        Returns the exit status.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._end if number == signal.SIGTERM else _nothing)
        tasks = [asyncio.create_task(work) for work in (self._beat(), self._obey())]
        await self._assigned.wait()
        await self._first_of(self._whole(), self._ending.wait())
        if not self._ending.is_set():
            gc.collect()
            gc.freeze()  # what is there now stays: not to be looked through at each collection
            await self._accept()
        for task in tasks:
            task.cancel()
        return self._status

    async def _whole(self) -> None:
        """Wait until everything assigned is loaded, but not for ever, whatever hangs or fails. What
        another worker answers for is left to it for as long as it does.
        """
        patience = time.monotonic() + _PATIENCE_SECONDS
        while missing := self._loading.missing:
            if time.monotonic() > patience and not missing & self._elsewhere:
                return
            await asyncio.sleep(_LOOK_SECONDS)

    async def _accept(self) -> None:
        shared = socket.socket(fileno=self._config.socket)
        serving = asyncio.create_task(self._server.serve(sockets=[shared]))
        while not (self._server.started or serving.done()):
            await asyncio.sleep(0.01)
        if self._server.started:
            self._report(Report(ready=True))
        try:
            await serving
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            self._status = CANNOT_LISTEN  # the supervisor says it

    async def _obey(self) -> None:
        """Do what comes in on standard input. A worker that cannot hear any more ends."""
        try:
            await self._hear()
        except Exception:  # noqa: BLE001 - whatever it is, the supervisor starts another worker
            _log.exception("an order was not understood")
        finally:
            self._end()

    async def _hear(self) -> None:
        reader = asyncio.StreamReader(limit=16 << 20)
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await reader.readline():
            order = Order.from_line(line)
            if order.reachable is not None:
                self._app.metrics.registry_reachable(order.reachable)
                self._slots.registry = _word(order.reachable)
            if order.elsewhere is not None:
                self._elsewhere = frozenset(order.elsewhere)
            self._loading.take(order)
            if order.assignment is not None:
                self._assigned.set()
            if order.stop:
                break

    async def _beat(self) -> None:
        while True:
            self._report(Report())
            await asyncio.sleep(HEARTBEAT_SECONDS)

    async def _first_of(self, *waited: object) -> None:
        tasks = [asyncio.ensure_future(one) for one in waited]  # type: ignore[call-overload]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()

    def _end(self) -> None:
        self._app.draining = True
        self._ending.set()
        self._assigned.set()
        self._server.should_exit = True

    def _report_state(self, state: ServedState, number: int) -> None:
        before = self._told.get(state.model, ServedState(state.model))
        self._told[state.model] = state
        if state.version not in (None, before.version):
            self._app.metrics.swapped(state.model)
            later = asyncio.get_running_loop().call_later
            later(_DRAINED_SECONDS, gc.collect)  # what the version before left: quick, as above
        if state.refused not in (None, before.refused):
            self._app.metrics.refused(state.model)
        self._report(Report(state=state, number=number))

    def _report(self, report: Report) -> None:
        with contextlib.suppress(BrokenPipeError, BlockingIOError):  # nobody reads: see `_obey`
            os.write(self._config.reports, report.to_line())


def main(config: WorkerConfig) -> None:
    """Run a worker to its end."""
    log_to_stderr()
    for inherited in (config.socket, config.reports):
        os.set_inheritable(inherited, False)  # not for what the models start
    sys.dont_write_bytecode = True  # beside the models' code: those files were compared
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(config))


def log_to_stderr() -> None:
    """A line each, with the time in UTC."""
    form = logging.Formatter("%(asctime)sZ %(message)s", "%Y-%m-%dT%H:%M:%S")
    form.converter = time.gmtime
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(form)
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    logging.getLogger("serving").setLevel(logging.INFO)
    access = logging.getLogger("serving.access")  # documents, with a time of their own
    access.propagate = False
    access.addHandler(logging.StreamHandler(sys.stderr))


async def _run(config: WorkerConfig) -> None:
    status = await Worker(config).run()
    sys.stderr.flush()
    os._exit(status)  # a call of a model that hangs would hold up the end for ever


def _app_settings(config: WorkerConfig) -> AppSettings:
    callers = config.callers
    return AppSettings(
        max_body_bytes=callers.max_body_bytes,
        concurrency=callers.concurrency,
        timeout_seconds=callers.timeout_seconds,
        keys=None if callers.api_keys is None else Keys(Path(callers.api_keys)),
        access_log=callers.access_log,
    )


def _uvicorn_config(config: WorkerConfig, app: App) -> uvicorn.Config:
    callers = config.callers
    return uvicorn.Config(
        app,
        http=GuardedHttpProtocol,
        loop="uvloop",
        lifespan="off",
        ws="none",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=ceil(callers.keep_alive_seconds),
        timeout_graceful_shutdown=ceil(config.grace_seconds),
        backlog=_BACKLOG,
        ssl_certfile=callers.tls_cert,
        ssl_keyfile=callers.tls_key,
    )


def _word(reachable: bool) -> str:
    return "answers" if reachable else f"lost at {datetime.now(UTC).isoformat(timespec='seconds')}"


def _nothing() -> None:
    """The supervisor gets those signals too, and says what to do."""


if __name__ == "__main__":
    main(WorkerConfig.from_text(sys.argv[1]))
