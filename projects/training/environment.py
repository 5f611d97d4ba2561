"""Under what code and packages a training ran."""

from __future__ import annotations

import platform
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = (
    "podium-mlops",
    "mlflow",
    "scikit-learn",
    "xgboost",
    "pandas",
    "numpy",
    "scipy",
    "pyarrow",
    "skops",
    "optuna",
)


def package_versions() -> dict[str, str]:
    """Versions of Python and of the packages that decide what a training gives."""
    versions = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return versions


def git_state(folder: Path) -> dict[str, str]:
    """Commit of the repository that holds `folder`, and whether a tracked file differs from it.

    Empty outside a repository, and where git is not installed.
    """
    commit = _git(folder, "rev-parse", "HEAD")
    if not commit:
        return {}
    dirty = bool(_git(folder, "status", "--porcelain", "--untracked-files=no"))
    return {"podium.git_commit": commit, "podium.git_dirty": str(dirty).lower()}


def _git(folder: Path, *arguments: str) -> str:
    git = shutil.which("git")
    if git is None:
        return ""
    command = [git, "-C", str(folder), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout.strip() if done.returncode == 0 else ""
