"""How a worker takes what it is assigned: nothing waits for what hangs, nothing is lost."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from serving.app.slots import Slots
from serving.assignment import Assigned, Assignment, ServedState
from serving.errors import NotServable
from serving.models.model import Answer, Asked, Description, Form, Model
from serving.process.loading import Loading
from serving.process.messages import Order


class _Named(Model):
    """Answers with its version."""

    form: Form = "pyfunc"

    def __init__(self, assigned: Assigned) -> None:
        self.assigned = assigned
        self.closed = False

    def quick(self, asked: Asked) -> bool:
        return True

    def answer_now(self, asked: Asked) -> Answer:
        return Answer(200, self.assigned.version.encode())

    async def answer(self, asked: Asked) -> Answer:
        return self.answer_now(asked)

    def description(self) -> Description:
        return Description()

    def close(self) -> None:
        self.closed = True


@dataclass
class _Worker:
    """Slots for two models. hold: versions whose loading waits. bad: those that do not load."""

    bad: set[str] = field(default_factory=set)
    hold: dict[str, threading.Event] = field(default_factory=dict)
    opened: list[_Named] = field(default_factory=list)
    said: list[tuple[ServedState, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.places = Slots(["m", "n"])
        self.loading = Loading(self.places, self._open, lambda *said: self.said.append(said))

    def order(self, number: int, *versions: Assigned, instead: tuple[Assigned, ...] = ()) -> None:
        self.loading.take(Order(Assignment(number, versions), instead))

    def held(self, name: str) -> str | None:
        model = self.places.get(name)
        return None if model is None else model.assigned.version

    def _open(self, assigned: Assigned) -> Model:
        if assigned.version in self.hold:
            self.hold[assigned.version].wait(30)
        if assigned.version in self.bad:
            raise NotServable(f"version {assigned.version} is bad")
        self.opened.append(_Named(assigned))
        return self.opened[-1]


def _one(version: str, name: str = "m") -> Assigned:
    return Assigned(name, version, "champion", f"/{name}/{version}")


def _run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(work(), 30))


def test_the_version_before_stays_where_the_next_does_not_load() -> None:
    async def work() -> None:
        worker = _Worker(bad={"2"})
        worker.order(1, _one("1"))
        await worker.loading.settled()
        worker.order(2, _one("2"))
        await worker.loading.settled()
        assert worker.held("m") == "1"
        states = [state for state, number in worker.said if (state.model, number) == ("m", 2)]
        assert states == [ServedState("m", "1", "pyfunc", "version 2 is bad")]
        worker.order(3, _one("1"))
        await worker.loading.settled()
        assert (len(worker.opened), worker.places.refused) == (1, {})

    _run(work)


def test_a_worker_that_holds_nothing_takes_the_version_before_instead() -> None:
    async def work() -> None:
        worker = _Worker(bad={"2"})
        worker.order(1, _one("2"), instead=(_one("1"),))
        await worker.loading.settled()
        assert (worker.held("m"), worker.places.refused) == ("1", {"m": "version 2 is bad"})

    _run(work)


def test_a_model_that_hangs_while_it_loads_holds_up_no_other() -> None:
    async def work() -> None:
        hanging = threading.Event()
        worker = _Worker(hold={"1": hanging})
        worker.order(1, _one("1"), _one("5", "n"))
        while worker.held("n") != "5":
            await asyncio.sleep(0.01)
        assert worker.held("m") is None
        hanging.set()
        await worker.loading.settled()
        assert worker.held("m") == "1"

    _run(work)


def test_a_version_that_is_wanted_no_more_when_it_is_loaded_is_not_served() -> None:
    async def work() -> None:
        slow = threading.Event()
        worker = _Worker(hold={"1": slow})
        worker.order(1, _one("1"))
        await asyncio.sleep(0.05)
        worker.order(2, _one("2"))
        slow.set()
        await worker.loading.settled()
        assert worker.held("m") == "2"
        assert [(model.assigned.version, model.closed) for model in worker.opened] == [
            ("1", True),
            ("2", False),
        ]

    _run(work)


def test_a_model_that_is_in_production_no_more_is_let_go_after_its_last_request() -> None:
    async def work() -> None:
        worker = _Worker()
        worker.order(1, _one("1"))
        await worker.loading.settled()
        held = worker.places.hold("m")
        assert held is not None
        worker.order(2)
        await worker.loading.settled()
        assert (worker.held("m"), worker.opened[0].closed) == (None, False)
        held.release()
        assert worker.opened[0].closed

    _run(work)


def test_why_a_version_was_not_even_assigned_stays_beside_what_is_served() -> None:
    async def work() -> None:
        worker = _Worker()
        worker.order(1, _one("1"))
        await worker.loading.settled()
        refused = {"m": "version 2: changed", "n": "version 7: changed"}
        worker.loading.take(Order(Assignment(1, (_one("1"),)), (), refused))
        await worker.loading.settled()
        assert worker.places.refused == refused
        assert worker.said[-2][0] == ServedState("m", "1", "pyfunc", "version 2: changed")

    _run(work)


def test_a_slow_version_is_taken_though_another_model_was_promoted_meanwhile() -> None:
    async def work() -> None:
        slow = threading.Event()
        worker = _Worker(hold={"1": slow})
        worker.order(1, _one("1"), _one("5", "n"))
        await asyncio.sleep(0.05)
        worker.order(2, _one("1"), _one("6", "n"))
        slow.set()
        await worker.loading.settled()
        assert (worker.held("m"), worker.held("n")) == ("1", "6")
        assert [model.assigned.version for model in worker.opened].count("1") == 1
        assert ("m", 2) in [(state.model, number) for state, number in worker.said]

    _run(work)


def test_a_version_that_hangs_while_it_loads_does_not_hold_up_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("serving.process.loading._PATIENCE_SECONDS", 0.05)

    async def work() -> None:
        hanging = threading.Event()
        worker = _Worker(hold={"2": hanging}, bad={"2"})
        worker.order(1, _one("1"))
        await worker.loading.settled()
        worker.order(2, _one("2"))
        await asyncio.sleep(0.02)
        worker.order(3, _one("3"))
        while worker.held("m") != "3":
            await asyncio.sleep(0.01)
        hanging.set()
        await worker.loading.settled()
        assert (worker.held("m"), worker.places.refused) == ("3", {})

    _run(work)


def test_the_entry_is_the_newest_one_where_its_files_are_served_already() -> None:
    async def work() -> None:
        worker = _Worker()
        worker.order(1, replace(_one("1"), entry=1))
        await worker.loading.settled()
        worker.order(2, replace(_one("1"), entry=5))
        await worker.loading.settled()
        held = worker.places.get("m")
        assert held is not None
        assert (held.assigned.entry, len(worker.opened)) == (5, 1)

    _run(work)


def test_what_is_missing_is_what_has_no_version_that_answers() -> None:
    async def work() -> None:
        worker = _Worker(bad={"1"})
        worker.order(1, _one("1"), _one("5", "n"))
        await worker.loading.settled()
        assert worker.loading.missing == {"m"}

    _run(work)
