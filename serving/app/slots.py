"""Which version answers for each model now; swapped without a request noticing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from serving.assignment import ServedState
from serving.models.model import Model


@dataclass(eq=False)
class Held:
    """A loaded version, and how many requests are with it."""

    model: Model
    requests: int = 0
    replaced: bool = False

    def release(self) -> None:
        """One request is done."""
        self.requests -= 1
        self.close_if_done()

    def close_if_done(self) -> None:
        """Close what was replaced, once nobody is with it."""
        if self.replaced and not self.requests:
            self.model.close()


class Slots:
    """A place for each model by name, empty at first. For the thread of the event loop only.

    refused: why the version that a model was to get last was not taken, by name. registry:
    whether the registry answers, in words; None where nothing is followed.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self.refused: dict[str, str] = {}
        self.registry: str | None = None
        self._held: dict[str, Held] = {}

    def get(self, name: str) -> Model | None:
        """The version that answers for `name`; None where none was loaded yet."""
        held = self._held.get(name)
        return None if held is None else held.model

    def hold(self, name: str) -> Held | None:
        """Like `get`; until it is released that version is not closed, whatever takes its place."""
        held = self._held.get(name)
        if held is not None:
            held.requests += 1
        return held

    def put(self, model: Model) -> None:
        """Let `model` answer from the next request on; the version before it is closed when its
        last request is done.
        """
        name = model.assigned.model
        before = self._held.get(name)
        self._held[name] = Held(model)
        self.refused.pop(name, None)
        if before is not None:
            before.replaced = True
            before.close_if_done()

    def remove(self, name: str) -> None:
        """Let nothing answer for `name` any more; its version is closed when it is done."""
        before = self._held.pop(name, None)
        self.refused.pop(name, None)
        if before is not None:
            before.replaced = True
            before.close_if_done()

    def refuse(self, name: str, reason: str) -> None:
        """Note that a version was not taken; the one before it stays."""
        self.refused[name] = reason

    def states(self) -> list[ServedState]:
        """What is served, by name, in the order of the names."""
        return [self._state(name) for name in self.names]

    def _state(self, name: str) -> ServedState:
        model, refused = self.get(name), self.refused.get(name)
        if model is None:
            return ServedState(name, refused=refused)
        return ServedState(name, model.assigned.version, model.form, refused)
