"""`podium quickstart`, on fewer flights."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.e2e.processes import environment, run


@pytest.mark.e2e
@pytest.mark.slow
def test_the_quick_start_trains_serves_scores_and_stops_what_it_started(tmp_path: Path) -> None:
    command = ["podium", "quickstart", "--rows", "5000", "--json"]
    done = run(command, tmp_path, environment(tmp_path))
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["model_uri"] == "models:/flight_delay/1"
    assert len(said["predictions"]) == 3
    assert "$ curl" in done.stderr
    processes = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    assert str(tmp_path) not in processes.stdout
