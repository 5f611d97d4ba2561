"""Commands in processes of their own, as a user's shell would start them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = Path(sys.executable).parent


def environment(store: Path, **more: str) -> dict[str, str]:
    """This environment, with the scripts of its Python first and a tracking store in `store`."""
    return {
        **os.environ,
        "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}",
        "MLFLOW_TRACKING_URI": f"sqlite:///{store}/mlflow.db",
        "PODIUM_STATE": str(store / "state"),
        "PYTHONPATH": str(ROOT),
        **more,
    }


def run(command: list[str], cwd: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, for at most five minutes."""
    return subprocess.run(
        command, cwd=cwd, env=env, capture_output=True, text=True, timeout=300, check=False
    )


@contextmanager
def server(command: list[str], url: str, cwd: Path, env: Mapping[str, str]) -> Iterator[None]:
    """A server that answers at `url`; its whole session is killed at the end."""
    with (cwd / "server.log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=cwd, env=env, stdout=log, stderr=log, start_new_session=True
        )
        try:
            _wait(process, url, cwd / "server.log")
            yield
        finally:
            with suppress(ProcessLookupError):  # it may have ended by itself
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise TimeoutError(f"{url} did not answer:\n{log.read_text()[-2000:]}")
