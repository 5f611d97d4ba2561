"""Loads what a worker is assigned, beside its event loop, and lets it answer."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from podium.errors import PodiumError
from serving.app.slots import Slots
from serving.assignment import Assigned, ServedState
from serving.models.model import Model
from serving.process.messages import MOST_CHARACTERS, Order

_T = TypeVar("_T")
_PATIENCE_SECONDS = 5.0
_SLOW_SECONDS = 30.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Sought:
    """What an order says of one model. wanted: None where nothing is to be served. instead: where
    none is loaded and the wanted one cannot be. refused: why another was not even assigned.
    """

    number: int
    wanted: Assigned | None
    instead: Assigned | None
    refused: str | None


class Loading:
    """Puts versions into `slots`. For the thread of the event loop only.

    open_model: loads a version, in a thread of its own. report: is told what is served of a model
    after the assignment of a number.
    """

    def __init__(
        self,
        slots: Slots,
        open_model: Callable[[Assigned], Model],
        report: Callable[[ServedState, int], None],
    ) -> None:
        self._slots = slots
        self._open = open_model
        self._report = report
        self._sought: dict[str, _Sought] = {}
        self._turns = {name: asyncio.Lock() for name in slots.names}
        self._loads: dict[str, Assigned] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, order: Order) -> None:
        """Begin with what an order says of versions; models do not wait for each other."""
        if order.assignment is None:
            return
        number = order.assignment.number
        wanted = {one.model: one for one in order.assignment.models}
        instead = {one.model: one for one in order.instead}
        refused = order.refused or {}
        for name in self._slots.names:
            of_it = wanted.get(name), instead.get(name), refused.get(name)
            self._sought[name] = _Sought(number, *of_it)
            task = asyncio.create_task(self._serve(name, self._sought[name]))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    @property
    def missing(self) -> frozenset[str]:
        """Models that are to be served and have no version that answers."""
        assigned = (name for name, sought in self._sought.items() if sought.wanted is not None)
        return frozenset(name for name in assigned if self._slots.get(name) is None)

    async def settled(self) -> None:
        """Wait until all that was taken is loaded or refused; who stops waiting stops no load."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _serve(self, name: str, sought: _Sought) -> None:
        """Serve the version that is wanted of one model, unless something else is by then."""
        turn = await self._turn(name, sought)
        if turn is None:
            return
        try:
            if sought.wanted is None:
                self._slots.remove(name)
            elif not await self._swap(sought.wanted) and self._slots.get(name) is None:
                await self._stand_in(sought.instead)
            if self._sought[name] is not sought:
                return  # the next order's turn: it tells
            if sought.refused is not None and name not in self._slots.refused:
                self._slots.refuse(name, sought.refused)
            self._tell(name, sought.number)
        finally:
            turn.release()

    async def _turn(self, name: str, sought: _Sought) -> asyncio.Lock | None:
        """One version of a model is loaded at a time, but one that hangs holds up no other.

        None where a newer order came meanwhile.
        """
        while self._sought[name] is sought:
            turn = self._turns[name]
            try:
                await asyncio.wait_for(turn.acquire(), _PATIENCE_SECONDS)
            except TimeoutError:
                if self._turns[name] is turn and self._loads_another(name, sought):
                    self._turns[name] = asyncio.Lock()
                continue
            if self._sought[name] is sought:
                return turn
            turn.release()
        return None

    def _loads_another(self, name: str, sought: _Sought) -> bool:
        load = self._loads.get(name)
        return load is not None and (sought.wanted is None or _files(load) != _files(sought.wanted))

    async def _swap(self, wanted: Assigned) -> bool:
        """Whether `wanted` answers now."""
        held = self._slots.get(wanted.model)
        if held is not None and _files(held.assigned) == _files(wanted):
            held.assigned = wanted  # by another entry, it may be
            self._slots.refused.pop(wanted.model, None)
            return True
        try:
            model = await self._load(wanted)
        except PodiumError as error:
            self._refuse(wanted, error.what)
            return False
        except Exception as error:  # noqa: BLE001 - models raise what they like
            _log.exception("version %s of %s does not load", wanted.version, wanted.model)
            self._refuse(wanted, f"{type(error).__name__}: {error}")
            return False
        if self._still_sought(wanted):
            self._slots.put(model)
        else:
            model.close()
        return True

    async def _load(self, wanted: Assigned) -> Model:
        name, version = wanted.model, wanted.version
        slow = "version %s of %s is still being loaded after %.0f s"
        later = asyncio.get_running_loop().call_later
        timer = later(_SLOW_SECONDS, _log.warning, slow, version, name, _SLOW_SECONDS)
        self._loads[name] = wanted
        try:
            return await _in_thread(lambda: self._open(wanted))
        finally:
            timer.cancel()
            if self._loads.get(name) is wanted:
                del self._loads[name]

    def _refuse(self, wanted: Assigned, reason: str) -> None:
        if self._still_sought(wanted):
            self._slots.refuse(wanted.model, reason[:MOST_CHARACTERS])

    def _still_sought(self, loaded: Assigned) -> bool:
        """Whether the newest order has a use for these files."""
        sought = self._sought[loaded.model]
        if sought.wanted is not None and _files(sought.wanted) == _files(loaded):
            return True
        empty = self._slots.get(loaded.model) is None
        return empty and sought.instead is not None and _files(sought.instead) == _files(loaded)

    async def _stand_in(self, instead: Assigned | None) -> None:
        """Serve the version before, in a worker that has just started and holds none."""
        if instead is None:
            return
        reason = self._slots.refused.get(instead.model)
        await self._swap(instead)
        if reason is not None:
            self._slots.refuse(instead.model, reason)

    def _tell(self, name: str, number: int) -> None:
        states = {state.model: state for state in self._slots.states()}
        self._report(states[name], number)


def _files(assigned: Assigned) -> tuple[str, str, str | None]:
    return assigned.version, assigned.folder, assigned.digest


async def _in_thread(work: Callable[[], _T]) -> _T:
    """What `work` gives, in a thread that nobody waits for at the end: it may hang."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[_T] = loop.create_future()

    def settle(result: _T | None, error: BaseException | None) -> None:
        if not done.done():
            done.set_exception(error) if error else done.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - passed on to who waits
            loop.call_soon_threadsafe(settle, None, error)
        else:
            loop.call_soon_threadsafe(settle, result, None)

    threading.Thread(target=run, name="load", daemon=True).start()
    return await done
