"""What a search found, whichever engine ran it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from podium.evaluation import Metric
from projects.tuning.trials import Ended

if TYPE_CHECKING:
    from optuna import Study


@dataclass(frozen=True)
class Found:
    """All trials of a search that are over, and the best of them.

    `ended_by`: trials, timeout or stopper. `study`: the trials as Optuna has them.
    """

    trials: tuple[Ended, ...]
    best: Ended
    metric: Metric
    ended_by: str
    study: Study
