"""How a worker takes what it is assigned: nothing waits for what hangs, nothing is lost."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

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

    def quick(self, size_bytes: int) -> bool:
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
        with worker.places.use("m"):
            worker.order(2)
            await worker.loading.settled()
            assert (worker.held("m"), worker.opened[0].closed) == (None, False)
        assert worker.opened[0].closed

    _run(work)
