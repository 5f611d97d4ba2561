"""What a killed search left in the system's temporary folder goes with the next one."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from projects.jobs.scratch import scratch_folder


def test_the_folder_is_private_and_goes_with_the_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with scratch_folder() as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (folder / "rows").write_bytes(b"1")
    assert not list(tmp_path.iterdir())


def test_folders_of_dead_processes_go_and_those_of_living_ones_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    ours = f"podium-search-{os.getpid()}-b"
    for name in (
        f"podium-search-{dead.pid}-a",
        f"podium-search-{os.getpid()}-b",
        "podium-search-c",
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "rows").write_bytes(b"1")
    with scratch_folder():
        pass
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {ours, "podium-search-c"}
