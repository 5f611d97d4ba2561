"""The files of versions, kept on this machine by their digest; several servers may share them."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from podium.artifact.scoring.errors import BrokenArtifact
from podium.artifact.scoring.manifest import MANIFEST, CheckedFiles, build_manifest, digest_of
from podium.errors import PodiumError
from serving.errors import NotServable

_KEPT_VERSIONS = 5
_IN_USE_SECONDS = 3_600.0  # a server marks what it serves more often than that
_LEFT_BEHIND_SECONDS = 86_400.0
_TRIES = 3
_NEW = ".new-"
_DIGEST = re.compile("[0-9a-f]{64}")


class NotKept(PodiumError):
    """Files that this machine cannot keep, or read: it says nothing of the version they are of."""

    def __init__(self, error: OSError) -> None:
        said = f"{type(error).__name__}: {error}"
        super().__init__(
            f"Its files cannot be kept on this machine: {said}.",
            remedy="Check that the folder of --cache can be written to, and the free space.",
        )


@dataclass(frozen=True)
class Kept:
    """Files of a version in a folder of the cache. ours: whether they bear Podium's manifest."""

    folder: Path
    digest: str
    ours: bool


class Cache:
    """Versions below `root`, a folder for each model and in it one for each digest.

    What is in it is complete, since it came there by a rename, and is compared with its digest
    each time that it is taken out.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def find(self, model: str, digest: str) -> Kept | None:
        """The files with this digest; None where they are not there, or no longer what they were:
        those are removed.
        """
        folder = self._of(model) / digest
        if not _DIGEST.fullmatch(digest) or (seen := _inode(folder)) is None:
            return None
        try:
            found = checked(folder)
        except NotServable:
            found = None
        if found is None or found.digest != digest:
            if _inode(folder) == seen:  # else another server has just put whole ones there
                _remove(folder)
            return None
        self.mark(folder)
        return found

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """An empty folder on the cache's own disk, for the length of the block."""
        self.root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=_NEW, dir=self.root) as folder:
            yield Path(folder)

    def take(self, model: str, found: Kept) -> Kept:
        """Move files that lie in a folder of `scratch` to their place, unless they are there whole:
        another server may have brought them meanwhile.
        """
        place = self._of(model) / found.digest
        place.parent.mkdir(parents=True, exist_ok=True)
        for _ in range(_TRIES):
            if _renamed(found.folder, place):
                self.mark(place)
                return Kept(place, found.digest, found.ours)
            there = self.find(model, found.digest)  # removes what is not whole
            if there is not None:
                return there
        raise FileExistsError(errno.EEXIST, "Other files are in its place and stay there", place)

    def mark(self, folder: Path) -> None:
        """Note that a folder is in use, so that no other server removes it.

        Where that cannot be noted, as in a cache of another user, it is served all the same.
        """
        with suppress(OSError):
            os.utime(folder)

    def prune(self, model: str) -> None:
        """Remove all but the versions that were used last, and what a killed server left.

        What cannot be removed stays: nothing that is served depends on it.
        """
        with suppress(OSError):
            self._prune(model)

    def _prune(self, model: str) -> None:
        now = time.time()
        kept = sorted(_aged(self._of(model)), reverse=True)
        for used, folder in kept[_KEPT_VERSIONS:]:
            if now - used > _IN_USE_SECONDS:
                _remove(folder)
        for made, folder in _aged(self.root):
            if folder.name.startswith(_NEW) and now - made > _LEFT_BEHIND_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)

    def _of(self, model: str) -> Path:
        distinct = hashlib.sha256(model.encode()).hexdigest()[:8]
        return self.root / f"{quote(model, safe='')[:80]}-{distinct}"


def checked(folder: Path) -> Kept:
    """What the files in `folder` are. With a manifest all of them are compared with it.

    Raises NotServable, naming the first file that is not what it should be.
    """
    ours = (folder / MANIFEST).is_file()
    try:
        digest = CheckedFiles.open(folder).digest if ours else digest_of(build_manifest(folder))
    except (BrokenArtifact, OSError) as error:
        raise NotServable(f"{error}") from error
    return Kept(folder, digest, ours)


def _inode(folder: Path) -> int | None:
    """Tells a folder from another that takes its place; None where there is none."""
    try:
        found = folder.stat()
    except FileNotFoundError:
        return None
    return found.st_ino if stat.S_ISDIR(found.st_mode) else None


def _renamed(folder: Path, place: Path) -> bool:
    """Whether `folder` could be moved; False where another folder is in its place."""
    try:
        folder.rename(place)
    except OSError:
        if not place.is_dir():
            raise
        return False
    return True


def _aged(folder: Path) -> Iterator[tuple[float, Path]]:
    if not folder.is_dir():
        return
    for inner in folder.iterdir():
        with suppress(FileNotFoundError):
            yield inner.stat().st_mtime, inner


def _remove(folder: Path) -> None:
    """Out of its place at once, so that nobody finds half of it."""
    gone = Path(tempfile.mkdtemp(prefix=_NEW, dir=folder.parents[1]))
    with suppress(OSError):  # another server was faster
        folder.rename(gone / folder.name)
    shutil.rmtree(gone, ignore_errors=True)
