"""The worker processes of a search: started, given trials, listened to, replaced, ended."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import IO, Any, Literal

from podium.errors import PodiumError, UsageError
from projects.tuning.messages import Load, Loaded, Report, Unusable
from projects.tuning.trials import Asked, Outcome

OBJECTIVE = "projects.tuning.worker:open_objective"
_THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "LOKY_MAX_CPU_COUNT",
)
_MOST_BAD_STARTS = 3
_LOOK_SECONDS = 1.0  # after which the dead are looked for, should their pipe stay open
_END_SECONDS = 5.0
_TAIL_BYTES, _MOST_CHARACTERS = 4096, 300


@dataclass(frozen=True)
class Reported:
    """A worker's trial is so far, and waits for `Crew.answer`."""

    worker: int
    step: int
    value: float


@dataclass(frozen=True)
class Finished:
    """A worker's trial is over, and the worker idle."""

    worker: int
    outcome: Outcome


@dataclass(frozen=True)
class Died:
    """A worker's process died within a trial, for `reason`; another takes its place."""

    worker: int
    reason: str


Event = Reported | Finished | Died


@dataclass
class _Member:
    process: subprocess.Popen[bytes]
    connection: Connection
    output: IO[bytes]
    state: Literal["starting", "loading", "idle", "busy"] = "starting"


@dataclass
class Crew:
    """`count` worker processes of `threads` threads each, numbered from 0. A context manager.

    They start at once, import the modules named in `imports`, and take trials after `load`. For
    `factory` see `projects.tuning.worker.work`. Their output is kept only to say why one died.
    They end with the block, and when this process does, however it does.
    """

    count: int
    threads: int
    factory: str = OBJECTIVE
    imports: Sequence[str] = ()
    _members: dict[int, _Member] = field(default_factory=dict, init=False)
    _folder: Path | None = field(default=None, init=False)
    _bad_starts: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        for name, value in (("workers", self.count), ("threads", self.threads)):
            if value < 1:
                raise UsageError(f"{name} is {value}.", remedy="Give a number from 1 on.")

    def __enter__(self) -> Crew:
        try:
            for worker in range(self.count):
                self._members[worker] = self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def idle(self) -> tuple[int, ...]:
        """The workers that wait for a trial."""
        return tuple(n for n, member in self._members.items() if member.state == "idle")

    @property
    def processes(self) -> tuple[int, ...]:
        """The numbers of their processes, by worker."""
        return tuple(member.process.pid for member in self._members.values())

    def load(self, folder: Path) -> None:
        """Have every worker, and those that will replace one, take what it trains on from there."""
        self._folder = folder.absolute()
        for member in self._members.values():
            self._let_load(member)

    def send(self, worker: int, asked: Asked) -> None:
        """Have an idle worker run a trial."""
        member = self._members[worker]
        member.output.truncate(0)  # what it says from now on is about this trial
        member.state = "busy"
        _tell(member, replace(asked, params=dict(asked.params)))

    def answer(self, worker: int, stop: bool) -> None:
        """Answer a report: whether the trial shall stop."""
        _tell(self._members[worker], stop)

    def wait(self, seconds: float) -> list[Event]:
        """What has happened, as soon as something has; nothing after `seconds`, or sooner.

        A worker that has become idle is no event, but ends the waiting. Raises PodiumError where
        workers cannot start, or cannot load what they shall train on.
        """
        by_connection = {member.connection: n for n, member in self._members.items()}
        ready = wait(list(by_connection), min(seconds, _LOOK_SECONDS))
        if not ready:
            dead = [n for n, each in self._members.items() if each.process.poll() is not None]
            return [event for worker in dead for event in self._replace(worker)]
        workers = [by_connection[each] for each in ready if isinstance(each, Connection)]
        return [event for worker in workers for event in self._hear(worker)]

    def close(self) -> None:
        """End all workers, whatever they do."""
        for member in self._members.values():
            _kill(member)
        for member in self._members.values():
            _part_with(member)
        self._members.clear()

    def _start(self) -> _Member:
        ours, theirs = socket.socketpair()
        output = tempfile.TemporaryFile("ab+")  # noqa: SIM115 - closed when it is parted with
        command = [sys.executable, "-P", "-m", "projects.tuning.worker", str(theirs.fileno())]
        with theirs:
            process = subprocess.Popen(  # noqa: S603 - our own module
                [*command, self.factory, str(self.threads), *self.imports],
                stdin=subprocess.PIPE,  # which ends when this process does, however it does
                stdout=output,
                stderr=output,
                env=_environment(self.threads),
                pass_fds=(theirs.fileno(),),
                start_new_session=True,  # Ctrl-C is for this process alone
            )
        member = _Member(process, Connection(ours.detach()), output)
        self._let_load(member)
        return member

    def _let_load(self, member: _Member) -> None:
        if self._folder is not None:
            member.state = "loading"
            _tell(member, Load(self._folder))

    def _hear(self, worker: int) -> list[Event]:
        member = self._members[worker]
        try:
            message = member.connection.recv()
        except (EOFError, OSError):
            return self._replace(worker)
        if isinstance(message, Report):
            return [Reported(worker, message.step, message.value)]
        if isinstance(message, Unusable):
            raise PodiumError(f"A worker cannot load what it shall train on. {message.reason}")
        member.state = "idle"
        if isinstance(message, Loaded):
            self._bad_starts = 0
            return []
        return [Finished(worker, message)]

    def _replace(self, worker: int) -> list[Event]:
        """Put a new process in the place of one that died."""
        member = self._members[worker]
        reason = _why(member)
        _kill(member)  # what it may have started itself
        _part_with(member)
        if member.state in ("starting", "loading"):
            self._bad_starts += 1
        if self._bad_starts >= _MOST_BAD_STARTS:
            raise PodiumError(
                f"Workers cannot start: {reason}, {_MOST_BAD_STARTS} times in a row.",
                remedy="Check that memory is left; fewer workers take less.",
            )
        self._members[worker] = self._start()
        return [Died(worker, reason)] if member.state == "busy" else []


