"""What a server serves at its start, where not all of it can be found out."""

from __future__ import annotations

import errno
import queue
from collections.abc import Iterator
from pathlib import Path

import pytest

from podium.errors import PodiumError
from registry_tools.errors import LedgerBroken
from registry_tools.port import Model
from serving.following.cache import Cache, NotKept
from serving.following.following import Begun, Following, Source
from serving.following.news import News
from tests.serving.following.registries import NAME, World

OTHER = "others"


class Start:
    """A server's start, with the news that come after it."""

    def __init__(self, world: World, names: tuple[str, ...] = (NAME, OTHER)) -> None:
        self.news: queue.SimpleQueue[News] = queue.SimpleQueue()
        source = Source(lambda: world.registry, "here", world.cache.root, 0.05)
        self.following = Following(names, source, self.news.put)

    def begin(self) -> Begun:
        try:
            return self.following.begin()
        finally:
            self.following.stop()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    world.registry.known[OTHER] = Model(OTHER, {})
    yield world
    world.rest()


def _versions(begun: Begun) -> dict[str, str]:
    return {name: one.version for name, one in begun.models.items() if one is not None}


def test_a_model_that_cannot_be_read_takes_no_other_back(world: World) -> None:
    first, second = world.version(1), world.version(2)
    world.enter(1, first)
    for version, digest in ((2, second), (1, first)):
        world.enter(version, digest, model=OTHER)
    start = Start(world)
    start.following.remember(start.begin().models)
    world.enter(2, second)
    world.registry.delete(OTHER, 1)
    begun = Start(world).begin()
    assert _versions(begun) == {NAME: "2", OTHER: "1"}
    assert isinstance(begun.kept_because, LedgerBroken)


def test_a_model_that_was_never_served_here_must_be_read(world: World) -> None:
    world.enter(1, world.version(1))
    for version in (2, 1):
        world.enter(version, None, model=OTHER)
    world.registry.delete(OTHER, 1)
    with pytest.raises(LedgerBroken):
        Start(world).begin()


def test_a_full_disk_lets_go_on_what_was_served_last(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Cache) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    world.enter(1, world.version(1))
    start = Start(world, (NAME,))
    start.following.remember(start.begin().models)
    world.enter(2, world.version(2))
    monkeypatch.setattr(Cache, "scratch", full)
    begun = Start(world, (NAME,)).begin()
    assert _versions(begun) == {NAME: "1"}
    assert isinstance(begun.kept_because, NotKept)


def test_a_cache_that_cannot_be_written_is_no_fault_of_the_version(world: World) -> None:
    world.cache.root.write_text("no folder")
    world.enter(1, world.version(1))
    with pytest.raises(NotKept, match="cannot be kept on this machine") as refused:
        Start(world, (NAME,)).begin()
    assert "--cache" in refused.value.remedy
    assert isinstance(refused.value, PodiumError)
