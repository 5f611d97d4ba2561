"""What a search says about its trials: asked for, reported, ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

State = Literal["complete", "pruned", "failed"]
Origin = Literal["champion", "declared", "sampled"]


@dataclass(frozen=True)
class Asked:
    """A trial to run: all parameters that the estimator gets, searched and fixed ones.

    `number`: from 0, in the order of asking, never used twice in a study. `origin`: whose
    parameters they are.
    """

    number: int
    estimator: str
    params: Mapping[str, Any]
    origin: Origin = "sampled"


@dataclass(frozen=True)
class Outcome:
    """What came of a trial.

    `value`: the deciding metric on the checked rows, mean over the folds; complete trials only.
    `metrics`: it and the other declared ones. `folds`: the deciding metric of each fold that was
    gone through; empty without cross-validation. `curve`: the estimator's own metric on the
    checked rows, a value a round; empty where there are no rounds, or several folds.
    `reason`: in words, why it failed or where it was pruned.
    """

    state: State
    value: float | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    folds: tuple[float, ...] = ()
    curve: tuple[float, ...] = ()
    curve_metric: str = ""
    best_round: int | None = None
    seconds: float = 0.0
    reason: str = ""


@dataclass(frozen=True)
class Ended:
    """A trial with what came of it."""

    asked: Asked
    outcome: Outcome


@dataclass(frozen=True)
class Tally:
    """How far a search is: `wanted` trials in all; no `left_seconds` before there is a guess."""

    wanted: int
    complete: int = 0
    pruned: int = 0
    failed: int = 0
    running: int = 0
    best: Ended | None = None
    left_seconds: float | None = None

    @property
    def ended(self) -> int:
        """How many trials are over, whatever came of them."""
        return self.complete + self.pruned + self.failed
