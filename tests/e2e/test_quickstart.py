"""`podium quickstart`, on fewer flights."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.e2e.processes import environment, run


@pytest.mark.e2e
@pytest.mark.slow
def test_the_quick_start_trains_promotes_serves_rolls_back_and_stops_what_it_started(
    tmp_path: Path,
) -> None:
    command = ["podium", "quickstart", "--rows", "5000", "--json"]
    done = run(command, tmp_path, environment(tmp_path))
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["model_uri"] == "models:/flight_delay@production"
    assert (said["versions"], said["champion"]) == ([1, 2], 1)
    assert len(said["predictions"]) == 3
    assert "rolled back from version 2 to version 1" in done.stderr
    then = done.stderr.rpartition(" --at ")[2]
    assert "Production  version 1, since" in then
    assert "version 2" not in then
    assert "$ curl" in done.stderr
    assert "The same predictions, from version 2." in done.stderr
    assert "Version 1 answers, " in done.stderr
    assert "Equal within 1e-12: metrics and predictions." in done.stderr
    assert not _left(tmp_path)


@pytest.mark.e2e
@pytest.mark.slow
def test_the_quick_start_stops_its_server_when_it_is_terminated(tmp_path: Path) -> None:
    env = environment(tmp_path)
    command = ["podium", "quickstart", "--rows", "3000"]
    process = subprocess.Popen(command, cwd=tmp_path, env=env, stderr=subprocess.PIPE, text=True)
    if process.stderr is None:
        pytest.fail("no standard error")
    for line in process.stderr:
        if line.startswith("  $ podium serve"):
            break
    time.sleep(2)
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert not _left(tmp_path)


@pytest.mark.e2e
def test_a_port_that_is_taken_is_refused_before_anything_is_trained(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = run(["podium", "quickstart", "--port", port], tmp_path, environment(tmp_path))
    assert done.returncode == 2
    assert f"Port {port} cannot be used" in done.stderr
    assert not (tmp_path / "mlflow.db").exists()


def _left(folder: Path) -> bool:
    """Whether a process still has to do with the tracking store in `folder`."""
    needle = str(folder).encode()
    for environ in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if needle in environ.read_bytes() and environ.parent.name != str(os.getpid()):
                return True
    return False
