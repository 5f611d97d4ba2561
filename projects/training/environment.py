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


def platform_words() -> str:
    """System and processor, such as `Linux x86_64`."""
    return f"{platform.system()} {platform.machine()}"


def thread_counts() -> dict[str, int]:
    """How many threads the libraries that are loaded take, for `openmp` and for `blas`: the sums
    of floats that they split among them depend on it.
    """
    from threadpoolctl import threadpool_info

    counts: dict[str, int] = {}
    for library in threadpool_info():
        kind = str(library["user_api"])
        counts[kind] = max(counts.get(kind, 0), int(library["num_threads"]))
    return dict(sorted(counts.items()))


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
