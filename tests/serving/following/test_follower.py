"""A follower tells what is in production, and nothing that goes wrong takes that back."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from podium.errors import Unreachable
from registry_tools.errors import LedgerBroken
from serving.assignment import Assigned
from serving.following.cache import NotKept, checked
from serving.following.news import Again, Contact, Decided, Rejected, Unread
from tests.serving.following.registries import NAME, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def _decided(world: World) -> Decided:
    news = world.look()
    assert isinstance(news, Decided), news
    return news


def _brought(world: World) -> Assigned:
    assigned = _decided(world).assigned
    assert assigned is not None
    return assigned


def test_the_champion_is_brought_here_and_told_once(world: World) -> None:
    digest = world.version(1)
    world.enter(1, digest)
    told = _brought(world)
    assert (told.version, told.entry, told.digest) == ("1", 1, digest)
    assert Path(told.folder, "model.txt").read_text() == "version 1"
    assert world.quiet()


def test_going_back_needs_no_download(world: World) -> None:
    first, second = world.version(1), world.version(2)
    for version, digest in ((1, first), (2, second), (1, first)):
        world.enter(version, digest)
        assert _brought(world).version == str(version)
    assert world.registry.downloads == [1, 2]


def test_the_version_in_staging_is_brought_before_it_is_wanted(world: World) -> None:
    world.enter(1, world.version(1))
    _decided(world)
    world.enter(2, digest := world.version(2), "staging")
    world.follower.look()
    world.rest()
    world.registry.folders.clear()
    world.enter(2, digest)
    assert _brought(world)


def test_files_that_are_not_those_that_were_pinned_are_not_taken(world: World) -> None:
    world.enter(1, world.version(1))
    _decided(world)
    world.enter(2, digest := world.version(2))
    (world.registry.folders[2] / "model.txt").write_text("something else")
    news = world.look()
    assert isinstance(news, Rejected)
    assert (news.version, "model.txt" in news.error.what) == ("2", True)
    assert world.quiet()
    (world.registry.folders[2] / "model.txt").write_text("version 2")
    world.time += 61  # somebody repaired them
    assert _brought(world).digest == digest


def test_files_of_others_are_compared_with_what_was_pinned_too(world: World) -> None:
    world.enter(1, world.version(1, ours=False))
    assert _brought(world).digest is None
    world.enter(2, "c" * 64)
    world.version(2, ours=False)
    assert isinstance(world.look(), Rejected)


def test_a_registry_that_is_away_is_said_once_and_changes_nothing(world: World) -> None:
    world.enter(1, world.version(1))
    _decided(world)
    world.registry.down = True
    pauses = [world.follower.look() for _ in range(6)]
    assert (pauses == sorted(pauses), pauses[-1]) == (True, 5.0)
    world.registry.down = False
    world.follower.look()
    told = [world.news.get(timeout=5) for _ in range(4)]
    assert [type(news) for news in told] == [Contact, Unread, Contact, Again]
    assert world.quiet()


def test_a_broken_ledger_is_said_once_and_changes_nothing(world: World) -> None:
    world.enter(1, world.version(1))
    world.enter(2, world.version(2))
    _decided(world)
    world.registry.delete(NAME, 2)
    news = world.look()
    assert isinstance(news, Unread)
    assert isinstance(news.error, LedgerBroken)
    assert max(world.follower.look() for _ in range(8)) == 30.0
    assert world.news.empty()


def test_an_alias_is_followed_until_the_ledger_says_something(world: World) -> None:
    world.version(1)
    world.registry.set_alias(NAME, "production", 1)
    told = _brought(world)
    assert (told.version, told.entry) == ("1", None)
    world.enter(2, world.version(2))
    told = _brought(world)
    assert (told.version, told.entry) == ("2", 1)
    world.registry.set_alias(NAME, "production", 1)  # by hand: nobody believes it
    assert world.quiet()


def test_nothing_in_production_is_told_as_well(world: World) -> None:
    assert _decided(world) == Decided(NAME, None)
    assert world.quiet()


def test_files_that_cannot_be_reached_are_tried_again(world: World) -> None:
    def away() -> None:
        raise Unreachable("the store of files is away")

    world.registry.hooks["files"] = [away]
    world.enter(1, world.version(1))
    assert isinstance(world.look(), Unread)
    assert world.quiet()
    world.time += 5
    assert _brought(world)


def test_a_registry_that_hangs_is_noticed(world: World) -> None:
    with world.watch.asking():
        world.time += 4
        world.watch.look()
        assert world.watch.reachable
        world.time += 2
        world.watch.look()
        assert not world.watch.reachable
    assert world.watch.reachable
    told = [world.news.get(timeout=5) for _ in range(2)]
    assert [news.reachable for news in told if isinstance(news, Contact)] == [False, True]


def test_files_that_went_bad_here_are_brought_once_more(world: World) -> None:
    world.enter(1, world.version(1))
    told = _brought(world)
    Path(told.folder, "model.txt").write_text("bad")
    world.follower.renew()
    assert _decided(world).assigned == told
    assert Path(told.folder, "model.txt").read_text() == "version 1"


def test_going_back_from_a_version_that_was_rejected_is_told(world: World) -> None:
    world.version(1)
    world.registry.set_alias(NAME, "production", 1)
    told = _brought(world)
    world.registry.set_alias(NAME, "production", 2)  # it has no files
    assert isinstance(world.look(), Rejected)
    world.registry.set_alias(NAME, "production", 1)
    assert _brought(world) == told
    assert world.quiet()


def test_a_disk_that_takes_no_files_says_nothing_of_the_version(world: World) -> None:
    world.cache.root.write_text("no folder")
    world.enter(1, world.version(1))
    news = world.look()
    assert isinstance(news, Unread)
    assert isinstance(news.error, NotKept)
    world.cache.root.unlink()
    world.time += 61
    assert _brought(world)


def test_a_machine_without_threads_left_is_said_and_followed_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    world.enter(1, world.version(1))
    with monkeypatch.context() as without:
        without.setattr(threading.Thread, "start", none_left)
        assert isinstance(world.look(), Unread)
        assert world.quiet()
    world.follower.look()
    told = {type(world.news.get(timeout=30)) for _ in range(2)}
    assert told == {Decided, Again}


def test_a_registry_is_lost_while_it_does_not_answer_one_who_asks(world: World) -> None:
    begun, go = threading.Event(), threading.Event()

    def hang() -> None:
        with world.watch.asking():
            begun.set()
            go.wait(30)

    hanging = threading.Thread(target=hang, daemon=True)
    hanging.start()
    assert begun.wait(30)
    world.time += 6
    for _ in range(3):
        world.watch.look()
        with world.watch.asking():
            pass
    go.set()
    hanging.join(30)
    told = [world.news.get(timeout=30) for _ in range(2)]
    assert [news.reachable for news in told if isinstance(news, Contact)] == [False, True]
    assert world.news.empty()


def test_two_servers_share_a_cache(world: World, tmp_path: Path) -> None:
    world.enter(1, digest := world.version(1))
    worlds = [world, World(tmp_path, world.registry)]
    for _ in range(5):
        for one in worlds:
            one.follower.look()
        told = [one.news.get(timeout=30) for one in worlds]
        assert told[0] == told[1]
        assert isinstance(told[0], Decided)
        assert told[0].assigned is not None
        folder = Path(told[0].assigned.folder)
        for one in worlds:
            one.rest()
        assert checked(folder).digest == digest
        (folder / "model.txt").write_text("bad")
        for one in worlds:
            one.follower.renew()
