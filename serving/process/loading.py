"""Loads what a worker is assigned, beside its event loop, and lets it answer."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping
from typing import TypeVar

from podium.errors import PodiumError
from serving.app.slots import Slots
from serving.assignment import Assigned, ServedState
from serving.models.model import Model
from serving.process.messages import MOST_CHARACTERS, Order

_T = TypeVar("_T")
_PATIENCE_SECONDS = 120.0
_log = logging.getLogger(__name__)


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
        self._newest: dict[str, int] = {}
        self._turns = {name: asyncio.Lock() for name in slots.names}
        self._assigned: frozenset[str] = frozenset()
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, order: Order) -> None:
        """Begin with what an order says of versions; models do not wait for each other."""
        for name, reason in (order.refused or {}).items():
            self._slots.refuse(name, reason)
        if order.assignment is None:
            return
        number = order.assignment.number
        wanted = {one.model: one for one in order.assignment.models}
        instead = {one.model: one for one in order.instead}
        self._assigned = frozenset(wanted)
        for name in self._slots.names:
            self._newest[name] = number
            task = asyncio.create_task(self._serve(name, number, wanted, instead))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    @property
    def whole(self) -> bool:
        """Whether all models that were assigned last have a version that answers."""
        return all(self._slots.get(name) is not None for name in self._assigned)

    async def settled(self) -> None:
        """Wait until all that was taken is loaded or refused."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def _serve(
        self,
        name: str,
        number: int,
        wanted: Mapping[str, Assigned],
        instead: Mapping[str, Assigned],
    ) -> None:
        """Serve the version that is wanted of one model, unless another is wanted by then."""
        turn = self._turns[name]
        try:
            await asyncio.wait_for(turn.acquire(), _PATIENCE_SECONDS)
        except TimeoutError:  # the one before it hangs; this one shall not
            turn = self._turns[name] = asyncio.Lock()
            await turn.acquire()
        try:
            if self._newest[name] != number:
                return
            if name not in wanted:
                self._slots.remove(name)
            elif not await self._swap(wanted[name], number) and self._slots.get(name) is None:
                await self._stand_in(instead.get(name), number)
            self._tell(name, number)
        finally:
            turn.release()

    async def _swap(self, wanted: Assigned, number: int) -> bool:
        """Whether `wanted` answers now."""
        held = self._slots.get(wanted.model)
        if held is not None and _files(held.assigned) == _files(wanted):
            self._slots.refused.pop(wanted.model, None)
            return True
        try:
            model = await _in_thread(lambda: self._open(wanted))
        except PodiumError as error:
            self._slots.refuse(wanted.model, error.what[:MOST_CHARACTERS])
            return False
        except Exception as error:  # noqa: BLE001 - models raise what they like
            _log.exception("version %s of %s does not load", wanted.version, wanted.model)
            reason = f"{type(error).__name__}: {error}"[:MOST_CHARACTERS]
            self._slots.refuse(wanted.model, reason)
            return False
        if self._newest[wanted.model] == number:
            self._slots.put(model)
        else:
            model.close()
        return True

    async def _stand_in(self, instead: Assigned | None, number: int) -> None:
        """Serve the version before, in a worker that has just started and holds none."""
        if instead is None:
            return
        reason = self._slots.refused[instead.model]
        await self._swap(instead, number)
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
