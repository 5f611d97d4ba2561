"""What a worker process and the process that leads the search say to each other.

Besides these: `Asked` and the answers to reports (whether to stop) one way, `Outcome` the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from projects.tuning.trials import Outcome


class Runs(Protocol):
    """What runs trials in a worker."""

    def run(
        self, estimator: str, params: Mapping[str, Any], stop: Callable[[int, float], bool]
    ) -> Outcome:
        """Run a trial. `stop(step, value)` reports a value, and is true where it shall end."""


@dataclass(frozen=True)
class Load:
    """To a worker: where what it trains on is."""

    folder: Path


@dataclass(frozen=True)
class Loaded:
    """From a worker: it can run trials."""


@dataclass(frozen=True)
class Unusable:
    """From a worker: it cannot load what it shall train on, nor could any other."""

    reason: str


@dataclass(frozen=True)
class Report:
    """From a worker within a trial: how far it is. It waits for the answer."""

    step: int
    value: float
