"""What the trials of a search are fitted on and judged by, ready for their processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib

from podium.errors import DataError
from podium.spec import Project
from podium.spec.parts import Label
from projects.training.estimators import ESTIMATORS, EstimatorKind
from projects.training.history import Rows
from projects.training.matrices import matrices_of
from projects.training.table import Table
from projects.tuning.folds import Fold

_FILE = "prepared.joblib"


@dataclass(frozen=True)
class PreparedFold:
    """Matrices of one fold: rows to learn from, and rows to be judged on."""

    train: Rows
    check: Rows


@dataclass(frozen=True)
class Prepared:
    """The folds' rows as estimators take them; of the table's other rows, nothing.

    `layouts`: the folds by `EstimatorKind.dense_codes`; only those that the estimators take.
    """

    project: Project
    labels: tuple[Label, ...]
    seed: int
    layouts: Mapping[bool, tuple[PreparedFold, ...]]

    def folds(self, estimator: str) -> tuple[PreparedFold, ...]:
        """The folds as `estimator`, one of the project's, takes them."""
        return self.layouts[ESTIMATORS[estimator].dense_codes]

    def save(self, folder: Path) -> None:
        """Write into `folder`, for `load`."""
        joblib.dump(self, folder / _FILE)

    @classmethod
    def load(cls, folder: Path, mmap: bool = True) -> Prepared:
        """Read what `save` wrote; with `mmap`, matrices stay in the file and are read-only, so
        that processes share them. Only of a folder in which nobody else can write: it is a pickle.
        """
        loaded: Any = joblib.load(folder / _FILE, mmap_mode="r" if mmap else None)
        if not isinstance(loaded, cls):
            raise DataError(f"{folder / _FILE} holds something else than prepared rows.")
        return loaded


def prepare(project: Project, table: Table, folds: Sequence[Fold], seed: int) -> Prepared:
    """Make the matrices of each fold that the project's estimators need.

    Preprocessing is fitted on each fold's rows to learn from, as `fit` does. Raises DataError,
    with the fold where there are several, where these hold nothing to learn by.
    """
    kinds = {kind.dense_codes: kind for kind in (ESTIMATORS[name] for name in project.estimator)}
    layouts = {
        dense: tuple(
            _prepared(project, table, kind, folds, place, seed) for place in range(len(folds))
        )
        for dense, kind in kinds.items()
    }
    return Prepared(project, table.target.labels, seed, layouts)


def _prepared(
    project: Project,
    table: Table,
    kind: EstimatorKind,
    folds: Sequence[Fold],
    place: int,
    seed: int,
) -> PreparedFold:
    fold = folds[place]
    try:
        made = matrices_of(project, table, kind, fold.train, fold.check, seed)
    except DataError as error:
        if len(folds) == 1:
            raise
        where = f"Fold {place + 1} of {len(folds)}: {error.what}"
        raise DataError(where, remedy=f"{error.remedy} Or use fewer folds.".strip()) from error
    return PreparedFold(made.train, made.check)
