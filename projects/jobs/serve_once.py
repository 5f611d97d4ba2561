"""Starts a scoring server for a moment, and stops it again whatever happens."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from podium.errors import PodiumError, UsageError

_START_SECONDS, _STOP_SECONDS, _ANSWER_SECONDS = 120.0, 10.0, 30.0
_FOLLOW_SECONDS = 60.0


def run_to_end(command: list[str]) -> None:
    """Run a command, its output on standard error. Raises PodiumError where it fails."""
    done = subprocess.run(_resolved(command), stdout=sys.stderr, check=False)  # noqa: S603
    if done.returncode != 0:
        raise PodiumError(
            f"`{' '.join(command[:3])} …` ended with exit code {done.returncode}.",
            remedy="Its own message is above.",
        )


@contextmanager
def serving(command: list[str], port: int) -> Iterator[None]:
    """`command` in a session of its own, answering on `port`; stopped at the end of the block."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(  # noqa: S603
            _resolved(command), stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            _wait_until_ready(process, port)
            yield
        except _NotReadyError:
            log.seek(0)
            tail = log.read().decode(errors="replace")[-2000:]
            raise PodiumError(f"The server did not start:\n{tail}") from None
        finally:
            _stop(process)


def score(address: str, body: str) -> dict[str, Any]:
    """POST a JSON body and read the JSON reply. Raises PodiumError for any other answer."""
    request = urllib.request.Request(  # noqa: S310 - the address is our own server's
        address, data=body.encode(), headers={"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS) as reply:  # noqa: S310
            return dict(json.load(reply))
    except urllib.error.HTTPError as error:
        said = error.read().decode(errors="replace")[:500]
        raise PodiumError(f"The server answered {error.code}: {said}") from error
    except OSError as error:
        raise PodiumError(f"The server at {address} did not answer: {error}") from error


def follows(port: int, name: str, version: int) -> datetime:
    """Wait until Podium's server answers with that version of `name`; when that was seen, in UTC.

    Raises PodiumError where it does not come to that.
    """
    deadline = time.monotonic() + _FOLLOW_SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError, http.client.HTTPException, ValueError):
            if _served_version(port, name) == str(version):
                return datetime.now(UTC)
        time.sleep(0.05)
    raise PodiumError(f"The server did not follow to version {version} of {name}.")


def _served_version(port: int, name: str) -> str | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_ANSWER_SECONDS)
    try:
        connection.request("GET", "/ready")
        state = json.load(connection.getresponse())["models"].get(name, {})
        version: str | None = state.get("version")
        return version
    finally:
        connection.close()


def free_port(wanted: int = 0) -> int:
    """`wanted`, or any port, if nothing listens there right now. Raises UsageError otherwise."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", wanted))
        except (OSError, OverflowError) as error:
            raise UsageError(
                f"Port {wanted} cannot be used: {error}.",
                remedy="Choose another with --port, or leave it out.",
            ) from error
        return int(probe.getsockname()[1])


class _NotReadyError(Exception):
    """The server ended, or did not answer in time."""


def _resolved(command: list[str]) -> list[str]:
    """`command` with its program from the environment that Podium runs in, else from PATH."""
    beside = Path(sys.executable).parent / command[0]
    found = str(beside) if beside.exists() else shutil.which(command[0])
    if found is None:
        raise UsageError(
            f"The command {command[0]!r} is not on the PATH.",
            remedy="Activate the environment that Podium is installed in.",
        )
    return [found, *command[1:]]


def _wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        with closing(connection), suppress(OSError, http.client.HTTPException):  # not yet
            connection.request("GET", "/ping")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.2)
    raise _NotReadyError


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the whole session: MLflow's command starts servers below itself."""
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, signal_number)
        except ProcessLookupError:
            break
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            continue
