"""Under what code and packages a training ran."""

from __future__ import annotations

import os
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


def platform_words() -> str:
    """System and processor, such as `Linux x86_64`."""
    return f"{platform.system()} {platform.machine()}"


def usable_threads() -> int:
    """How many threads libraries with OpenMP take here: the sums of floats that they split among
    them depend on it.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    named = [os.environ.get(name, "") for name in ("OMP_NUM_THREADS", "OMP_THREAD_LIMIT")]
    limits = [int(limit) for limit in named if limit.isdigit() and int(limit)]
    return min([cores or 1, *limits])


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
