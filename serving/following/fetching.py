"""Brings the files of a version to this machine, and sees that they are those that were pinned."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from podium.artifact.scoring.manifest import build_manifest
from registry_tools.port import Registry
from serving.assignment import Assigned
from serving.errors import NotServable
from serving.following.cache import Cache, Kept, checked
from serving.following.wanted import CHAMPION, Wanted


def fetch(registry: Registry, cache: Cache, wanted: Wanted) -> Assigned:
    """The version with its files on this machine: from the cache, else from the registry.

    Raises NotServable where the files are not those that the ledger pinned, and whatever the
    registry raises.
    """
    if wanted.digest is None:  # by an alias that came before Podium: what it was registered with
        wanted = replace(wanted, digest=registry.version(wanted.model, wanted.version).digest)
    found = None if wanted.digest is None else cache.find(wanted.model, wanted.digest)
    if found is None:
        with registry.files(wanted.model, wanted.version) as folder:
            found = keep(cache, wanted, folder)
        cache.prune(wanted.model)
    return assigned(wanted, found)


def keep(cache: Cache, wanted: Wanted, downloaded: Path) -> Kept:
    """Put downloaded files into the cache, if they are the right ones."""
    with cache.scratch() as scratch:
        folder = scratch / "files"
        shutil.move(downloaded, folder)
        found = checked(folder)
        if wanted.digest not in (None, found.digest):
            raise NotServable(_differing(folder, found, wanted))
        return cache.take(wanted.model, found)


def assigned(wanted: Wanted, found: Kept, role: str = CHAMPION) -> Assigned:
    """What workers are told."""
    ours, others = (found.digest, None) if found.ours else (None, found.digest)
    version = str(wanted.version or "")
    return Assigned(wanted.model, version, role, str(found.folder), ours, wanted.entry, others)


def _differing(folder: Path, found: Kept, wanted: Wanted) -> str:
    pinned = f"{wanted.digest}"[:12]
    if found.ours or not wanted.files:
        return f"its files have the digest {found.digest[:12]}; {pinned} was pinned"
    now = {path: file["sha256"] for path, file in _listed(folder).items()}
    paths = sorted(p for p in {*now, *wanted.files} if now.get(p) != wanted.files.get(p))
    return f"{', '.join(paths[:5])} differ from what was pinned"


def _listed(folder: Path) -> Mapping[str, Mapping[str, str]]:
    listed: Mapping[str, Mapping[str, str]] = json.loads(build_manifest(folder))["files"]
    return listed
