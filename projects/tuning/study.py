"""The study that a search asks and tells: Optuna's, in memory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import optuna
from optuna import Study
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler
from optuna.storages import InMemoryStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial

from projects.tuning.stored import number_of, quietly

_NAME = "podium"  # always the same: by it, Hyperband chooses how much it spends on a trial


def new_study(
    direction: Literal["maximize", "minimize"],
    sampler: BaseSampler,
    pruner: BasePruner,
    trials: Iterable[FrozenTrial] = (),
) -> Study:
    """A study in memory, with the ended `trials` of an earlier part of the search."""
    storage = InMemoryStorage()
    with quietly():
        study_id = storage.create_new_study([StudyDirection[direction.upper()]], _NAME)
    for trial in sorted(trials, key=number_of):
        # Not Study.add_trial: it refuses values outside their range, which a champion's may be.
        storage.create_new_trial(study_id, trial)
    return optuna.load_study(study_name=_NAME, storage=storage, sampler=sampler, pruner=pruner)
