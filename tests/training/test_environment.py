from __future__ import annotations

import subprocess
from pathlib import Path

from projects.training.environment import git_state


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    subprocess.run(("git", "-C", str(folder), *who, *arguments), check=True, capture_output=True)


def test_only_changes_of_tracked_files_make_a_repository_dirty(tmp_path: Path) -> None:
    assert git_state(tmp_path) == {}
    git(tmp_path, "init")
    (tmp_path / "kept").write_text("one")
    git(tmp_path, "add", "kept")
    git(tmp_path, "commit", "-m", "first")
    (tmp_path / "mlflow.db").write_text("not tracked")
    assert git_state(tmp_path)["podium.git_dirty"] == "false"
    (tmp_path / "kept").write_text("two")
    assert git_state(tmp_path)["podium.git_dirty"] == "true"
