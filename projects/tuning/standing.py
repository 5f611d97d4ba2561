"""How a search stands: which of its trials are over, which is the best, and what went wrong."""

from __future__ import annotations

from dataclasses import dataclass, field

from podium.errors import PodiumError
from projects.tuning.trials import Ended, Tally

_FAILURES_TO_GIVE_UP = 10


@dataclass
class Standing:
    """The ended trials of a search of `wanted` trials. `before`: those from before a resume."""

    wanted: int
    minimize: bool
    before: tuple[Ended, ...] = ()
    new: list[Ended] = field(default_factory=list)

    @property
    def ended(self) -> list[Ended]:
        """All of them, by their numbers."""
        return sorted((*self.before, *self.new), key=lambda each: each.asked.number)

    @property
    def best(self) -> Ended | None:
        """The complete trial of the best value; of equal ones the first."""
        sign = 1.0 if self.minimize else -1.0
        valued = [(sign * v, e) for e in self.ended if (v := e.outcome.value) is not None]
        return min(valued, key=lambda pair: pair[0])[1] if valued else None

    @property
    def is_hopeless(self) -> bool:
        """Whether the first ten have failed, and nothing but failures is to be expected."""
        failed = all(each.outcome.state == "failed" for each in self.new)
        return failed and len(self.new) >= _FAILURES_TO_GIVE_UP and self.best is None

    def tally(self, running: int, seconds: float, left_seconds: float | None) -> Tally:
        """How far it is after `seconds`, with `running` trials; `left_seconds` is the limit."""
        states = [each.outcome.state for each in (*self.before, *self.new)]
        complete, pruned, failed = (states.count(s) for s in ("complete", "pruned", "failed"))
        left = self._guess(seconds, left_seconds)
        return Tally(self.wanted, complete, pruned, failed, running, self.best, left)

    def problem(self) -> PodiumError:
        """Why there is no best trial, where there is none."""
        ended = self.ended
        failed = [each for each in ended if each.outcome.state == "failed"]
        if not ended:
            return PodiumError("No trial was begun in the time given.", remedy="Give more time.")
        if not failed:
            return PodiumError(f"No trial was completed; {len(ended)} were pruned.")
        first = failed[0]
        which = f"trial {first.asked.number}, of {first.asked.estimator}"
        many = "All" if len(failed) == len(ended) else "No trial was completed;"
        return PodiumError(
            f"{many} {len(failed)} trials failed. The first, {which}: {first.outcome.reason}"
        )

    def _guess(self, seconds: float, limit: float | None) -> float | None:
        """Seconds that are left, as fast as it has gone; None before a trial has ended."""
        if not self.new:
            return None
        more = max(0, self.wanted - len(self.before) - len(self.new))
        left = seconds / len(self.new) * more
        return left if limit is None else min(left, max(0.0, limit - seconds))
