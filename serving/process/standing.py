"""What is to be served, and what the workers say that they serve."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from serving.assignment import Assigned, Assignment, ServedState
from serving.process.messages import MOST_CHARACTERS, Order, Report


@dataclass
class _Place:
    """One model: what is wanted, since which assignment, and what was served before.

    rejected: why another could not even be assigned. held_back: why a worker did not take what is
    wanted; all serve `good` until that is tried again. states: by worker, what it said after that
    assignment or a later one.
    """

    wanted: Assigned | None = None
    since: int = 0
    good: Assigned | None = None
    rejected: str | None = None
    held_back: str | None = None
    announced: bool = False
    damaged: bool = False
    states: dict[int, ServedState] = field(default_factory=dict)

    @property
    def assigned(self) -> Assigned | None:
        """What workers are told to serve."""
        return self.wanted if self.held_back is None else self.good

    @property
    def kept(self) -> Assigned | None:
        """What to begin with another time: what is not loaded yet, but may well be, counts."""
        return self.wanted if self.good is None and not self.announced else self.good


@dataclass(frozen=True)
class Swapped:
    """All workers serve `now`, where they served `before`."""

    now: Assigned
    before: Assigned | None


@dataclass(frozen=True)
class Emptied:
    """No worker serves `before` any more: nothing is in production."""

    before: Assigned


@dataclass(frozen=True)
class NotTaken:
    """A worker could not load `wanted`; all go back to `good`, None where there is none."""

    wanted: Assigned
    reason: str
    good: Assigned | None


@dataclass(frozen=True)
class Damaged:
    """A worker that was started later cannot load what the others serve: its files went bad."""

    wanted: Assigned
    reason: str


Change = Swapped | Emptied | NotTaken | Damaged


class Standing:
    """Keeps the present assignment, and finds in the workers' reports what is worth saying."""

    def __init__(self, names: Iterable[str]) -> None:
        self._places = {name: _Place() for name in names}
        self._number = 0
        self._holding: dict[int, set[str]] = {}

    @property
    def good(self) -> Mapping[str, Assigned | None]:
        """What is served, by model: None where nothing is."""
        return {name: place.good for name, place in self._places.items()}

    @property
    def kept(self) -> Mapping[str, Assigned | None]:
        """What to begin with another time, by model."""
        return {name: place.kept for name, place in self._places.items()}

    def held_by(self, workers: Iterable[int]) -> frozenset[str]:
        """Models that one of `workers` has a version of."""
        return frozenset().union(*(self._holding.get(worker, set()) for worker in workers))

    def want(self, model: str, assigned: Assigned | None) -> bool:
        """Serve `assigned` from now on; False where that was wanted already, and can be loaded."""
        place = self._places[model]
        same = place.since > 0 and place.wanted == assigned
        if same and place.rejected is None and not place.damaged:
            return False
        self._number += 1
        place.wanted, place.since = assigned, self._number
        place.rejected = place.held_back = None
        place.announced = place.damaged = False
        place.states.clear()
        return True

    def reject(self, model: str, reason: str) -> None:
        """A version that is wanted cannot even be assigned: its files are wrong."""
        said = reason.encode(errors="replace").decode()[:MOST_CHARACTERS]
        self._places[model].rejected = said  # as workers will say it again

    def once_more(self) -> bool:
        """Have what was not taken tried again; False where all was."""
        again = [
            place
            for place in self._places.values()
            if place.held_back is not None or self._refusal(place) is not None
        ]
        if again:
            self._number += 1
        for place in again:
            place.since, place.announced, place.held_back = self._number, False, None
            place.states.clear()
        return bool(again)

    def order(self, *, reachable: bool | None = None) -> Order:
        """All that a worker has to know."""
        wanted = [each.assigned for each in self._places.values() if each.assigned is not None]
        good = [place.good for place in self._places.values() if place.good is not None]
        said = {name: place.rejected or place.held_back for name, place in self._places.items()}
        refused = {name: reason for name, reason in said.items() if reason is not None}
        return Order(Assignment(self._number, tuple(wanted)), good, refused, reachable)

    def heard(self, worker: int, report: Report, workers: Sequence[int]) -> Change | None:
        """Take in what `worker` says of a model; returns what is new once all `workers` said it."""
        state = report.state
        if state is None:
            return None
        holding = self._holding.setdefault(worker, set())
        (holding.discard if state.version is None else holding.add)(state.model)
        if report.number < self._places[state.model].since:
            return None
        place = self._places[state.model]
        place.states[worker] = state
        return self._refused(place, state) or self._agreed(place, workers)

    def forget(self, worker: int) -> None:
        """A worker is gone."""
        self._holding.pop(worker, None)
        for place in self._places.values():
            place.states.pop(worker, None)

    def _refused(self, place: _Place, state: ServedState) -> NotTaken | Damaged | None:
        assigned = place.assigned
        known = (None, place.rejected, place.held_back)
        if assigned is None or place.wanted is None or state.refused in known:
            return None
        if assigned == place.good:
            place.damaged = True
            return Damaged(assigned, state.refused)
        if place.announced:
            return None
        place.announced = True
        if place.good is not None:
            self._hold_back(place, state.refused)
        return NotTaken(place.wanted, state.refused, place.good)

    def _hold_back(self, place: _Place, reason: str) -> None:
        """Else those workers that took it would serve another version than those that did not."""
        self._number += 1
        place.since, place.held_back = self._number, reason
        place.states.clear()

    def _agreed(self, place: _Place, workers: Sequence[int]) -> Change | None:
        wanted, before = place.wanted, place.good
        if place.announced or wanted == before or self._refusal(place) is not None:
            return None
        version = None if wanted is None else wanted.version
        if any(w not in place.states or place.states[w].version != version for w in workers):
            return None
        place.announced, place.good = True, wanted
        if wanted is not None:
            return Swapped(wanted, before)
        return None if before is None else Emptied(before)

    def _refusal(self, place: _Place) -> str | None:
        found = [state.refused for state in place.states.values()]
        known = (None, place.rejected, place.held_back)
        return next((reason for reason in found if reason not in known), None)