def _environment(threads: int) -> Mapping[str, str]:
    """This process's environment, with its own import path and `threads` for every library."""
    path = os.pathsep.join(each or os.getcwd() for each in sys.path)
    return {**os.environ, "PYTHONPATH": path, **dict.fromkeys(_THREADS, str(threads))}


def _tell(member: _Member, message: Any) -> None:
    with suppress(OSError):  # it has died, which `wait` will find out
        member.connection.send(message)


def _why(member: _Member) -> str:
    with suppress(subprocess.TimeoutExpired):
        member.process.wait(_END_SECONDS)
    code = member.process.returncode
    if code is None:
        return "its process no longer answered"
    if code >= 0:
        return f"its process ended by itself, with exit code {code}{_last_line(member.output)}"
    if code == -signal.SIGKILL:
        return "its process was killed by SIGKILL, as the system does when memory is short"
    with suppress(ValueError):
        return f"its process was killed by {signal.Signals(-code).name}{_last_line(member.output)}"
    return f"its process was killed by signal {-code}"


def _last_line(output: IO[bytes]) -> str:
    size = output.seek(0, os.SEEK_END)
    output.seek(max(0, size - _TAIL_BYTES))
    lines = output.read().decode("utf-8", "replace").strip().splitlines()
    return f": {lines[-1].strip()[:_MOST_CHARACTERS]}" if lines else ""


def _kill(member: _Member) -> None:
    with suppress(ProcessLookupError):  # nothing of it is left
        os.killpg(member.process.pid, signal.SIGKILL)


def _part_with(member: _Member) -> None:
    with suppress(subprocess.TimeoutExpired):
        member.process.wait(_END_SECONDS)
    member.connection.close()
    member.output.close()
    if member.process.stdin is not None:
        member.process.stdin.close()
