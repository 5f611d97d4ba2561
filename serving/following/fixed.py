"""One model by its URI: found once, and served as it is until the server ends."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from podium.errors import NotFound, UsageError
from registry_tools.port import Registry
from serving.assignment import Assigned
from serving.errors import NotServable
from serving.following.cache import Cache, Kept
from serving.following.fetching import assigned, keep
from serving.following.naming import REGISTERED, is_path, name_of
from serving.following.wanted import Wanted

FIXED = "fixed"
Download = Callable[[str], AbstractContextManager[Path]]


def fix(
    uri: str, cache: Cache, open_registry: Callable[[], Registry], download: Download
) -> Assigned:
    """The version at `uri`: models:/name/3, models:/name/latest, models:/name@alias, what else
    MLflow downloads, or a folder.

    Raises NotFound, Unreachable, UsageError, and NotServable where the files of a registered
    version are not those that it was registered with.
    """
    registered = REGISTERED.fullmatch(uri)
    if registered is not None:
        return _registered(registered, cache, open_registry())
    if is_path(uri):
        return _local(uri, cache)
    with download(uri) as folder:
        return _other(name_of(uri), cache, folder)


def _registered(named: re.Match[str], cache: Cache, registry: Registry) -> Assigned:
    name, number, alias = named.groups()
    model = registry.model(name)
    if alias is not None or number == "latest":
        found = model.aliases.get(alias) if alias else _latest(registry, name)
        if found is None and alias is None:
            raise NotFound(f"{name} has no versions.", remedy="Register one, or name another.")
        if found is None:
            raise NotFound(
                f"{name} has no alias @{alias}.",
                remedy=f"It has: {', '.join(model.aliases) or 'none'}.",
            )
        number = str(found)
    if not number.isdecimal():
        raise UsageError(
            f"{number!r} is no version of {name}.",
            remedy=f"Write models:/{name}/3, models:/{name}/latest or models:/{name}@production.",
        )
    version = registry.version(name, int(number))
    wanted = Wanted(name, version.number, version.digest)
    kept = None if version.digest is None else cache.find(name, version.digest)
    if kept is None:
        with registry.files(name, version.number) as folder:
            kept = _kept(cache, wanted, folder)
    return assigned(wanted, kept, FIXED)


def _latest(registry: Registry, name: str) -> int | None:
    return max((version.number for version in registry.versions(name)), default=None)


def _local(path: str, cache: Cache) -> Assigned:
    folder = Path(path).expanduser()
    if not (folder / "MLmodel").is_file():
        raise NotFound(
            f"{path} is no folder with an MLflow model.",
            remedy="Name a folder that holds a file MLmodel, or a URI such as models:/name/3.",
        )
    with cache.scratch() as scratch:
        copied = scratch / "copied"
        shutil.copytree(folder, copied, ignore=shutil.ignore_patterns("__pycache__"))
        return _other(name_of(path), cache, copied)


def _other(name: str, cache: Cache, folder: Path) -> Assigned:
    wanted = Wanted(name, 0)
    return assigned(wanted, _kept(cache, wanted, folder), FIXED)


def _kept(cache: Cache, wanted: Wanted, folder: Path) -> Kept:
    try:
        kept = keep(cache, wanted, folder)
    except NotServable as error:
        version = f"Version {wanted.version} of {wanted.model}" if wanted.version else wanted.model
        raise NotServable(f"{version} cannot be served: {error.what}.") from error
    cache.prune(wanted.model)
    return kept
