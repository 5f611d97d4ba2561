"""A registry in memory whose versions have files."""

from __future__ import annotations

import queue
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from podium.artifact.scoring.manifest import build_manifest, digest_of, write_manifest
from podium.errors import NotFound
from registry_tools.entry import Draft, Stage
from registry_tools.ledger import Ledger
from registry_tools.registry import Registry
from serving.following.cache import Cache
from serving.following.follower import Follower, Surroundings
from serving.following.news import News
from serving.following.watch import Watch
from tests.registry_tools.pure.memory import MemoryRegistry

NAME = "flights"


class FilesRegistry(MemoryRegistry):
    """folders: the files of versions, by number. downloads: which were asked for, in order."""

    def __init__(self) -> None:
        super().__init__(NAME)
        self.folders: dict[int, Path] = {}
        self.downloads: list[int] = []

    @contextmanager
    def files(self, name: str, number: int) -> Iterator[Path]:
        self._called("files")
        self.downloads.append(number)
        if number not in self.folders:
            raise NotFound(f"version {number} has no files")
        with tempfile.TemporaryDirectory() as scratch:
            yield Path(shutil.copytree(self.folders[number], Path(scratch, "model")))


@dataclass
class World:
    """A registry, a cache, and a follower whose looks are made by hand."""

    folder: Path
    registry: FilesRegistry = field(default_factory=FilesRegistry)
    news: queue.SimpleQueue[News] = field(default_factory=queue.SimpleQueue)
    time: float = 0.0

    def __post_init__(self) -> None:
        self.cache = Cache(self.folder / "cache")
        self.watch = Watch(self.news.put, lambda: self.time)
        self.follower = Follower(
            NAME,
            Surroundings(self._open, self.cache, self.watch, self.news.put, 0.5, lambda: self.time),
        )

    def version(self, number: int, content: str = "", *, ours: bool = True) -> str:
        """Register a version with files of its own; returns the digest of them."""
        folder = self.folder / f"version-{number}"
        folder.mkdir()
        (folder / "model.txt").write_text(content or f"version {number}")
        self.registry.folders[number] = folder
        return write_manifest(folder) if ours else digest_of(build_manifest(folder))

    def enter(
        self, version: int, digest: str | None, stage: Stage = "production", model: str = NAME
    ) -> None:
        """Enter that `version` came to a stage."""
        ledger = Ledger(self.registry, model)
        ledger.refresh()
        draft = Draft(
            "promote",
            version,
            stage,
            ledger.state.champion if stage == "production" else None,
            "for a test",
            model_digest=digest,
        )
        ledger.append(ledger.entry(draft, "tests"))

    def look(self) -> News:
        """The next news, after a look."""
        self.follower.look()
        return self.news.get(timeout=30)

    def quiet(self) -> bool:
        """Whether a look brings no news, and nothing that it began."""
        self.follower.look()
        self.rest()
        return self.news.empty()

    def rest(self) -> None:
        """Wait until nothing is being fetched."""
        deadline = time.monotonic() + 30
        while any(thread.name.startswith("fetch ") for thread in threading.enumerate()):
            if time.monotonic() > deadline:
                raise TimeoutError("files are still being fetched")
            time.sleep(0.001)

    def _open(self) -> Registry:
        self.registry.models()  # which is Unreachable while it is down
        return self.registry
