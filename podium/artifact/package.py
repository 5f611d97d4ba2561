"""The scoring code as the artifact ships it: under a name made from its own content."""

from __future__ import annotations

import hashlib
from importlib import resources
from pathlib import Path

_PREFIX = "podium_scoring_"


def scoring_files() -> dict[str, bytes]:
    """Name and content of every module of `podium.artifact.scoring`, in order."""
    package = resources.files("podium.artifact.scoring")
    modules = [item for item in package.iterdir() if item.name.endswith(".py")]
    return {item.name: item.read_bytes() for item in sorted(modules, key=lambda item: item.name)}


def package_name(files: dict[str, bytes]) -> str:
    """A module name that no other content has: neither an installed Podium nor another version's
    copy in the same process can stand in for it.
    """
    digest = hashlib.sha256()
    for name, content in files.items():
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return _PREFIX + digest.hexdigest()[:16]


def write_package(folder: Path) -> Path:
    """Write the scoring package into `folder` and return its own folder."""
    files = scoring_files()
    package = folder / package_name(files)
    package.mkdir(parents=True)
    for name, content in files.items():
        (package / name).write_bytes(content)
    return package
