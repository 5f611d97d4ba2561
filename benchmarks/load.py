"""A load of requests on a server, by wrk (Debian: apt-get install wrk)."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SCRIPT = """
wrk.method = "POST"
wrk.body = io.open("{body}"):read("*a")
{headers}
function done(summary, latency, requests)
  local errors = summary.errors
  io.stderr:write(string.format(
    '{{"requests": %d, "seconds": %f, "failed": %d, "p50": %f, "p99": %f}}',
    summary.requests, summary.duration / 1e6,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
"""


@dataclass(frozen=True)
class Load:
    """What wrk saw. p50, p99: microseconds. failed: replies that were not 2xx, and none at all."""

    requests: int
    seconds: float
    failed: int
    p50: float
    p99: float

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


@dataclass(frozen=True)
class Server:
    """A server that runs: where it answers, and how long it took to do so."""

    url: str
    process: subprocess.Popen[bytes]
    seconds: float

    def ask(self, body: bytes) -> Any:
        """The parsed reply."""
        named = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/invocations", body, named)
        with urllib.request.urlopen(request, timeout=60) as reply:
            return json.load(reply)

    def memory_bytes(self) -> list[int]:
        """Memory of each process that it consists of and no other has (USS), the largest first."""
        found = [_own_bytes(number) for number in _family(self.process.pid)]
        return sorted(found, reverse=True)


def wrk(url: str, body: Path, connections: int, seconds: float, **headers: str) -> Load:
    """Ask `url` for predictions over so many connections at a time."""
    named = {"Content-Type": "application/json", **headers}
    lines = "\n".join(f'wrk.headers["{name}"] = "{value}"' for name, value in named.items())
    script = body.with_suffix(".lua")
    script.write_text(_SCRIPT.format(body=body, headers=lines))
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--timeout=30s"]
    done = subprocess.run(
        [*command, "--latency", "-s", str(script), url], capture_output=True, text=True, check=True
    )
    found = re.search(r"\{.*\}", done.stderr)
    if found is None:
        sys.exit(f"wrk said: {done.stderr or done.stdout}")
    return Load(**json.loads(found[0]))


def check_wrk() -> None:
    """Ends with a remedy where wrk is not installed."""
    if shutil.which("wrk") is None:
        sys.exit("This needs wrk: apt-get install wrk (or brew install wrk).")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@contextlib.contextmanager
def served(
    command: Sequence[str], port: int, *, page: str = "/ping", scheme: str = "http"
) -> Iterator[Server]:
    """Start a server, wait until `page` says 200, and end it and all that it started."""
    start = time.perf_counter()
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    url = f"{scheme}://127.0.0.1:{port}"
    try:
        _wait(f"{url}{page}", process)
        yield Server(url, process, time.perf_counter() - start)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    import ssl

    anybody = ssl.create_default_context()
    anybody.check_hostname = False
    anybody.verify_mode = ssl.CERT_NONE
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if process.poll() is not None:
            sys.exit(f"The server at {url} ended with {process.returncode}.")
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(url, timeout=5, context=anybody) as reply,
        ):
            if reply.status == 200:
                return
        time.sleep(0.05)
    sys.exit(f"The server at {url} did not get ready.")


def _family(root: int) -> list[int]:
    """The process and all below it."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    family = [root]
    for number in family:
        family += [child for child, parent in parents.items() if parent == number]
    return family


def _own_bytes(number: int) -> int:
    """Memory of a process that it shares with no other; 0 where it has ended."""
    with contextlib.suppress(OSError):
        lines = Path(f"/proc/{number}/smaps_rollup").read_text().splitlines()
        private = [line for line in lines if line.startswith("Private_")]
        return sum(int(line.split()[1]) for line in private) * 1024
    return 0
